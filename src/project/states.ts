import { managedRoles, type ManageOptions } from '../authoring/manage.js'
import type { Database, ServerVersion } from '../database/database.js'
import type { Scratch } from '../database/scratch.js'
import type { Script } from '../declaration/sql-source.js'
import type { LoadedSchema } from '../declaration/load.js'
import { kindOf } from '../kinds/registry.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Migration } from '../revisions/revision.js'
import type { Baseline } from '../runner/baseline.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { everythingAndRoles } from '../reflector/scope.js'
import { COMPLETE, type Statement } from './common-scope.js'
import { needsOf, type Project, type ScratchWish } from './project.js'
import type { Source } from './sources.js'

/** What a source comes to, and what it answers for. */
export interface State {
  readonly model: SchemaModel
  readonly stated: Statement
  /** Takes out what is not to be compared although the scope has it. */
  readonly without?: (model: SchemaModel) => SchemaModel
  /** What its author wrote, where that is `schema.ts`. */
  readonly loaded?: LoadedSchema
  /** Of a database that is compared itself. */
  readonly liveVersion?: ServerVersion
}

/** A source whose files were read; the rest needs a database. */
export interface OpenSource {
  /** The database itself, when it is one. */
  readonly live?: { readonly database: Database; readonly url: string | undefined }
  /** What scratch must have for it, as far as that is known before it ran. */
  readonly needs: Pick<ScratchWish, 'extensions' | 'roles' | 'managedRoles'>
  /** Refers to objects that it need not declare, so that the other side must be known first. */
  readonly leans: boolean
  /** `other`: the model of the other side, when that is known. */
  read(wish: ScratchWish, other: SchemaModel | undefined): Promise<State>
}

/**
 * Reads the files of a source, or connects to its database.
 *
 * @throws AutogenError for what is wrong with them
 */
export async function openSource(project: Project, source: Source): Promise<OpenSource> {
  switch (source.type) {
    case 'database':
      return openLive(project.with({ database: source.url }))
    case 'snapshot':
      return openSnapshot(project, source.path)
    case 'schema':
      return openSchema(project.with({ schema: source.paths }))
    case 'sql': {
      const { readScripts } = await import('../declaration/sql-source.js')
      return openScripts(project, readScripts([source.path], project.settings.cwd))
    }
    case 'prisma': {
      const { prismaScript } = await import('../declaration/prisma-source.js')
      return openPrisma(project, await prismaScript(source.path, project.settings.cwd))
    }
    case 'migrations': {
      const [{ migrationsOf }, { baselineOf }] = await Promise.all([import('./migrations.js'), import('./baseline.js')])
      const folder = project.with({ migrations: source.path, moreMigrations: source.more ?? [] })
      return openMigrations(project, await migrationsOf(folder), await baselineOf(folder))
    }
  }
}

async function openLive(project: Project): Promise<OpenSource> {
  const { reflect } = await import('../reflector/reflect.js')
  const database = await project.live()
  const state = async ({ managedRoles: roles }: ScratchWish) => {
    project.begin(`reading ${database.label}`)
    const scope = await project.wholeScope([], { databaseSettings: true, roles })
    return { model: await reflect(database, scope), stated: COMPLETE, liveVersion: database.version }
  }
  return { live: { database, url: project.settings.database }, needs: { extensions: [] }, leans: false, read: state }
}

async function openSnapshot(project: Project, path: string): Promise<OpenSource> {
  const { readSnapshot } = await import('./snapshot.js')
  const { model, manage } = await readSnapshot(project.resolve(path))
  const stated = manage ? { manage, outline: [] } : COMPLETE
  return { needs: { ...needsOf(model.objects.values()), managedRoles: managedRoles(manage) }, leans: false, read: async () => ({ model, stated }) }
}

/** Its scope is what it states; what lies outside is as on the other side. */
async function openSchema(project: Project): Promise<OpenSource> {
  const { targetOf } = await import('../declaration/target.js')
  const loaded = await project.declared()
  const scope = await project.scope()
  const { settings } = project
  const read = (wish: ScratchWish, other = empty(wish.live)): Promise<State> =>
    lending(async (lent) => {
      const target = await targetOf(loaded, {
        scope,
        surroundings: scope.surroundings(other),
        ...(wish.live && { meantFor: wish.live.version }),
        scratch: async () => {
          const { database } = lent(await project.lendScratch(wish))
          project.begin(`elaborating ${settings.schema.join(', ')}`)
          return database
        },
        key: [String(wish.live?.version.number ?? ''), wish.live?.label ?? '', settings.scratch, settings.versionSchema, settings.filter?.key ?? '', settings.custom?.key ?? ''],
        cache: project.cacheFolder,
      })
      return { model: await target.model(), stated: { manage: loaded.scope, outline: loaded.outline }, loaded }
    })
  return { needs: { ...needsOf(loaded.declarations.map(({ object }) => object)), managedRoles: managedRoles(loaded.scope) }, leans: true, read }
}

