import type { ColumnDef, Constraint, List, Node, RangeVar, TypeName } from 'libpg-query'

/** The names of the statements, and of the parts of them, as PostgreSQL's parser calls them. */
export type NodeType = Node extends infer Each ? (Each extends unknown ? keyof Each : never) : never

/** What the parser makes of one kind of node. */
export type NodeOf<Type extends NodeType> = Extract<Node, Record<Type, unknown>> extends Record<Type, infer Content> ? Content : never

/** The content of a node when it is of that type. */
export function as<Type extends NodeType>(type: Type, node: Node | undefined): NodeOf<Type> | undefined {
  return node && type in node ? (node as Record<string, unknown>)[type] as NodeOf<Type> : undefined
}

/** The contents of those nodes of a list that are of that type. */
export function all<Type extends NodeType>(type: Type, nodes: readonly Node[] | undefined): NodeOf<Type>[] {
  return (nodes ?? []).flatMap((node) => as(type, node) ?? [])
}

/** A name as findings show it: `app.users`; without a schema where none is written. */
export function nameOf(relation: RangeVar | undefined): string {
  return joined([relation?.schemaname, relation?.relname])
}

/** The words of a list of names, joined by dots. */
export function listedName(nodes: readonly Node[] | undefined): string {
  return joined(words(nodes))
}

/** The words in a list of names. */
export function words(nodes: readonly Node[] | undefined): string[] {
  return all('String', nodes).map(({ sval }) => sval ?? '')
}

export function joined(parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join('.')
}

/** What a DROP or a GRANT names, whatever form its kind of object takes. */
export function objectName(node: Node): string {
  const list = as('List', node) as List | undefined
  if (list) return joined(list.items?.map((item) => as('String', item)?.sval ?? typeText(as('TypeName', item))) ?? [])
  const routine = as('ObjectWithArgs', node)
  if (routine) return `${listedName(routine.objname)}(${all('TypeName', routine.objargs).map(typeText).join(', ')})`
  const type = as('TypeName', node)
  return as('String', node)?.sval ?? (type ? typeText(type) : nameOf(as('RangeVar', node)))
}

/** A type as it is written, with the names that the parser gives the standard ones. */
export interface TypeText {
  readonly name: string
  /** The numbers in parentheses. */
  readonly sizes: readonly number[]
  readonly array: boolean
}

export function typeOf(type: TypeName | undefined): TypeText {
  const names = words(type?.names)
  const name = (names[0] === 'pg_catalog' ? names.slice(1) : names).join('.')
  return { name, sizes: all('A_Const', type?.typmods).map(({ ival }) => ival?.ival ?? 0), array: (type?.arrayBounds?.length ?? 0) > 0 }
}

export function typeText(type: TypeName | undefined): string {
  const { name, sizes, array } = typeOf(type)
  return `${name}${sizes.length > 0 ? `(${sizes.join(',')})` : ''}${array ? '[]' : ''}`
}

/** The constraints that stand in the definition of a column. */
export function constraintsOf(column: ColumnDef | undefined): Constraint[] {
  return all('Constraint', column?.constraints)
}

/** Every node below one, itself included, whatever it is a part of. */
export function* below(value: unknown): Generator<Node> {
  if (Array.isArray(value)) for (const each of value) yield* below(each)
  else if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value)
    const [first] = entries
    if (entries.length === 1 && /^[A-Z]/.test(first![0])) yield value as Node
    for (const [, part] of entries) yield* below(part)
  }
}

/** The functions that an expression calls. */
export function calls(expression: Node | undefined): string[] {
  return [...below(expression)].flatMap((node) => {
    const call = as('FuncCall', node)
    return call ? [words(call.funcname).filter((word) => word !== 'pg_catalog').join('.')] : []
  })
}

/** The columns that an expression reads. */
export function columnsIn(expression: Node | undefined): string[] {
  return [...below(expression)].flatMap((node) => words(as('ColumnRef', node)?.fields).slice(-1))
}

/** The column of a check that says that it is not null; also as one of several conditions that all must hold. */
export function notNullColumn(expression: Node | undefined): string[] {
  const and = as('BoolExpr', expression)
  if (and?.boolop === 'AND_EXPR') return (and.args ?? []).flatMap(notNullColumn)
  const test = as('NullTest', expression)
  if (test?.nulltesttype !== 'IS_NOT_NULL') return []
  return words(as('ColumnRef', test.arg)?.fields).slice(-1)
}

/** Whether a statement names this option. */
export function hasOption(options: readonly Node[] | undefined, name: string): boolean {
  return all('DefElem', options).some(({ defname, arg }) => {
    const number = as('Integer', arg)
    const value = number ? String(number.ival ?? 0) : (as('String', arg)?.sval ?? String(as('Boolean', arg)?.boolval ?? ''))
    return defname === name && !/^(false|off|0)$/i.test(value)
  })
}
