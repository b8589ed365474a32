import type { ColumnAttrs } from '../kinds/columns.js'
import { declaredOptions, type ForeignOptionsInput, type SecretVariables } from '../kinds/foreign-options.js'

/** Settings of a column that have no method of their own. */
export interface ColumnSettings {
  readonly storage?: 'plain' | 'external' | 'extended' | 'main'
  readonly compression?: 'pglz' | 'lz4'
  /** Statistics target. */
  readonly statistics?: number
  readonly n_distinct?: number
  readonly n_distinct_inherited?: number
  /** What the wrapper of a foreign table wants to know about the column; keys and passwords as `secret('…')`. */
  readonly foreign?: ForeignOptionsInput
}

/** The attributes that settings stand for, and where the values of secrets come from. */
export function settingsAttrs({
  storage,
  compression,
  statistics,
  foreign,
  ...rest
}: ColumnSettings): { attrs: Pick<ColumnAttrs, 'storage' | 'compression' | 'statistics' | 'options' | 'foreign'>; variables?: SecretVariables } {
  const declared = foreign && declaredOptions('a column', foreign)
  const options = Object.fromEntries(Object.entries(rest).sort().map(([name, value]) => [name, String(value)]))
  const attrs = {
    ...(storage && { storage }),
    ...(compression && { compression }),
    ...(statistics !== undefined && { statistics }),
    ...(Object.keys(options).length > 0 && { options }),
    ...(declared && Object.keys(declared.attrs).length > 0 && { foreign: declared.attrs }),
  }
  return { attrs, ...(declared?.variables && { variables: declared.variables }) }
}
