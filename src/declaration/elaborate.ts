import type { Declaration } from '../authoring/declared.js'
import { managedRoles, type ManageOptions } from '../authoring/manage.js'
import type { Database, ServerVersion } from '../database/database.js'
import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { diff } from '../differ/diff.js'
import { alterContext, expand } from '../differ/expand.js'
import { order } from '../differ/order.js'
import { DatabaseError } from '../errors.js'
import { allKinds, kindOf } from '../kinds/registry.js'
import { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { roleRef } from '../model/object-ref.js'
import { quoteIdent } from '../sql/identifiers.js'
import { reflectWithin } from '../reflector/reflect.js'
import { everything, everythingAndRoles, type Scope } from '../reflector/scope.js'
import { declaredModel, titleOf } from './declared-model.js'
import { manyMore, mostTellingFirst, schemaError } from './failures.js'
import { rereadAll } from './reread.js'
import { checkVersionNeeds } from './version-needs.js'
import { objectOf, runSteps, stepOf, type Failure, type Step } from './steps.js'

export interface ElaborateOptions {
  /** Which objects the model shall hold; all by default. */
  readonly scope?: Scope
  /** What the declarations answer for. For all schemas: then what every new database has and they do not name (schema public) is dropped. */
  readonly manage?: ManageOptions | undefined
  /** Objects that are not declared but may be referred to; they are created first. */
  readonly surroundings?: SchemaModel
  /** Objects of the database that is compared: texts that stand there already are taken as they are, others are read for syntax errors. */
  readonly present?: SchemaModel
  /** The version of the database that the schema is for; that of scratch by default. */
  readonly meantFor?: ServerVersion
  /** Leaves the objects in the database instead of rolling back. */
  readonly commit?: boolean
}

/**
 * What declared objects are once PostgreSQL has read them: creates them in an empty scratch database, reflects, and rolls back.
 *
 * @throws SchemaError with the place in the user's file for what cannot be created, or is too new for the database it is meant for
 * @example const model = await elaborate(scratch, declarations)
 */
export async function elaborate(
  database: Database,
  declarations: readonly Declaration[],
  options: ElaborateOptions = {},
): Promise<SchemaModel> {
  const declared = declaredModel(declarations, database.version)
  await checkVersionNeeds(declarations, options.meantFor ?? database.version)
  return inScratchTransaction(database, options.commit ?? false, async () => {
    const surroundings = options.surroundings && undeclared(options.surroundings, declared)
    if (surroundings && surroundings.objects.size > 0) await recreate(database, surroundings, undefined)
    // Where all roles are declared, one that is not does not exist.
    if (options.manage?.roles !== 'all') await createMissingRoles(database, declared)
    const failures = await createAll(database, declared, options.manage?.schemas === 'all' ? everything : undefined)
    if (failures.length > 0) throw await schemaError(failures, declarations, declared)
    const mistakes = options.present ? await rereadAll(database, declared) : []
    const model = await reflectWithin(database, options.scope ?? (managedRoles(options.manage) ? everythingAndRoles : everything))
    const isNew = ({ ref }: SchemaObject) => JSON.stringify(model.get(ref)?.attrs) !== JSON.stringify(options.present?.get(ref)?.attrs)
    const made = mistakes.filter(({ step }) => isNew(objectOf(step)))
    if (made.length > 0) throw await schemaError(made, declarations, declared)
    return model
  })
}

/** What is declared may lie outside the scope, and then surrounds it as well. */
function undeclared(surroundings: SchemaModel, declared: SchemaModel): SchemaModel {
  const isDeclared = (ref: Ref | null | undefined): boolean => ref != null && (declared.get(ref) !== undefined || isDeclared(surroundings.get(ref)?.parent))
  const data = surroundings.toData()
  return new SchemaModel({ ...data, objects: data.objects.filter(({ ref }) => !isDeclared(ref)) })
}

/**
 * Creates the objects of a reflected model in an empty scratch database, and leaves them there. What every new database has, the
 * scope includes and the model lacks, is dropped. Gives back what it did, which does the same in any other empty database.
 *
 * @throws DatabaseError naming the object that cannot be created again
 * @example await rebuild(scratch, live)
 */
export async function rebuild(database: Database, model: SchemaModel, scope: Scope = everything): Promise<readonly Step[]> {
  return inScratchTransaction(database, true, () => recreate(database, model, scope))
}

/**
 * A reflected model as it reads after it was created once more in an empty scratch database, which is left empty: what PostgreSQL
 * prints of an expression can change when its own text is read again. `then`: what is run before it is read. Throws as `rebuild`.
 */
export async function settle(database: Database, model: SchemaModel, scope: Scope = everything, then: readonly string[] = []): Promise<SchemaModel> {
  return inScratchTransaction(database, false, async () => {
    await recreate(database, model, scope)
    await database.executeAll([...then])
    return reflectWithin(database, scope)
  })
}

async function recreate(database: Database, model: SchemaModel, scope: Scope | undefined): Promise<readonly Step[]> {
  await createMissingRoles(database, model)
  const ran: Step[] = []
  const failures = await createAll(database, model, scope, ran)
  if (failures.length > 0) throw rebuildError(failures, model, database)
  return ran
}

async function inScratchTransaction<T>(database: Database, commit: boolean, work: () => Promise<T>): Promise<T> {
  await database.executeAll(['BEGIN', ...EXECUTION_SETTINGS.map((setting) => setting.replace(/^SET /, 'SET LOCAL '))])
  try {
    const result = await work()
    await database.executeAll([commit ? 'COMMIT' : 'ROLLBACK'])
    return result
  } catch (error) {
    // The first failure is the one to report; a rollback on a broken connection fails for the same reason.
    await database.executeAll(['ROLLBACK']).catch(() => undefined)
    throw error
  }
}

/** Creates everything a model holds, by the migration from what a new database has; what `dropping` does not include stays. */
async function createAll(database: Database, model: SchemaModel, dropping: Scope | undefined, ran?: Step[]): Promise<Failure[]> {
  const initial = initialModel(model)
  const dropped = dropping?.restrict(initial)
  const operations = diff(initial, model).filter((operation) => operation.type !== 'drop' || dropped?.get(operation.object.ref))
  const context = alterContext(initial, model)
  return runSteps(database, order(initial, model, expand(initial, model, operations)).map((ordered) => stepOf(ordered, context)), ran)
}

function initialModel(model: SchemaModel): SchemaModel {
  const objects = allKinds().flatMap((kind) => kind.initial ?? [])
  return new SchemaModel({ version: model.version, objects, dependencies: [], unmanaged: [] })
}

/** Roles belong to the whole server; where they are the real ones, or may not be made, PostgreSQL says which object needs them. */
async function createMissingRoles(database: Database, model: SchemaModel): Promise<void> {
  if (database.borrowedRoles === null) return
  const named = new Set<string>()
  for (const object of model.objects.values()) {
    for (const role of kindOf(object).roles?.(object) ?? []) if (!model.get(roleRef(role))) named.add(role)
    if (object.parent === null && kindOf(object).concern === 'roles') database.madeRoles?.delete(object.id.target as string)
  }
  if (named.size === 0) return
  for (const [role] of await database.query('SELECT rolname FROM pg_roles')) named.delete(role as string)
  for (const role of named) {
    try {
      await database.executeAll(['SAVEPOINT role', `CREATE ROLE ${quoteIdent(role)} NOLOGIN`, 'RELEASE SAVEPOINT role'])
      database.borrowedRoles?.add(role)
      if (database.borrowedRoles === undefined) (database.madeRoles ??= new Set()).add(role)
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.sqlState === undefined) throw error
      await database.executeAll(['ROLLBACK TO SAVEPOINT role'])
    }
  }
}

function rebuildError(failures: readonly Failure[], model: SchemaModel, database: Database): DatabaseError {
  const [first, ...others] = mostTellingFirst(failures, model)
  const { step, error } = first!
  const [own, there] = [model.version.major, database.version.major]
  const otherVersion = own === there ? '' : `it comes from PostgreSQL ${own}, and scratch is PostgreSQL ${there}: `
  return new DatabaseError(`${titleOf(objectOf(step))} cannot be rebuilt in scratch (${database.label}): ${error.message}`, {
    detail: [error.detail, ...manyMore(others.map(({ step, error }) => `also ${titleOf(objectOf(step))}: ${error.message}`))].filter(Boolean).join('\n') || undefined,
    hint: error.hint ?? `${otherVersion}use a scratch engine that has what the object needs (--scratch server, or a url)`,
    sqlState: error.sqlState,
    statement: error.statement,
    position: error.position,
    cause: error,
  })
}
