import type { Printer } from '../kinds/kind.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { checkedName, refuse } from './checks.js'
import type { Declaration } from './declared.js'
import type { TableElement } from './elements.js'

/** A column of a view or materialized view, which only its query knows. */
export interface QueryColumnReference extends SqlSource {
  readonly name: string
}

/** The columns of a view or materialized view by name; any name is taken, PostgreSQL says whether it is right. */
export type QueryColumnReferences = { readonly [name: string]: QueryColumnReference }

/** What the last argument of `view` and `materializedView` is: gives their indexes, triggers and rules. */
export type QueryElements = (t: any) => readonly TableElement[]

/** The declarations that the callback of a view or materialized view returns. */
export function queryElementDeclarations(relation: SchemaObject<QualifiedName>, elements: QueryElements | undefined): Declaration[] {
  if (!elements) return []
  const { ref, id } = relation
  return elements(columnReferences(ref)).flatMap((element) => element.elementDeclarations({ schema: id.schema, name: id.name, ref }))
}

function columnReferences(ref: Ref): QueryColumnReferences {
  return new Proxy({} as QueryColumnReferences, {
    get: (_, name) =>
      typeof name === 'string' ? { name, [AS_SQL]: () => new SqlText(quoteIdent(name), [ref]) } : undefined,
  })
}

/** Options and callback, of which either may be left out. */
export function splitRest<O extends object>(rest: readonly (O | QueryElements | undefined)[]): { options: O; elements: QueryElements | undefined } {
  const elements = rest.find((value) => typeof value === 'function')
  const options = rest.find((value) => value !== undefined && typeof value !== 'function')
  return { options: (options ?? {}) as O, elements: elements as QueryElements | undefined }
}

/** Throws SchemaError for names that a relation's columns cannot have. */
export function checkColumnNames(names: readonly string[] | undefined, relation: string): void {
  names?.forEach((name) => checkedName('column', name))
  const twice = names?.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) refuse(`${relation} has two columns named ${twice}`, 'give them different names')
}

/** The callback argument of a relation's printed code, when anything belongs there. */
export function printQueryElements(ref: Ref, printer: Printer): string[] {
  const elements = printer.printed(ref, 'element')
  if (elements.length === 0) return []
  return [`(t) => [\n${elements.map(({ code }) => `  ${code},`).join('\n')}\n]`]
}
