import { attachedRef, refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/** The index in whose order CLUSTER puts a table's rows. */
export type Cluster = SchemaObject<QualifiedName, { readonly index: string }>

export function clusterObject(id: QualifiedName, table: Ref, index: string): Cluster {
  return { kind: 'cluster', ref: attachedRef('cluster', table), parent: table, id, attrs: { index } }
}

/** The orders in which CLUSTER puts the rows of tables and materialized views. */
export const clusters: Kind = defineKind<Cluster>({
  kind: 'cluster',
  phase: PHASES.indexAttachment,
  catalog: 'pg_index.indisclustered',
  catalogQuery: () => `
    SELECT i.indrelid, 0, x.relname
    FROM pg_index i
    JOIN pg_class x ON x.oid = i.indexrelid
    WHERE i.indisclustered AND i.indexrelid >= 16384
    ORDER BY 1`,
  fromRow: ([relation, , index], context) => {
    const table = context.objectAt('pg_class', relation as number)
    return table ? { object: clusterObject(table.id as QualifiedName, table.ref, index as string) } : null
  },
  dependencies: ({ id, attrs }) => [
    { to: refOf('index', id.schema, attrs.index), auto: true },
    { to: refOf('constraint', id.schema, id.name, attrs.index), auto: true },
  ],
  create: ({ parent, id, attrs }) => [statement(`${alterRelation(parent!, id)} CLUSTER ON ${quoteIdent(attrs.index)}`)],
  drop: ({ parent, id }) => [statement(`${alterRelation(parent!, id)} SET WITHOUT CLUSTER`)],
  alter: ({ parent, id }, to) => ({ statements: [statement(`${alterRelation(parent!, id)} CLUSTER ON ${quoteIdent(to.attrs.index)}`)] }),
  address: () => null,
  // The code of the index says it.
  print: () => ({ place: 'none', code: '' }),
})

function alterRelation(relation: Ref, { schema, name }: QualifiedName): string {
  return `ALTER ${relation.startsWith('materialized_view:') ? 'MATERIALIZED VIEW' : 'TABLE'} ${qualified(schema, name)}`
}
