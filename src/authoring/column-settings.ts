import type { ColumnAttrs } from '../kinds/columns.js'
import { sortedOptions, type ForeignOptions } from '../kinds/foreign-options.js'

/** Settings of a column that have no method of their own. */
export interface ColumnSettings {
  readonly storage?: 'plain' | 'external' | 'extended' | 'main'
  readonly compression?: 'pglz' | 'lz4'
  /** Statistics target. */
  readonly statistics?: number
  readonly n_distinct?: number
  readonly n_distinct_inherited?: number
  /** What the wrapper of a foreign table wants to know about the column. */
  readonly foreign?: ForeignOptions
}

/** The attributes that settings stand for. */
export function settingsAttrs({
  storage,
  compression,
  statistics,
  foreign,
  ...rest
}: ColumnSettings): Pick<ColumnAttrs, 'storage' | 'compression' | 'statistics' | 'options' | 'foreignOptions'> {
  const foreignOptions = sortedOptions(foreign)
  const options = Object.fromEntries(Object.entries(rest).sort().map(([name, value]) => [name, String(value)]))
  return {
    ...(storage && { storage }),
    ...(compression && { compression }),
    ...(statistics !== undefined && { statistics }),
    ...(Object.keys(options).length > 0 && { options }),
    ...(foreignOptions && { foreignOptions }),
  }
}
