import { DeclaredObject, NameReader, type NameSource } from '../authoring/declared-object.js'
import { refuse } from '../authoring/checks.js'
import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { typeCode } from './type-printing.js'

/** `left` is null for a prefix operator, `right` for a postfix one of old; types as SQL writes them. */
export interface OperatorName extends QualifiedName {
  readonly left: string | null
  readonly right: string | null
}

export interface OperatorAttributes {
  /** Its name in SQL, like all names here. */
  readonly function: string
  readonly commutator?: string
  readonly negator?: string
  readonly restrict?: string
  readonly join?: string
  readonly hashes?: true
  readonly merges?: true
}

export type OperatorObject = SchemaObject<OperatorName, OperatorAttributes>

export function operatorObject({ schema, name, left, right }: OperatorName, attributes: OperatorAttributes): OperatorObject {
  const { commutator, negator, restrict, join, hashes, merges } = attributes
  return {
    kind: 'operator',
    ref: refOf('operator', schema, { signature: `${name}(${left ?? 'NONE'}, ${right ?? 'NONE'})` }),
    parent: null,
    id: { schema, name, left, right },
    attrs: {
      function: attributes.function,
      ...(commutator && { commutator }),
      ...(negator && { negator }),
      ...(restrict && { restrict }),
      ...(join && { join }),
      ...(hashes && { hashes }),
      ...(merges && { merges }),
    },
  }
}

/** An operator in SQL, `OPERATOR(app.===)`; undefined for none. The shells that forward references leave behind have no function. */
const operatorName = (oid: string) => `
           (SELECT CASE n.nspname WHEN 'pg_catalog' THEN o.oprname::text ELSE 'OPERATOR(' || quote_ident(n.nspname) || '.' || o.oprname || ')' END
            FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace WHERE o.oid = ${oid})`

/** Operators with a function. */
export const operators: Kind = defineKind<OperatorObject>({
  kind: 'operator',
  phase: PHASES.operator,
  catalog: 'pg_operator',
  catalogQuery: () => `
    SELECT x.oid, 0, n.nspname, x.oprname, CASE WHEN x.oprleft <> 0 THEN format_type(x.oprleft, NULL) END,
           CASE WHEN x.oprright <> 0 THEN format_type(x.oprright, NULL) END, x.oprcode::regproc::text,${operatorName('x.oprcom')},${operatorName('x.oprnegate')},
           nullif(x.oprrest, 0)::regproc::text, nullif(x.oprjoin, 0)::regproc::text, x.oprcanhash, x.oprcanmerge
    FROM pg_operator x
    JOIN pg_namespace n ON n.oid = x.oprnamespace
    WHERE x.oid >= 16384 AND x.oprcode <> 0 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_operator', 'x.oid')}`,
  fromRow: (row) => {
    const [, , schema, name, left, right, by, commutator, negator, restrict, join, hashes, merges] = row as [
      number, number, string, string, string | null, string | null, string, string | null, string | null, string | null, string | null, boolean, boolean,
    ]
    return {
      object: operatorObject(
        { schema, name, left, right },
        {
          function: by,
          ...(commutator && { commutator }),
          ...(negator && { negator }),
          ...(restrict && { restrict }),
          ...(join && { join }),
          ...(hashes && { hashes }),
          ...(merges && { merges }),
        },
      ),
    }
  },
  create: ({ id, attrs }) => {
    const parameters = [
      `FUNCTION = ${attrs.function}`,
      id.left !== null && `LEFTARG = ${id.left}`,
      id.right !== null && `RIGHTARG = ${id.right}`,
      attrs.commutator && `COMMUTATOR = ${attrs.commutator}`,
      attrs.negator && `NEGATOR = ${attrs.negator}`,
      attrs.restrict && `RESTRICT = ${attrs.restrict}`,
      attrs.join && `JOIN = ${attrs.join}`,
      attrs.hashes && 'HASHES',
      attrs.merges && 'MERGES',
    ]
    return [statement(`CREATE OPERATOR ${quoteIdent(id.schema)}.${id.name} (\n  ${parameters.filter(Boolean).join(',\n  ')}\n)`)]
  },
  drop: ({ id }) => [statement(`DROP OPERATOR ${signature(id)}`)],
  alter: (from, to) => {
    const { restrict, join, ...old } = from.attrs
    const { restrict: nextRestrict, join: nextJoin, ...next } = to.attrs
    if (JSON.stringify(old) !== JSON.stringify(next)) return 'replace'
    const changes = [
      restrict !== nextRestrict && `RESTRICT = ${nextRestrict ?? 'NONE'}`,
      join !== nextJoin && `JOIN = ${nextJoin ?? 'NONE'}`,
    ]
    return { statements: [statement(`ALTER OPERATOR ${signature(to.id)} SET (${changes.filter(Boolean).join(', ')})`)] }
  },
  address: ({ id }) => `OPERATOR ${signature(id)}`,
  print: ({ id, attrs }, printer) => {
    const sides = [id.left !== null && `left: ${typeCode(id.left, printer)}`, id.right !== null && `right: ${typeCode(id.right, printer)}`]
    const options = Object.entries(attrs).map(([key, value]) => `${key}: ${printer.literal(value)}`)
    return {
      place: 'export',
      code: `${printer.use('operator')}(${printer.literal({ schema: id.schema, name: id.name })}, { ${[...sides.filter(Boolean), ...options].join(', ')} })`,
      variable: 'operator',
    }
  },
})

function signature({ schema, name, left, right }: OperatorName): string {
  return `${quoteIdent(schema)}.${name} (${left ?? 'NONE'}, ${right ?? 'NONE'})`
}

/** What a declared operator does; names as SQL writes them, operators as `=` or `OPERATOR(app.===)`. */
export interface OperatorOptions {
  readonly left?: TypeInput<any>
  readonly right?: TypeInput<any>
  readonly function: NameSource
  readonly commutator?: NameSource
  readonly negator?: NameSource
  /** Estimators of selectivity, such as `eqsel` and `eqjoinsel`. */
  readonly restrict?: NameSource
  readonly join?: NameSource
  readonly hashes?: boolean
  readonly merges?: boolean
}

/**
 * Declares an operator; in `public` for a bare name.
 *
 * @throws SchemaError for what cannot be the name of an operator
 * @example export const same = operator('===', { left: box(), right: box(), function: 'same_box', commutator: '===' })
 */
export function operator(name: NameInput, options: OperatorOptions): DeclaredObject {
  const id = checkedQualifiedName('operator', name)
  if (!/^[+\-*/<>=~!@#%^&|`?]+$/.test(id.name)) refuse(`${id.name} cannot be the name of an operator`, 'operators are made of + - * / < > = ~ ! @ # % ^ & | ` ?')
  const names = new NameReader(`operator ${id.schema}.${id.name}`)
  const side = (input: TypeInput<any> | undefined) => {
    if (input === undefined) return null
    const { type, uses } = typeParts(names.what, input)
    names.uses.push(...uses)
    return type
  }
  const [left, right] = [side(options.left), side(options.right)]
  const parts = (['commutator', 'negator', 'restrict', 'join'] as const).map((part) => [part, names.readOptional(`the ${part}`, options[part])] as const)
  const object = operatorObject(
    { ...id, left, right },
    {
      function: names.read('the function', options.function),
      ...Object.fromEntries(parts.filter(([, value]) => value !== undefined)),
      ...(options.hashes && { hashes: true }),
      ...(options.merges && { merges: true }),
    },
  )
  return new DeclaredObject(operators, object, names.uses)
}
