import { shellTypeObject, type ShellTypeObject } from '../authoring/base-type.js'
import { NamedObject } from '../authoring/declared-object.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { qualified } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/**
 * Shell types. Every base type begins as one: the functions that read and write it need it, and it needs them. What it is made of is
 * an object of its own, which comes after them.
 */
export const shellTypes: Kind = defineKind<ShellTypeObject>({
  kind: 'shell_type',
  phase: PHASES.type,
  catalog: 'pg_type',
  occupies: ({ id }) => [`type ${qualified(id.schema, id.name)}`],
  catalogQuery: () => `
    SELECT t.oid, 0, n.nspname, t.typname
    FROM pg_type t
    JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN pg_type e ON e.oid = t.typelem AND e.typarray = t.oid
    WHERE (t.typtype = 'b' AND e.oid IS NULL OR NOT t.typisdefined) AND t.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_type', 't.oid')}`,
  fromRow: ([, , schema, name]) => ({ object: shellTypeObject({ schema: schema as string, name: name as string }) }),
  create: ({ id }) => [statement(`CREATE TYPE ${qualified(id.schema, id.name)}`)],
  // Its functions cannot go before it, nor it before them.
  drop: ({ id }) => [statement(`DROP TYPE ${qualified(id.schema, id.name)} CASCADE`)],
  alter: () => ({ statements: [] }),
  rename: (from, to) => renameQualified('TYPE', from.id, to.id),
  address: ({ id }) => `TYPE ${qualified(id.schema, id.name)}`,
  print: ({ ref, id }, printer) => {
    const [defined] = printer.printed(ref, 'element')
    const code = defined?.code ?? `${printer.use('shellType')}(${printer.literal({ schema: id.schema, name: id.name })})`
    return { place: 'export', code, variable: id.name }
  },
})

/**
 * Declares a type of which nothing is known but its name; in `public` for a bare name. A base type brings its own.
 *
 * @example export const later = shellType('later')
 */
export function shellType(name: NameInput): NamedObject {
  const id = checkedQualifiedName('type', name)
  return new NamedObject(shellTypes, shellTypeObject(id), [], qualified(id.schema, id.name))
}
