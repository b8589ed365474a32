import { managedRoles, type Manage } from '../authoring/manage.js'
import type { Kind } from '../kinds/kind.js'
import { allKinds, kindOf } from '../kinds/registry.js'
import { refOf } from '../model/object-ref.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject, UnmanagedObject } from '../model/schema-object.js'
import { globPattern, type Filter, type Side } from './filter.js'

/** Which objects of a database a comparison is about. */
export interface Scope {
  /** Whether roles take part: they belong to the whole server, and are not even read otherwise. */
  readonly roles?: boolean
  /** What of an object is in scope is a function's word, which may differ from side to side and from time to time. */
  readonly isFree?: boolean
  /** The part of a model that lies in scope; `side`: whose it is, the database's unless given. */
  restrict(model: SchemaModel, side?: Side): SchemaModel
  /** The objects out of scope without which those in scope cannot exist: the table a foreign key refers to, the extension of a type. */
  surroundings(model: SchemaModel): SchemaModel
}

export const everything: Scope = { restrict: (model) => model, surroundings: (model) => part(model, new Set(), []) }

/** The same with the roles of the server. */
export const everythingAndRoles: Scope = { ...everything, roles: true }

export interface ScopeOptions {
  /** The schema that holds this tool's own tables. */
  readonly versionSchema: string
  /** Undeclared objects in schemas that belong to an extension are left to it: its functions may have made them. */
  readonly sparesExtensions?: boolean
  /** External objects take part where others need them. */
  readonly keepsNeeded?: boolean
  /** What the project leaves out of every scope. */
  readonly filter?: Filter | undefined
}

/** This tool's own tables; the schema that holds nothing else is never in scope either. */
export const OWN_TABLES: readonly string[] = ['autogen_version', 'autogen_history', 'autogen_lock']

/**
 * The scope that `schema.ts` states, or, where it states none: the schemas it names and `public`; what lies in no schema when it
 * is declared or needs something of those schemas; privileges and owners only of objects that declare some; no undeclared roles.
 * Both sides of a comparison must be restricted by one scope.
 *
 * @example const scope = scopeOf(manage({ schemas: 'all' }), declared, { versionSchema: 'autogen' })
 */
export function scopeOf(manage: Manage | undefined, declared: readonly SchemaObject[], options: ScopeOptions): Scope {
  const rules = new Rules(manage, declared, options)
  return {
    roles: managedRoles(manage) !== undefined,
    isFree: options.filter?.isFree ?? false,
    restrict: (model, side = 'database') => part(model, rules.refsIn(model, side), rules.unmanagedIn(model)),
    surroundings: (model) => part(model, surroundingsOf(model, rules.refsIn(model, 'database')), []),
  }
}

type Concern = NonNullable<Kind['concern']>

class Rules {
  readonly #schemas: ReadonlySet<string> | 'all'
  readonly #concerns: Record<Concern, 'all' | 'declared' | 'none' | ReadonlySet<string>>
  readonly #declared: ReadonlySet<Ref>
  readonly #declaredTargets: ReadonlySet<string>
  readonly #initial: ReadonlySet<Ref>
  readonly #versionSchema: string
  readonly #external: External
  readonly #sparesExtensions: boolean
  readonly #keepsNeeded: boolean
  readonly #filter: Filter | undefined
  readonly #known = { database: new WeakMap<SchemaModel, ReadonlySet<Ref>>(), schema: new WeakMap<SchemaModel, ReadonlySet<Ref>>() }

