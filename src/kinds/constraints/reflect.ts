import type { Row, ServerVersion } from '../../database/database.js'
import { refOf } from '../../model/object-ref.js'
import type { QualifiedName, RelationPart } from '../../model/schema-object.js'
import type { Reflected, ReflectContext } from '../kind.js'
import { readOptions } from '../query-columns.js'
import { RESEMBLING_INDEXES, resembledDependencies } from '../resembling-indexes.js'
import { constraintObject, type Constraint, type ConstraintAttrs, type ConstraintType, type ReferentialAction } from './attributes.js'

/** What the catalogs say about a constraint only when it is not PostgreSQL's default. */
interface Extras {
  readonly deferrable: boolean
  readonly deferred: boolean
  readonly valid: boolean
  readonly enforced: boolean
  readonly match: string
  readonly update: string
  readonly delete: string
  readonly set: number[] | null
  readonly period: boolean
  readonly noInherit: boolean
  readonly local: boolean
  readonly partition: boolean
  /** Columns of its index by number, those of the key first. */
  readonly index: number[] | null
  readonly nullsNotDistinct: boolean | null
  readonly options: string[] | null
  readonly space: string | null
  readonly invalid: boolean
  /** Partitions of its table, for an index that is created without theirs. */
  readonly partitions: number[] | null
  /** It stands for a constraint of the partitioned table above. */
  readonly parent: RelationPart | null
  /** Checks of parents that it comes from. */
  readonly parents: RelationPart[] | null
  /** Whether PostgreSQL made some constraint of a partition for it; null when there are no partitions. */
  readonly clones: boolean | null
  readonly attached: boolean | null
  /** Names of attached indexes that it looks like. */
  readonly resembled: string[] | null
}

const TYPES: Readonly<Record<string, ConstraintType>> = { p: 'primary_key', u: 'unique', x: 'exclude', c: 'check', f: 'foreign_key' }
const ACTIONS: Readonly<Record<string, ReferentialAction>> = { r: 'restrict', c: 'cascade', n: 'set null', d: 'set default' }