/** Closes what was lent as soon as the work is done: an embedded engine takes much memory. */
async function lending<T>(work: (lent: (scratch: Scratch) => Scratch) => Promise<T>): Promise<T> {
  const scratches: Scratch[] = []
  try {
    return await work((scratch) => (scratches.push(scratch), scratch))
  } finally {
    for (const scratch of scratches) await scratch.close()
  }
}

function empty(live: Database | null): SchemaModel {
  return new SchemaModel({ version: live?.version ?? { number: 0, major: 0 }, objects: [], dependencies: [], unmanaged: [] })
}

async function openScripts(project: Project, scripts: readonly Script[]): Promise<OpenSource> {
  const [{ mayCreateRoles, needsOfScripts }, { scriptModel, createRoleIn }] = await Promise.all([import('./replay.js'), import('../declaration/sql-source.js')])
  const read = (wish: ScratchWish) =>
    lending(async (lent) => {
      const { database, engine } = lent(await project.lendScratch(wish))
      project.begin('running the scripts in scratch')
      const createRole = async (name: string) => mayCreateRoles(engine) && createRoleIn(database, name)
      const model = await scriptModel(database, scripts, { createRole, ...(wish.managedRoles && { scope: everythingAndRoles }) })
      return { model, stated: statedBy(model, { schemas: 'all' }) }
    })
  return { needs: needsOfScripts(scripts), leans: false, read }
}

/** A Prisma schema answers for the schemas it names, and not for the table in which Prisma counts its migrations. */
async function openPrisma(project: Project, script: Script): Promise<OpenSource> {
  const { PRISMA_MIGRATIONS } = await import('../declaration/prisma-source.js')
  const opened = await openScripts(project, [script])
  const read = async (wish: ScratchWish) => {
    const { model } = await opened.read(wish, undefined)
    return { model, stated: statedBy(model, undefined), without: (other: SchemaModel) => withoutTable(other, PRISMA_MIGRATIONS) }
  }
  return { ...opened, read }
}

/** Of a state that no `schema.ts` describes: privileges and owners of the objects for which it has some. It asks for no version of an extension. */
function statedBy(model: SchemaModel, manage: ManageOptions | undefined): Statement {
  return { manage, outline: [...model.objects.values()].filter((object) => kindOf(object).concern !== 'versions') }
}

/** A model without a table of schema public and all its parts. */
function withoutTable(model: SchemaModel, table: string): SchemaModel {
  const isIt = ({ kind, id }: SchemaObject) => kind === 'table' && id.schema === 'public' && id.name === table
  const gone = new Set<Ref>()
  for (const object of model.objects.values()) if (isIt(object) || (object.parent !== null && gone.has(object.parent))) gone.add(object.ref)
  if (gone.size === 0) return model
  const data = model.toData()
  return new SchemaModel({
    ...data,
    objects: data.objects.filter(({ ref }) => !gone.has(ref)),
    dependencies: data.dependencies.filter(({ from, to }) => !gone.has(from) && !gone.has(to)),
  })
}

async function openMigrations(project: Project, migrations: readonly Migration[], baseline: Baseline | undefined): Promise<OpenSource> {
  const [{ needsOfReplay, replay }, { reflect }] = await Promise.all([import('./replay.js'), import('../reflector/reflect.js')])
  const read = (wish: ScratchWish) =>
    lending(async (lent) => {
      const scratch = lent(await project.lendScratch(wish))
      project.begin('replaying the migrations in scratch')
      const whole = await project.wholeScope([], { databaseSettings: true, roles: wish.managedRoles })
      await replay(scratch, { migrations, baseline, versionSchema: project.settings.versionSchema })
      const model = await reflect(scratch.database, whole)
      return { model, stated: statedBy(model, { schemas: 'all' }) }
    })
  return { needs: needsOfReplay({ migrations, baseline }), leans: false, read }
}