  constructor(manage: Manage | undefined, declared: readonly SchemaObject[], { versionSchema, sparesExtensions = false, keepsNeeded = false, filter }: ScopeOptions) {
    const { schemas, privileges = 'declared', owners = 'declared', databaseSettings = 'declared' } = manage ?? {}
    const roles = managedRoles(manage) ?? 'none'
    this.#schemas = schemas === 'all' ? 'all' : new Set(schemas ?? ['public', ...declared.flatMap((object) => schemaOf(object) ?? [])])
    this.#concerns = {
      privileges,
      owners: ruleOf(owners),
      versions: 'declared',
      roles: typeof roles === 'string' ? roles : new Set(roles),
      databaseSettings: ruleOf(databaseSettings),
    }
    this.#declared = new Set(declared.map(({ ref }) => ref))
    this.#declaredTargets = new Set(declared.flatMap((object) => concernKey(object) ?? []))
    this.#initial = new Set(allKinds().flatMap(({ initial }) => (initial ?? []).map(({ ref }) => ref)))
    this.#versionSchema = versionSchema
    this.#external = new External(manage?.external ?? [])
    this.#sparesExtensions = sparesExtensions
    this.#keepsNeeded = keepsNeeded
    this.#filter = filter
  }

  /** Unmanaged objects that lie in scope. What lies in no schema is always reported: nothing tells whether it concerns those schemas. */
  unmanagedIn(model: SchemaModel): readonly UnmanagedObject[] {
    const schemas = this.#schemas
    if (schemas === 'all' && this.#external.isEmpty && !this.#filter) return model.unmanaged
    return model.unmanaged.filter((object) => {
      const { schema, identity } = object
      return (schema === undefined || schemas === 'all' || schemas.has(schema)) && !this.#external.names(identity) && !this.#filter?.leavesOutUnmanaged(object)
    })
  }

  /** The refs of what lies in scope. */
  refsIn(model: SchemaModel, side: Side): ReadonlySet<Ref> {
    const known = this.#known[side]
    let refs = known.get(model)
    if (!refs) known.set(model, (refs = this.#findRefs(model, side)))
    return refs
  }

  #findRefs(model: SchemaModel, side: Side): ReadonlySet<Ref> {
    const refs = this.#takesAll(model) ? new Set(model.objects.keys()) : this.#decideAll(model, side)
    if (this.#keepsNeeded && !this.#external.isEmpty) this.#addNeeded(refs, model)
    const namespace = refOf('schema', this.#versionSchema)
    if (refs.has(namespace) && this.#holdsOnlyOwnTables(namespace, model, refs)) {
      refs.delete(namespace)
      for (const { ref } of model.children(namespace)) refs.delete(ref)
    }
    return refs
  }

  /** Adds what is needed from outside, whole; but for this tool's own tables. */
  #addNeeded(refs: Set<Ref>, model: SchemaModel): void {
    const own = (ref: Ref) => this.#isOwnTable(model.get(ref)!)
    const add = (ref: Ref) => {
      refs.add(ref)
      for (const child of model.children(ref)) if (!refs.has(child.ref)) add(child.ref)
    }
    for (let found = surroundingsOf(model, refs); found.size > 0; found = surroundingsOf(model, refs)) {
      const roots = [...found].map((ref) => rootOf(ref, model)).filter((ref) => !own(ref))
      if (roots.every((ref) => refs.has(ref))) return
      roots.forEach(add)
    }
  }

  /** The usual case of a scope that states everything, without looking at how objects hang together. */
  #takesAll(model: SchemaModel): boolean {
    if (this.#schemas !== 'all' || this.#filter) return false
    for (const object of model.objects.values()) {
      const { concern } = kindOf(object)
      if (this.#isOwnTable(object) || this.#isOthers(object, model) || (concern && !this.#takesPart(object, concern))) return false
      if (object.parent !== null && !model.get(object.parent)) return false
    }
    return true
  }

  #decideAll(model: SchemaModel, side: Side): Set<Ref> {
    const verdicts = new Map<Ref, boolean>()
    const decide = (object: SchemaObject): boolean => {
      const known = verdicts.get(object.ref)
      if (known !== undefined) return known
      verdicts.set(object.ref, false)
      const verdict = !this.#filter?.leavesOut(object, schemaOf(object), side) && this.#decide(object, model, decide)
      verdicts.set(object.ref, verdict)
      return verdict
    }
    for (const object of model.objects.values()) decide(object)
    return new Set([...verdicts].flatMap(([ref, inside]) => (inside ? [ref] : [])))
  }

  #decide(object: SchemaObject, model: SchemaModel, decide: (object: SchemaObject) => boolean): boolean {
    if (this.#isOwnTable(object) || this.#isOthers(object, model)) return false
    const { concern } = kindOf(object)
    if (concern && !this.#takesPart(object, concern)) return false
    const parent = object.parent === null ? undefined : model.get(object.parent)
    if (object.parent !== null && !parent) return false
    if (concern === 'roles' || concern === 'databaseSettings') return !parent || decide(parent)
    if (parent && schemaOf(object) === null) return decide(parent)
    if (parent && !decide(parent)) return false
    const schema = schemaOf(object)
    if (schema !== null) return this.#schemas === 'all' || this.#schemas.has(schema) || (parent === undefined && this.#declared.has(object.ref))
    if (this.#schemas === 'all' || this.#declared.has(object.ref)) return true
    if (concern) return this.#declaredTargets.has(concernKey(object)!)
    return needsOf(object.ref, model).some((need) => {
      const other = model.get(need)!
      return schemaOf(other) !== null && decide(other)
    })
  }

  #takesPart(object: SchemaObject, concern: Concern): boolean {
    const rule = this.#concerns[concern]
    if (rule === 'all') return true
    if (rule === 'none') return false
    if (rule !== 'declared') return rule.has(object.id.target as string)
    return this.#declaredTargets.has(concernKey(object)!)
  }

  #isOwnTable(object: SchemaObject): boolean {
    return object.parent === null && OWN_TABLES.includes(object.id.name) && schemaOf(object) === this.#versionSchema
  }

  /** Undeclared, and made by something else: as the author says, or since it lies in a schema of an extension, which no model has. */
  #isOthers(object: SchemaObject, model: SchemaModel): boolean {
    if (object.parent !== null || this.#declared.has(object.ref)) return false
    const schema = schemaOf(object)
    if (this.#sparesExtensions && schema !== null && !SYSTEM_SCHEMAS.has(schema) && !model.get(refOf('schema', schema))) return true
    return this.#external.has(object, schema)
  }

  #holdsOnlyOwnTables(namespace: Ref, model: SchemaModel, inside: ReadonlySet<Ref>): boolean {
    if (this.#initial.has(namespace) || this.#declared.has(namespace)) return false
    if (model.unmanaged.some(({ schema }) => schema === this.#versionSchema)) return false
    return ![...inside].some((ref) => {
      const object = model.get(ref)!
      return ref !== namespace && object.parent === null && schemaOf(object) === this.#versionSchema
    })
  }
}

/** Schemas that are there without being objects of a model. */
const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set(['pg_catalog', 'information_schema'])

/** Names in which `*` stands for any characters. */
class External {
  readonly #patterns: readonly RegExp[]
  readonly #whole: ReadonlySet<string>

  constructor(patterns: readonly string[]) {
    this.#patterns = patterns.map(globPattern)
    this.#whole = new Set(patterns.flatMap((pattern) => /^([^*]+)\.\*$/.exec(pattern)?.[1] ?? []))
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0
  }

  /** Whether they mean an object; a schema, when they mean all that is in it. */
  has({ kind, id }: SchemaObject, schema: string | null): boolean {
    if (this.isEmpty || typeof id.name !== 'string') return false
    return this.names(schema === null ? id.name : `${schema}.${id.name as string}`) || (refOf(kind, id.name) === refOf('schema', id.name) && this.#whole.has(id.name))
  }

  names(name: string): boolean {
    return this.#patterns.some((pattern) => pattern.test(name))
  }
}

/** The object that an object is a part of, itself a part of none. */
function rootOf(ref: Ref, model: SchemaModel): Ref {
  const { parent } = model.get(ref)!
  return parent === null || !model.get(parent) ? ref : rootOf(parent, model)
}

/** What an object needs, and what its parts need. */
function needsOf(ref: Ref, model: SchemaModel): Ref[] {
  return [ref, ...model.children(ref).map((child) => child.ref)].flatMap((one) => model.needs(one).map(({ to }) => to))
}

function surroundingsOf(model: SchemaModel, inside: ReadonlySet<Ref>): ReadonlySet<Ref> {
  const found = new Set<Ref>()
  if (inside.size === model.objects.size) return found
  const waiting = [...inside]
  for (let ref = waiting.pop(); ref !== undefined; ref = waiting.pop()) {
    for (const { to, createOnly } of model.needs(ref)) {
      if (createOnly || inside.has(to) || found.has(to)) continue
      found.add(to)
      waiting.push(to)
    }
    const object = model.get(ref)!
    const namespace = object.parent === null ? refOf('schema', schemaOf(object) ?? '') : ref
    if (model.get(namespace) && !inside.has(namespace)) found.add(namespace)
  }
  return found
}

/** A model of some objects of another one. */
function part(model: SchemaModel, refs: ReadonlySet<Ref>, unmanaged: readonly UnmanagedObject[]): SchemaModel {
  const data = model.toData()
  if (refs.size === data.objects.length && unmanaged === model.unmanaged) return model
  return new SchemaModel({
    ...data,
    objects: data.objects.filter(({ ref }) => refs.has(ref)),
    dependencies: data.dependencies.filter(({ from, to }) => refs.has(from) && refs.has(to)),
    unmanaged,
  })
}

/** The schema an object lies in; null for what belongs to the whole database. */
export function schemaOf(object: SchemaObject): string | null {
  const kind = kindOf(object)
  return kind.schemaOf ? kind.schemaOf(object) : ((object.id.schema as string | undefined) ?? null)
}

function ruleOf(setting: boolean | 'declared'): 'all' | 'none' | 'declared' {
  return setting === 'declared' ? setting : setting ? 'all' : 'none'
}

function concernKey(object: SchemaObject): string | undefined {
  const { concern } = kindOf(object)
  return concern && `${concern} ${object.id.target as string}`
}
