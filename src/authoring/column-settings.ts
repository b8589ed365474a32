import type { ColumnAttrs } from '../kinds/columns.js'

/** Settings of a column that have no method of their own. */
export interface ColumnSettings {
  readonly storage?: 'plain' | 'external' | 'extended' | 'main'
  readonly compression?: 'pglz' | 'lz4'
  /** Statistics target. */
  readonly statistics?: number
  readonly n_distinct?: number
  readonly n_distinct_inherited?: number
}

/** The attributes that settings stand for. */
export function settingsAttrs({ storage, compression, statistics, ...rest }: ColumnSettings): Pick<ColumnAttrs, 'storage' | 'compression' | 'statistics' | 'options'> {
  const options = Object.fromEntries(Object.entries(rest).sort().map(([name, value]) => [name, String(value)]))
  return {
    ...(storage && { storage }),
    ...(compression && { compression }),
    ...(statistics !== undefined && { statistics }),
    ...(Object.keys(options).length > 0 && { options }),
  }
}
