import { attachedRef, refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { changesReplication } from './change-hazards.js'
import { defineKind, PHASES } from './kind.js'

export type ReplicaIdentityAttrs = { readonly mode: 'full' | 'nothing' } | { readonly index: string }

export type ReplicaIdentity = SchemaObject<QualifiedName, ReplicaIdentityAttrs>

export function replicaIdentityObject(id: QualifiedName, attrs: ReplicaIdentityAttrs): ReplicaIdentity {
  const table = refOf('table', id.schema, id.name)
  return { kind: 'replica_identity', ref: attachedRef('replica_identity', table), parent: table, id, attrs }
}

/** What logical replication knows a table's rows by, when it is not the primary key. */
export const replicaIdentities = defineKind<ReplicaIdentity>({
  kind: 'replica_identity',
  phase: PHASES.index + 0.6,
  catalog: 'pg_class.relreplident',
  catalogQuery: () => `
    SELECT c.oid, 0, c.relreplident, x.relname
    FROM pg_class c
    LEFT JOIN pg_index i ON c.relreplident = 'i' AND i.indrelid = c.oid AND i.indisreplident
    LEFT JOIN pg_class x ON x.oid = i.indexrelid
    WHERE c.relkind IN ('r', 'p') AND (c.relreplident IN ('f', 'n') OR x.oid IS NOT NULL) AND c.oid >= 16384`,
  fromRow: ([table, , mode, index], context) => {
    const object = context.objectAt('pg_class', table as number)
    if (!object) return null
    const attrs: ReplicaIdentityAttrs = index === null ? { mode: mode === 'f' ? 'full' : 'nothing' } : { index: index as string }
    return { object: replicaIdentityObject(object.id as QualifiedName, attrs) }
  },
  dependencies: ({ id, attrs }) =>
    'index' in attrs
      ? [
          { to: refOf('constraint', id.schema, id.name, attrs.index), auto: true },
          { to: refOf('index', id.schema, attrs.index), auto: true },
        ]
      : [],
  create: (object) => [statement(`ALTER TABLE ${qualified(object.id.schema, object.id.name)} REPLICA IDENTITY ${textOf(object.attrs)}`)],
  drop: ({ id }) => [statement(`ALTER TABLE ${qualified(id.schema, id.name)} REPLICA IDENTITY DEFAULT`)],
  // Without its index the table would have no replica identity at all, not the default one.
  dropsImplicitly: ({ parent }, dropped) => dropped(parent!),
  alter: (_from, to) => ({
    statements: [statement(`ALTER TABLE ${qualified(to.id.schema, to.id.name)} REPLICA IDENTITY ${textOf(to.attrs)}`)],
  }),
  address: () => null,
  hazards: changesReplication,
  print: ({ attrs }, printer) => ({
    place: 'suffix',
    code: `.replicaIdentity(${'index' in attrs ? printer.literal({ index: attrs.index }) : printer.string(attrs.mode)})`,
  }),
})

function textOf(attrs: ReplicaIdentityAttrs): string {
  return 'index' in attrs ? `USING INDEX ${quoteIdent(attrs.index)}` : attrs.mode.toUpperCase()
}
