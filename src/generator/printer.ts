import type { ServerVersion } from '../database/database.js'
import type { PrintedCode, Printer } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { jsonLiteral, memberAccess, propertyName, sqlLiteral, stringLiteral } from './schema-literals.js'

/** Prints the objects of one model, and remembers what was imported, exported and composed. */
export class ModelPrinter implements Printer {
  /** Names of `pg-autogen/schema` that the printed code uses. */
  readonly imports = new Set<string>()
  /** Variables of the objects exported so far. */
  readonly variables = new Map<Ref, string>()
  /** Objects whose code is part of what was printed. */
  readonly printedRefs = new Set<Ref>()
  readonly #places: ReadonlyMap<Ref, PrintedCode['place']>
  readonly #children = new Map<Ref, readonly SchemaObject[]>()

  constructor(readonly model: SchemaModel) {
    this.#places = placesIn(model)
  }

  get version(): ServerVersion {
    return this.model.version
  }

  place(ref: Ref): PrintedCode['place'] | undefined {
    return this.#places.get(ref)
  }

  /** Code of an object with that of its parts and of everything attached to it. */
  compose(object: SchemaObject): PrintedCode {
    this.printedRefs.add(object.ref)
    const printed = kindOf(object).print(object, this)
    const suffixes = this.sortedChildren(object.ref).filter(({ ref }) => this.#places.get(ref) === 'suffix')
    if (printed.place === 'none' || suffixes.length === 0) return printed
    return { ...printed, code: printed.code + suffixes.map((child) => this.compose(child).code).join('') }
  }

  sortedChildren(ref: Ref): readonly SchemaObject[] {
    let children = this.#children.get(ref)
    if (!children) {
      children = [...this.model.children(ref)].sort(bySchemaOrder)
      this.#children.set(ref, children)
    }
    return children
  }

  string(text: string): string {
    return stringLiteral(text)
  }

  sql(text: string): string {
    this.use('sql')
    return sqlLiteral(text)
  }

  literal(value: unknown): string {
    return jsonLiteral(value)
  }

  use(name: string): string {
    this.imports.add(name)
    return name
  }

  variable(ref: Ref): string | undefined {
    return this.variables.get(ref)
  }

  property(name: string): string {
    return propertyName(name)
  }

  member(base: string, name: string): string {
    return memberAccess(base, name)
  }

  object(ref: Ref): SchemaObject | undefined {
    return this.model.get(ref)
  }

  children(ref: Ref): readonly SchemaObject[] {
    return this.model.children(ref)
  }

  printed(ref: Ref, place: 'column' | 'element'): readonly PrintedCode[] {
    return this.sortedChildren(ref)
      .filter((child) => this.#places.get(child.ref) === place)
      .map((child) => this.compose(child))
  }
}

/** Columns first, in their order; then by phase and name. */
export function bySchemaOrder(a: SchemaObject, b: SchemaObject): number {
  const phase = kindOf(a).phase - kindOf(b).phase
  return phase || (a.position ?? 0) - (b.position ?? 0) || (a.ref < b.ref ? -1 : a.ref > b.ref ? 1 : 0)
}

/** Where each object's code goes, found by printing it without its parts. */
function placesIn(model: SchemaModel): Map<Ref, PrintedCode['place']> {
  const bare: Printer = {
    version: model.version,
    string: stringLiteral,
    sql: () => 'sql``',
    literal: () => '{}',
    use: (name) => name,
    variable: () => undefined,
    property: propertyName,
    member: memberAccess,
    object: (ref) => model.get(ref),
    children: (ref) => model.children(ref),
    printed: () => [],
  }
  const places = new Map<Ref, PrintedCode['place']>()
  for (const object of model.objects.values()) places.set(object.ref, kindOf(object).print(object, bare).place)
  return places
}
