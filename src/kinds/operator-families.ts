import { DeclaredObject } from '../authoring/declared-object.js'
import { checkedName } from '../authoring/checks.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type CatalogAddress, type Kind } from './kind.js'
import { droppedItems, memberItems, membersQuery, readMembers, type OperatorMembers } from './operator-members.js'

/** Families of different access methods may have one name. */
export interface MethodName extends QualifiedName {
  readonly method: string
}

/** Its members apart from those of its classes. */
export type OperatorFamilyObject = SchemaObject<MethodName, OperatorMembers>

export function operatorFamilyObject(id: MethodName, { operators, functions }: OperatorMembers): OperatorFamilyObject {
  return {
    kind: 'operator_family',
    ref: refOf('operator_family', id.schema, { signature: `${quoteIdent(id.name)} USING ${quoteIdent(id.method)}` }),
    parent: null,
    id,
    attrs: { ...(operators?.length && { operators }), ...(functions?.length && { functions }) },
  }
}

/** Operator families, also those that PostgreSQL makes for a class without one. */
export const operatorFamilies: Kind = defineKind<OperatorFamilyObject>({
  kind: 'operator_family',
  phase: PHASES.operator + 1,
  catalog: 'pg_opfamily',
  catalogQuery: () => `
    SELECT f.oid, 0, n.nspname, f.opfname, am.amname, m.operators, m.functions, m.operator_rows, m.function_rows
    FROM pg_opfamily f
    JOIN pg_namespace n ON n.oid = f.opfnamespace
    JOIN pg_am am ON am.oid = f.opfmethod
    LEFT JOIN (${membersQuery('pg_opfamily')}) m ON m.owner = f.oid
    WHERE f.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_opfamily', 'f.oid')}`,
  fromRow: ([, , schema, name, method, operators, functions, operatorRows, functionRows]) => ({
    object: operatorFamilyObject({ schema: schema as string, name: name as string, method: method as string }, readMembers(operators, functions)),
    aliases: [
      ...((operatorRows as number[] | null) ?? []).map((oid): CatalogAddress => ['pg_amop', oid]),
      ...((functionRows as number[] | null) ?? []).map((oid): CatalogAddress => ['pg_amproc', oid]),
    ],
  }),
  create: (object) => {
    const items = memberItems(object.attrs)
    const create = statement(`CREATE OPERATOR FAMILY ${nameOf(object)}`)
    return items.length === 0 ? [create] : [create, statement(`ALTER OPERATOR FAMILY ${nameOf(object)} ADD\n  ${items.join(',\n  ')}`)]
  },
  drop: (object) => [statement(`DROP OPERATOR FAMILY ${nameOf(object)}`)],
  alter: (from, to) => {
    const dropped = droppedItems(without(from.attrs, to.attrs))
    const added = memberItems(without(to.attrs, from.attrs))
    return {
      statements: [
        ...(dropped.length > 0 ? [statement(`ALTER OPERATOR FAMILY ${nameOf(to)} DROP\n  ${dropped.join(',\n  ')}`)] : []),
        ...(added.length > 0 ? [statement(`ALTER OPERATOR FAMILY ${nameOf(to)} ADD\n  ${added.join(',\n  ')}`)] : []),
      ],
    }
  },
  address: (object) => `OPERATOR FAMILY ${nameOf(object)}`,
  print: ({ id, attrs }, printer) => {
    const members = Object.keys(attrs).length > 0 ? `, ${printer.literal(attrs)}` : ''
    return {
      place: 'export',
      code: `${printer.use('operatorFamily')}(${printer.literal({ schema: id.schema, name: id.name })}, ${printer.string(id.method)}${members})`,
      variable: `${id.name}_family`,
    }
  },
})

/** The members of one that the other does not have. */
function without(some: OperatorMembers, others: OperatorMembers): OperatorMembers {
  const missing = <T>(list: readonly T[] = [], other: readonly T[] = []) => {
    const known = new Set(other.map((member) => JSON.stringify(member)))
    return list.filter((member) => !known.has(JSON.stringify(member)))
  }
  return { operators: missing(some.operators, others.operators), functions: missing(some.functions, others.functions) }
}

function nameOf({ id }: OperatorFamilyObject): string {
  return `${qualified(id.schema, id.name)} USING ${quoteIdent(id.method)}`
}

/**
 * Declares an operator family of an access method; in `public` for a bare name. Members that belong to a class are declared there.
 *
 * @example
 * export const lengths = operatorFamily('lengths', 'btree', {
 *   operators: [{ number: 1, operator: 'app.<(app.metres, app.feet)' }],
 *   functions: [{ number: 1, function: 'app.compare(app.metres, app.feet)', types: ['app.metres', 'app.feet'] }],
 * })
 */
export function operatorFamily(name: NameInput, method: string, members: OperatorMembers = {}): DeclaredObject {
  const id = { ...checkedQualifiedName('operator family', name), method: checkedName('access method', method) }
  return new DeclaredObject(operatorFamilies, operatorFamilyObject(id, members))
}
