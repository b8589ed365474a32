import type { Printer } from '../kinds/kind.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { checkedName, refuse } from './checks.js'
import { ColumnReference } from './column-reference.js'
import type { Declaration } from './declared.js'
import type { TableElement } from './elements.js'
import { callbackCode } from './names.js'

/**
 * The callback of a view or materialized view: gives its indexes, triggers and rules. Its argument has a column of any name, because
 * only the query knows which there are.
 */
export type QueryElements = (t: any) => readonly TableElement[]

/** What follows the query in the arguments of `view` and `materializedView`. */
export type QueryRest<O> = [options?: O | QueryElements, elements?: QueryElements]

/** The declarations that the callback of a view or materialized view returns. */
export function queryElementDeclarations(relation: SchemaObject<QualifiedName>, elements: QueryElements | undefined): Declaration[] {
  if (!elements) return []
  const { ref, id } = relation
  return elements(columnReferences(id, ref)).flatMap((element) => element.elementDeclarations({ schema: id.schema, name: id.name, ref }))
}

function columnReferences(relation: QualifiedName, ref: Ref): unknown {
  return new Proxy({}, { get: (_, name) => (typeof name === 'string' ? new ColumnReference(relation, name, ref) : undefined) })
}

/** Options and callback, of which either may be left out. */
export function splitRest<O>(rest: QueryRest<O>): { options: O; elements: QueryElements | undefined } {
  const [first, second] = rest
  return typeof first === 'function' ? { options: {} as O, elements: first as QueryElements } : { options: (first ?? {}) as O, elements: second }
}

/** Throws SchemaError for names that a relation's columns cannot have. */
export function checkColumnNames(names: readonly string[] | undefined, relation: string): void {
  names?.forEach((name) => checkedName('column', name))
  const twice = names?.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) refuse(`${relation} has two columns named ${twice}`, 'give them different names')
}

/** The callback argument of a relation's printed code, when anything belongs there. */
export function printQueryElements(ref: Ref, printer: Printer): string[] {
  const elements = printer.printed(ref, 'element').map(({ code }) => code)
  return elements.length > 0 ? [callbackCode(elements)] : []
}
