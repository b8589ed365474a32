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
  /** Children that want an export of their own, found while their parents were printed. */
  readonly further: SchemaObject[] = []
  readonly #printed = new Map<Ref, PrintedCode>()
  readonly #children = new Map<Ref, readonly SchemaObject[]>()

  constructor(readonly model: SchemaModel) {}

  get version(): ServerVersion {
    return this.model.version
  }

  /** Code of an object with that of its parts and of everything attached to it. */
  compose(object: SchemaObject): PrintedCode {
    this.printedRefs.add(object.ref)
    const printed = this.#print(object)
    if (printed.place === 'none') return printed
    let { code } = printed
    for (const child of this.#sortedChildren(object.ref)) {
      const { place } = this.#print(child)
      if (place === 'suffix') code += this.compose(child).code
      else if (place === 'export' && !this.printedRefs.has(child.ref)) {
        this.printedRefs.add(child.ref)
        this.further.push(child)
      }
    }
    return code === printed.code ? printed : { ...printed, code }
  }

  /** Each object is printed once, when its parent is: then the variables it may use are known. */
  #print(object: SchemaObject): PrintedCode {
    let printed = this.#printed.get(object.ref)
    if (!printed) this.#printed.set(object.ref, (printed = kindOf(object).print(object, this)))
    return printed
  }

  #sortedChildren(ref: Ref): readonly SchemaObject[] {
    let children = this.#children.get(ref)
    if (!children) {
      const unsorted = this.model.children(ref)
      children = unsorted.length > 1 ? [...unsorted].sort(bySchemaOrder) : unsorted
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
    return this.#sortedChildren(ref)
      .filter((child) => this.#print(child).place === place)
      .map((child) => this.compose(child))
  }
}

/** Columns first, in their order; then by phase and name. */
export function bySchemaOrder(a: SchemaObject, b: SchemaObject): number {
  const phase = kindOf(a).phase - kindOf(b).phase
  return phase || (a.position ?? 0) - (b.position ?? 0) || (a.ref < b.ref ? -1 : a.ref > b.ref ? 1 : 0)
}

/** Objects that are no parts of others and have code of their own, found by printing them without their parts. */
export function exportedObjects(model: SchemaModel): SchemaObject[] {
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
  return [...model.objects.values()].filter(
    (object) => (object.parent === null || !model.get(object.parent)) && kindOf(object).print(object, bare).place === 'export',
  )
}
