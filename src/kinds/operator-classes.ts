import { checkedName } from '../authoring/checks.js'
import { DeclaredObject } from '../authoring/declared-object.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type CatalogAddress, type Kind } from './kind.js'
import { memberItems, membersQuery, readMembers, type OperatorMembers } from './operator-members.js'
import { typeCode } from './type-printing.js'

export interface OperatorClassName extends QualifiedName {
  readonly method: string
}

export interface OperatorClassAttributes extends OperatorMembers {
  /** As SQL writes it. */
  readonly type: string
  readonly default?: true
  /** Where it is not the one of the same name. */
  readonly family?: QualifiedName
  readonly storage?: string
}

export type OperatorClassObject = SchemaObject<OperatorClassName, OperatorClassAttributes>

export function operatorClassObject(id: OperatorClassName, attributes: OperatorClassAttributes): OperatorClassObject {
  const { type, family, storage, operators, functions } = attributes
  return {
    kind: 'operator_class',
    ref: refOf('operator_class', id.schema, { signature: `${quoteIdent(id.name)} USING ${quoteIdent(id.method)}` }),
    parent: null,
    id,
    attrs: {
      type,
      ...(attributes.default && { default: true }),
      ...(family && (family.schema !== id.schema || family.name !== id.name) && { family: { schema: family.schema, name: family.name } }),
      ...(storage && { storage }),
      ...(operators?.length && { operators }),
      ...(functions?.length && { functions }),
    },
  }
}

/** Operator classes with the members that belong to them; further ones belong to their family. */
export const operatorClasses: Kind = defineKind<OperatorClassObject>({
  kind: 'operator_class',
  phase: PHASES.operator + 2,
  catalog: 'pg_opclass',
  catalogQuery: () => `
    SELECT c.oid, 0, n.nspname, c.opcname, am.amname, format_type(c.opcintype, NULL), c.opcdefault, fn.nspname, f.opfname,
           CASE WHEN c.opckeytype NOT IN (0, c.opcintype) THEN format_type(c.opckeytype, NULL) END,
           m.operators, m.functions, m.operator_rows, m.function_rows
    FROM pg_opclass c
    JOIN pg_namespace n ON n.oid = c.opcnamespace
    JOIN pg_am am ON am.oid = c.opcmethod
    JOIN pg_opfamily f ON f.oid = c.opcfamily
    JOIN pg_namespace fn ON fn.oid = f.opfnamespace
    LEFT JOIN (${membersQuery('pg_opclass')}) m ON m.owner = c.oid
    WHERE c.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_opclass', 'c.oid')}`,
  fromRow: (row) => {
    const [, , schema, name, method, type, isDefault, familySchema, family, storage, operators, functions, operatorRows, functionRows] = row as [
      number, number, string, string, string, string, boolean, string, string, string | null, unknown, unknown, number[] | null, number[] | null,
    ]
    return {
      object: operatorClassObject(
        { schema, name, method },
        {
          type,
          ...(isDefault && { default: true }),
          family: { schema: familySchema, name: family },
          ...(storage && { storage }),
          ...readMembers(operators, functions),
        },
      ),
      aliases: [
        ...(operatorRows ?? []).map((oid): CatalogAddress => ['pg_amop', oid]),
        ...(functionRows ?? []).map((oid): CatalogAddress => ['pg_amproc', oid]),
      ],
    }
  },
  dependencies: ({ id, attrs: { family = id } }) => [
    { to: refOf('operator_family', family.schema, { signature: `${quoteIdent(family.name)} USING ${quoteIdent(id.method)}` }), auto: true },
  ],
  create: ({ id, attrs }) => {
    const family = attrs.family ? ` FAMILY ${qualified(attrs.family.schema, attrs.family.name)}` : ''
    const items = [...memberItems(attrs), ...(attrs.storage ? [`STORAGE ${attrs.storage}`] : [])]
    // The grammar wants at least one item; the type itself as storage says nothing.
    const list = items.length > 0 ? items : [`STORAGE ${attrs.type}`]
    const head = `CREATE OPERATOR CLASS ${qualified(id.schema, id.name)}${attrs.default ? ' DEFAULT' : ''}`
    return [statement(`${head} FOR TYPE ${attrs.type} USING ${quoteIdent(id.method)}${family} AS\n  ${list.join(',\n  ')}`)]
  },
  drop: (object) => [statement(`DROP OPERATOR CLASS ${nameOf(object)}`)],
  alter: () => 'replace',
  address: (object) => `OPERATOR CLASS ${nameOf(object)}`,
  print: ({ id, attrs: { type, ...attrs } }, printer) => {
    const options = Object.entries(attrs).map(([key, value]) => `${key}: ${printer.literal(value)}`)
    const name = printer.literal({ schema: id.schema, name: id.name })
    return {
      place: 'export',
      code: `${printer.use('operatorClass')}(${name}, ${printer.string(id.method)}, ${typeCode(type, printer)}, { ${options.join(', ')} })`,
      variable: id.name,
    }
  },
})

function nameOf({ id }: OperatorClassObject): string {
  return `${qualified(id.schema, id.name)} USING ${quoteIdent(id.method)}`
}

/** What a declared operator class is made of. */
export interface OperatorClassOptions extends OperatorMembers {
  /** Indexes on the type use it where they name no other. */
  readonly default?: boolean
  /** The family it joins; without, one of its own name. */
  readonly family?: NameInput
  /** The type that the index stores, where that is another one. */
  readonly storage?: string
}

/**
 * Declares an operator class, which says how an access method handles a type; in `public` for a bare name.
 *
 * @example
 * export const absolute = operatorClass('absolute', 'btree', integer(), {
 *   operators: [{ number: 1, operator: 'app.|<|(integer, integer)' }],
 *   functions: [{ number: 1, function: 'app.compare(integer, integer)', types: ['integer', 'integer'] }],
 * })
 */
export function operatorClass(name: NameInput, method: string, type: TypeInput<any>, options: OperatorClassOptions): DeclaredObject {
  const id = { ...checkedQualifiedName('operator class', name), method: checkedName('access method', method) }
  const { family, default: isDefault, ...rest } = options
  const parts = typeParts(`operator class ${id.schema}.${id.name}`, type)
  const object = operatorClassObject(id, {
    type: parts.type,
    ...(isDefault && { default: true }),
    ...(family !== undefined && { family: checkedQualifiedName('operator family', family) }),
    ...rest,
  })
  const uses: readonly Ref[] = parts.uses
  return new DeclaredObject(operatorClasses, object, uses)
}
