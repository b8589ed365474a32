import path from 'node:path'
import type { Declaration } from '../authoring/declared.js'
import { managedRoles, type Manage } from '../authoring/manage.js'
import type { ServerVersion } from '../database/database.js'
import { SchemaError, type SourcePosition } from '../errors.js'
import { allKinds, kindOf, rolesNeeded } from '../kinds/registry.js'
import { describeRef } from '../model/object-ref.js'
import { SchemaModel } from '../model/schema-model.js'
import { describeObject } from '../operations/describe.js'
import type { Dependency, Ref, SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { originalPosition } from './original-position.js'

/**
 * The declared objects as a model, as their builders made them: PostgreSQL has not seen them yet. Dependencies are what they
 * mention and what their kinds know.
 *
 * @throws SchemaError for an object declared twice, with both places, and for a mention of an object that is not declared
 */
export function declaredModel(declarations: readonly Declaration[], version: ServerVersion): SchemaModel {
  checkDeclarations(declarations)
  return new SchemaModel({ version, objects: declarations.map(({ object }) => object), dependencies: declaredDependencies(declarations), unmanaged: [] })
}

/** What declared objects need, as they and their kinds say. */
export function declaredDependencies(declarations: readonly Declaration[]): Dependency[] {
  return declarations.flatMap(({ object, uses }) => [
    ...uses.map((to) => ({ from: object.ref, to, auto: false })),
    ...(kindOf(object).dependencies?.(object) ?? []).map((dependency) => ({ from: object.ref, ...dependency })),
    ...rolesNeeded(object),
  ])
}

/** Throws for what is wrong with declarations before any database sees them. */
export function checkDeclarations(declarations: readonly Declaration[]): void {
  const places = declaredOnce(declarations)
  const initial = new Set(allKinds().flatMap((kind) => (kind.initial ?? []).map(({ ref }) => ref)))
  for (const declaration of declarations) {
    const { object, uses } = declaration
    const missing = [...(object.parent === null ? [] : [object.parent]), ...uses].filter((ref) => !places.has(ref) && !initial.has(ref))
    // A table says more than its column.
    const [first] = missing.sort((a, b) => a.length - b.length)
    if (first) throw unexported(declaration, first)
  }
}

/** The declarations by ref. Throws for an object that is declared twice. */
export function declaredOnce(declarations: readonly Declaration[]): ReadonlyMap<Ref, Declaration> {
  const places = new Map<Ref, Declaration>()
  for (const declaration of declarations) {
    const first = places.get(declaration.object.ref)
    if (first) throw duplicate(first, declaration)
    places.set(declaration.object.ref, declaration)
  }
  return places
}

/** Throws for what is declared although the files say that they do not answer for it or its schema: nobody would create or compare it. */
export function checkScope(declarations: readonly Declaration[], scope: Manage | undefined): void {
  checkRoles(declarations, scope)
  const schemas = scope?.schemas
  if (schemas === undefined || schemas === 'all') return
  for (const { object, at } of declarations) {
    const schema = object.parent === null && !kindOf(object).schemaOf ? (object.id as { schema?: string }).schema : undefined
    if (schema === undefined || schemas.includes(schema)) continue
    throw new SchemaError(`${titleOf(object)} is declared, but manage(…) leaves out the schema ${quoteIdent(schema)}`, {
      at: at && originalPosition(at),
      hint: `add ${JSON.stringify(schema)} to the schemas of manage(…), or remove the declaration`,
    })
  }
}

function checkRoles(declarations: readonly Declaration[], scope: Manage | undefined): void {
  const roles = managedRoles(scope)
  if (roles === 'all') return
  for (const { object, at } of declarations) {
    if (kindOf(object).concern !== 'roles' || object.parent !== null) continue
    const name = object.id.target as string
    if (roles?.includes(name)) continue
    throw new SchemaError(`${titleOf(object)} is declared, but ${scope ? 'manage(…) leaves it out' : 'no manage(…) names it'}: roles belong to the whole server`, {
      at: at && originalPosition(at),
      hint: `export const scope = manage({ …, roles: [${[...(roles ?? []), name].map((one) => JSON.stringify(one)).join(', ')}] })`,
    })
  }
}

function duplicate(first: Declaration, second: Declaration): SchemaError {
  const where = first.at ? `, first at ${showPosition(first.at)}` : ''
  return new SchemaError(`${titleOf(second.object)} is declared twice${where}`, {
    at: second.at && originalPosition(second.at),
    hint: 'remove one of the two, or give it another name',
  })
}

function unexported({ object, at }: Declaration, missing: Ref): SchemaError {
  const { kind, name } = words(missing)
  return new SchemaError(`${titleOf(object)} refers to ${kind} ${name}, which is not declared`, {
    at: at && originalPosition(at),
    hint: `export what declares ${kind} ${name}: only what is exported is declared`,
  })
}

/** Kind and name of an object for people: `materialized view`, `app.totals`. */
export function words(ref: Ref): { kind: string; name: string } {
  const { kind, name } = describeRef(ref)
  return { kind: kind.replaceAll('_', ' '), name }
}

/** An object for people: `table app.users`, or `constraint of table app.users` for one that PostgreSQL will name. */
export function titleOf({ ref, parent }: SchemaObject): string {
  const { kind, name } = words(ref)
  if (parent === null || !/#\d+$/.test(name)) return describeObject(ref)
  const owner = words(parent)
  return `${kind} of ${owner.kind} ${owner.name}`
}

/** `schema.ts:3:5`, relative to the folder the command runs in where that is shorter. */
export function showPosition(at: SourcePosition): string {
  const { file, line, column } = originalPosition(at)
  const relative = path.relative(process.cwd(), file)
  return [relative.startsWith('..') ? file : relative, line, ...(column === undefined ? [] : [column])].join(':')
}
