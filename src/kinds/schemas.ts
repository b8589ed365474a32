import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES } from './kind.js'

export type SchemaNamespace = SchemaObject<{ readonly name: string }, Record<string, never>>

export function schemaObject(name: string): SchemaNamespace {
  return { kind: 'schema', ref: refOf('schema', name), parent: null, id: { name }, attrs: {} }
}

/** Namespaces. The one named `public` exists in every new database and is an object like the others. */
export const schemas = defineKind<SchemaNamespace>({
  kind: 'schema',
  phase: PHASES.schema,
  catalog: 'pg_namespace',
  schemaOf: ({ id }) => id.name,
  initial: [schemaObject('public')],
  catalogQuery: () => `
    SELECT n.oid, 0, n.nspname
    FROM pg_namespace n
    WHERE (n.oid >= 16384 OR n.nspname = 'public') AND n.nspname !~ '^pg_(toast_)?temp_'
      AND NOT ${isMember('pg_namespace', 'n.oid')}`,
  fromRow: ([, , name]) => ({ object: schemaObject(name as string) }),
  create: ({ id }) => [statement(`CREATE SCHEMA ${quoteIdent(id.name)}`)],
  drop: ({ id }) => [statement(`DROP SCHEMA ${quoteIdent(id.name)}`)],
  alter: () => ({ statements: [] }),
  rename: (from, to) => [statement(`ALTER SCHEMA ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: ({ id }) => `SCHEMA ${quoteIdent(id.name)}`,
  hazards: goneFromCode,
  print: ({ id }, printer) => ({ place: 'export', code: `${printer.use('schema')}(${printer.string(id.name)})`, variable: id.name }),
})
