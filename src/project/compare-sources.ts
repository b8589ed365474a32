import type { Declaration } from '../authoring/declared.js'
import type { Database } from '../database/database.js'
import { DatabaseError } from '../errors.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Scope } from '../reflector/scope.js'
import { commonRoles, commonScope } from './common-scope.js'
import { compareModels, type Comparison } from './compare.js'
import { needsOf, type Project, type ScratchWish } from './project.js'
import { provingGround } from './proving-ground.js'
import type { Source } from './sources.js'
import { openSource, type OpenSource, type State } from './states.js'

/** What separates two sources, and what the author of `to` wrote. */
export interface SourceComparison extends Comparison {
  readonly declarations: readonly Declaration[]
}

/**
 * Compares any two states, like with like: what is only text is read by scratch, which resembles the database that takes part, if
 * one does. Databases are only read.
 *
 * @throws AutogenError when the two cannot be compared
 */
export async function compareSources(project: Project, fromSource: Source, toSource: Source): Promise<SourceComparison> {
  const opened = { from: await openSource(project, fromSource), to: await openSource(project, toSource) }
  const wish = await wishFor(project, opened)
  const { from, to } = await readBoth(opened, wish)
  const common = commonScope(from.stated, to.stated, project.settings)
  const scope: Pick<Scope, 'restrict'> = { restrict: (model, side) => common.restrict([from, to].reduce((rest, { without }) => without?.(rest) ?? rest, model), side) }
  const needs = needsOf([...from.model.objects.values(), ...to.model.objects.values()])
  const external = [from, to].flatMap(({ stated }) => stated.manage?.external ?? [])
  const whole = await project.wholeScope([...(from.loaded?.outline ?? []), ...(to.loaded?.outline ?? [])], { databaseSettings: true, roles: wish.managedRoles, external })
  const result = await compareModels({
    from: external.length > 0 ? whole.restrict(from.model) : from.model,
    to: external.length > 0 ? whole.restrict(to.model) : to.model,
    scope,
    ground: async (state) => {
      const another = () => project.openScratch({ ...wish, extensions: unique(needs.extensions), roles: unique(needs.roles) })
      const scratch = await another()
      if (scratch.engine === 'server') await requireRoles(scratch.database, needs.roles)
      project.begin('rebuilding the first state in scratch')
      let second: ReturnType<typeof another> | undefined
      return provingGround({ state, scratch, another, second: () => (second ??= another()), whole, stated: scope, begin: (stage) => project.begin(stage) })
    },
  })
  return {
    ...result,
    liveVersion: from.liveVersion ?? to.liveVersion ?? result.to.version,
    unmanaged: [...unmanagedOf(scope.restrict(from.model), scope.restrict(to.model, 'schema')), ...result.unmanaged],
    declarations: to.loaded?.declarations ?? [],
  }
}

const unique = (names: readonly string[]): string[] => [...new Set(names)]

type Both<T> = { readonly from: T; readonly to: T }

/** Scratch on the server needs one, also when neither side is a database: then it is that of the project. */
async function wishFor(project: Project, { from, to }: Both<OpenSource>): Promise<ScratchWish> {
  const { scratch, database: url } = project.settings
  const near = from.live ?? to.live ?? (scratch === 'server' ? { database: await project.live(), url } : undefined)
  return {
    live: near?.database ?? null,
    liveUrl: near?.url,
    extensions: unique([...from.needs.extensions, ...to.needs.extensions]),
    managedRoles: commonRoles(from.needs.managedRoles, to.needs.managedRoles),
    roles: unique([...(from.needs.roles ?? []), ...(to.needs.roles ?? [])]),
  }
}

/** Roles of a server would outlive the scratch database: none are made there. */
async function requireRoles(database: Database, roles: readonly string[]): Promise<void> {
  const there = new Set((await database.query('SELECT rolname FROM pg_roles')).map(([name]) => name as string))
  const missing = unique(roles).filter((role) => !there.has(role))
  if (missing.length === 0) return
  throw new DatabaseError(`the server, which scratch runs on, has no role ${missing.join(', ')}`, {
    hint: 'use --scratch native or embedded, where missing roles are made, or create it',
  })
}

/** What leans on the other side is read last. */
async function readBoth({ from, to }: Both<OpenSource>, wish: ScratchWish): Promise<Both<State>> {
  if (from.leans && !to.leans) {
    const state = await to.read(wish, undefined)
    return { from: await from.read(wish, state.model), to: state }
  }
  const state = await from.read(wish, undefined)
  return { from: state, to: await to.read(wish, from.leans ? undefined : state.model) }
}

function unmanagedOf(...models: readonly SchemaModel[]): Comparison['unmanaged'] {
  const found = new Map(models.flatMap(({ unmanaged }) => unmanaged.map((object) => [`${object.type} ${object.identity}`, object] as const)))
  return [...found.values()]
}
