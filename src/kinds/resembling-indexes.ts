import { refOf } from '../model/object-ref.js'
import type { Dependency } from '../model/schema-object.js'

/**
 * Indexes of partitions that are no part of an index above, each with the names of those beside it that are one and look like it:
 * ATTACH PARTITION, or a new index above, would take the one for the other.
 */
export const RESEMBLING_INDEXES = `
      SELECT o.indexrelid, array_agg(x.relname::text ORDER BY x.relname) AS names
      FROM pg_class x
      JOIN pg_index a ON a.indexrelid = x.oid
      JOIN pg_index o ON o.indrelid = a.indrelid AND o.indkey::text = a.indkey::text AND o.indisunique = a.indisunique
      JOIN pg_class y ON y.oid = o.indexrelid AND NOT y.relispartition
      WHERE x.relispartition AND x.relkind IN ('i', 'I')
      GROUP BY 1`

/** Such an index comes after the others have their places. */
export function resembledDependencies(schema: string, names: readonly string[] | null | undefined): Omit<Dependency, 'from'>[] {
  return (names ?? []).map((name) => ({ to: refOf('index_partition', schema, name), auto: false, createOnly: true, inTheWay: true }))
}