export function constraintQuery({ major }: ServerVersion): string {
  const since = (version: number, expression: string, otherwise: string) => (major >= version ? expression : otherwise)
  const enforced = since(18, 'c.conenforced', 'true')
  const period = since(18, 'c.conperiod', 'false')
  const nullsNotDistinct = since(15, 'i.indnullsnotdistinct', 'false')
  return `
    SELECT c.oid, 0, c.conrelid, c.conname, c.contype, c.conkey, c.confrelid, c.confkey, x.oid,
      CASE c.contype WHEN 'c' THEN pg_get_expr(c.conbin, c.conrelid) WHEN 'x' THEN pg_get_constraintdef(c.oid) END,
      CASE WHEN c.condeferrable OR NOT c.convalidated OR c.coninhcount > 0 OR ${period} OR r.relispartition OR r.relkind = 'p'
          OR c.contype = 'c' AND c.connoinherit
          OR c.contype = 'f' AND (c.confmatchtype <> 's' OR c.confupdtype <> 'a' OR c.confdeltype <> 'a')
          OR x.reloptions IS NOT NULL OR x.reltablespace <> 0 OR i.indnatts <> i.indnkeyatts OR ${nullsNotDistinct}
        THEN json_build_object(
          'deferrable', c.condeferrable, 'deferred', c.condeferred, 'valid', c.convalidated, 'enforced', ${enforced},
          'match', c.confmatchtype, 'update', c.confupdtype, 'delete', c.confdeltype, 'set', ${since(15, 'c.confdelsetcols', 'NULL')},
          'period', ${period}, 'noInherit', c.connoinherit, 'local', c.conislocal, 'partition', r.relispartition,
          'index', CASE WHEN i.indnatts <> i.indnkeyatts THEN i.indkey::int2[] END, 'nullsNotDistinct', ${nullsNotDistinct},
          'options', x.reloptions, 'space', s.spcname, 'invalid', x.relkind = 'I' AND NOT i.indisvalid,
          'partitions', CASE WHEN x.relkind = 'I' AND (NOT i.indisvalid OR NOT k.clones) THEN (SELECT array_agg(h.inhrelid::int8) FROM pg_inherits h WHERE h.inhparent = c.conrelid) END,
          'parent', CASE WHEN p.oid IS NOT NULL THEN json_build_object('schema', pn.nspname, 'table', pr.relname, 'name', p.conname) END,
          'parents', h.parents, 'clones', k.clones, 'attached', x.relispartition, 'resembled', like_.names) END,
      m.members
    FROM pg_constraint c
    JOIN pg_class r ON r.oid = c.conrelid AND r.relkind IN ('r', 'p', 'f') AND r.relpersistence <> 't'
    LEFT JOIN pg_class x ON x.oid = c.conindid AND c.contype IN ('p', 'u', 'x')
    LEFT JOIN pg_index i ON i.indexrelid = x.oid
    LEFT JOIN pg_tablespace s ON s.oid = x.reltablespace
    LEFT JOIN pg_constraint p ON p.oid = c.conparentid AND c.conparentid <> 0
    LEFT JOIN pg_class pr ON pr.oid = p.conrelid
    LEFT JOIN pg_namespace pn ON pn.oid = pr.relnamespace
    LEFT JOIN (
      SELECT conparentid, bool_or(NOT connoinherit) AS clones FROM pg_constraint WHERE conparentid <> 0 AND contype IN ('p', 'u', 'x') GROUP BY 1
    ) k ON k.conparentid = c.oid
    LEFT JOIN (
      SELECT i.inhrelid, q.conname, json_agg(json_build_object('schema', n.nspname, 'table', t.relname, 'name', q.conname) ORDER BY i.inhseqno) AS parents
      FROM pg_inherits i
      JOIN pg_constraint q ON q.conrelid = i.inhparent AND q.contype = 'c' AND NOT q.connoinherit
      JOIN pg_class t ON t.oid = i.inhparent
      JOIN pg_namespace n ON n.oid = t.relnamespace
      GROUP BY 1, 2
    ) h ON c.contype = 'c' AND c.coninhcount > 0 AND h.inhrelid = c.conrelid AND h.conname = c.conname
    LEFT JOIN (
      WITH RECURSIVE member AS (
        SELECT q.oid, t.oid AS top, q.conrelid
        FROM pg_constraint q
        JOIN pg_constraint t ON t.oid = q.conparentid AND t.conrelid = q.conrelid
        LEFT JOIN pg_constraint u ON u.oid = t.conparentid AND u.conrelid = t.conrelid
        WHERE q.conparentid <> 0 AND u.oid IS NULL
        UNION ALL
        SELECT q.oid, member.top, q.conrelid FROM member JOIN pg_constraint q ON q.conparentid = member.oid AND q.conrelid = member.conrelid
      )
      SELECT top, array_agg(oid) AS members FROM member GROUP BY 1
    ) m ON m.top = c.oid AND c.conparentid = 0
    LEFT JOIN (${RESEMBLING_INDEXES}) like_ ON like_.indexrelid = x.oid
    WHERE c.oid >= 16384 AND c.contype IN ('p', 'u', 'x', 'c', 'f') AND (p.oid IS NULL OR p.conrelid <> c.conrelid)
    ORDER BY c.conrelid, c.conname`
}

export function constraintFromRow(row: Row, context: ReflectContext): Reflected<Constraint> | null {
  const [, , relation, name, letter, key, foreignRelation, foreignKey, index, text, extras, members] = row as [
    number, number, number, string, string, number[] | null, number, number[] | null, number | null, string | null, Extras | null, number[] | null,
  ]
  const table = context.objectAt('pg_class', relation)?.id as QualifiedName | undefined
  const foreign = letter === 'f' ? (context.objectAt('pg_class', foreignRelation)?.id as QualifiedName | undefined) : undefined
  if (!table || (letter === 'f' && !foreign)) return null
  const names = (of: number, numbers: readonly number[]) => numbers.map((number) => context.columnName(of, number))
  const type = TYPES[letter]!
  const columns = type === 'check' || type === 'exclude' ? undefined : names(relation, key!)
  const attrs: ConstraintAttrs = {
    type,
    ...(columns && { columns }),
    ...(extras?.index && type !== 'exclude' && { include: names(relation, extras.index.slice(columns!.length)) }),
    ...(type === 'exclude' && { definition: text!.replace(/( DEFERRABLE)?( INITIALLY DEFERRED)?$/, '') }),
    ...(type === 'check' && { expression: text! }),
    ...(foreign && { references: { schema: foreign.schema, name: foreign.name, columns: names(foreignRelation, foreignKey!) } }),
    ...(extras && extraAttrs(type, extras, (numbers) => names(relation, numbers))),
  }
  const object: Constraint = {
    ...constraintObject({ schema: table.schema, table: table.name, name }, attrs),
    ...(extras?.clones === false || extras?.invalid ? { only: true } : {}),
    ...(extras?.partition ? { ofPartition: true } : {}),
    ...(extras?.attached ? { attached: true } : {}),
    ...(attrs.cloned && type === 'exclude' ? { over: (key ?? []).map((number) => (number === 0 ? 'expr' : context.columnName(relation, number))) } : {}),
    ...(extras?.resembled ? { late: true } : {}),
  }
  return {
    object,
    aliases: [
      ...(index === null ? [] : [['pg_class', index] as const]),
      // What a foreign key needs of each partition of the table it refers to.
      ...(members ?? []).map((member) => ['pg_constraint', member] as const),
    ],
    dependencies: [
      ...resembledDependencies(table.schema, extras?.resembled),
      // PostgreSQL makes it along with that of the table above, unless it is there already.
      ...(attrs.cloned ? [{ to: refOf('constraint', extras!.parent!.schema, extras!.parent!.table, extras!.parent!.name), auto: false, createOnly: true as const }] : []),
      ...(extras?.partitions ?? []).flatMap((partition) => {
        const attached = context.objectAt('pg_class', partition)?.id as QualifiedName | undefined
        return attached ? [{ to: refOf('partition', attached.schema, attached.name), auto: false, createOnly: true as const }] : []
      }),
    ],
  }
}

function extraAttrs(type: ConstraintType, extras: Extras, names: (numbers: readonly number[]) => string[]): Partial<ConstraintAttrs> {
  const parameters = type === 'exclude' ? undefined : readOptions(extras.options)
  const parents = type === 'foreign_key' ? (extras.parent ? [extras.parent] : null) : extras.parents
  return {
    ...(type === 'foreign_key' && extras.match !== 's' && { match: extras.match === 'f' ? ('full' as const) : ('partial' as const) }),
    ...(ACTIONS[extras.update] && { onUpdate: ACTIONS[extras.update]! }),
    ...(ACTIONS[extras.delete] && { onDelete: ACTIONS[extras.delete]! }),
    ...(extras.set && { setColumns: names(extras.set) }),
    ...(extras.period && { period: true }),
    ...(extras.nullsNotDistinct && { nullsNotDistinct: true }),
    ...(type === 'check' && extras.noInherit && { noInherit: true }),
    ...(extras.deferrable && { deferrable: true }),
    ...(extras.deferred && { initiallyDeferred: true }),
    ...(!extras.valid && extras.enforced && { notValid: true }),
    ...(!extras.enforced && { notEnforced: true }),
    ...(parameters && { with: parameters }),
    ...(extras.space && { tablespace: extras.space }),
    ...(extras.invalid && { invalid: true }),
    ...(type !== 'foreign_key' && extras.parent && !extras.noInherit && { cloned: true }),
    ...(parents && { inheritsFrom: parents }),
    ...(parents && extras.local && { local: true }),
  }
}
