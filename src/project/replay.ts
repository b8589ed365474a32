import type { Scratch } from '../database/scratch.js'
import { createRoleIn, extensionsIn, missingRole, type Script } from '../declaration/sql-source.js'
import { DatabaseError } from '../errors.js'
import type { Scope } from '../reflector/scope.js'
import type { Migration } from '../revisions/revision.js'
import type { Baseline } from '../runner/baseline.js'
import { upgrade } from '../runner/runner.js'
import { splitScript } from '../sql/split.js'
import type { Project, ScratchWish } from './project.js'

/** A history as it is replayed: its migrations, and what it began on. */
export interface Replayed {
  readonly migrations: readonly Migration[]
  readonly baseline?: Baseline | undefined
  readonly versionSchema: string
}

/** Runs migrations in an empty scratch database, up to `target`; roles that they name are made where that hurts nobody. */
export async function replay({ database, engine }: Pick<Scratch, 'database' | 'engine'>, history: Replayed, target: string | readonly string[] = 'heads'): Promise<void> {
  if (history.migrations.length === 0) return
  for (let made = new Set<string>(); ; ) {
    try {
      await upgrade({ database, ...history, scratch: true }, target)
      return
    } catch (error) {
      const cause = error instanceof DatabaseError && error.cause instanceof DatabaseError ? error.cause : error
      const role = cause instanceof DatabaseError ? missingRole(cause) : undefined
      if (role === undefined || made.has(role) || !mayCreateRoles(engine) || !(await createRoleIn(database, role))) throw error
      made.add(role)
    }
  }
}

/** Brings scratch to where something begins: behind the revisions that it needs, or on what the history begins on. */
export async function replayTo(scratch: Pick<Scratch, 'database' | 'engine'>, history: Replayed, revisions: readonly string[]): Promise<void> {
  if (revisions.length > 0) return replay(scratch, history, revisions)
  const { baseline } = history
  if (baseline && (await baseline.isWanted(scratch.database))) await scratch.database.executeAll(['BEGIN', ...baseline.steps.map(({ sql }) => sql), 'COMMIT'])
}

/** What scratch must have for a replay. */
export function needsOfReplay({ migrations, baseline }: Pick<Replayed, 'migrations' | 'baseline'>): Pick<ScratchWish, 'extensions' | 'managedRoles'> {
  const steps = [{ upgrade: baseline?.steps ?? [] }, ...migrations]
  return needsOfScripts(steps.map(({ upgrade }) => ({ file: '', statements: upgrade.flatMap(({ sql }) => splitScript(sql).statements) })))
}

/** All that a history can change: also roles, where it makes some and scratch has a server of its own for that. */
export function wholeOf(project: Project, { managedRoles }: Pick<ScratchWish, 'managedRoles'>): Promise<Scope> {
  return project.wholeScope([], { databaseSettings: true, ...(managedRoles && { roles: 'all' }) })
}

/** SQL that makes, changes or drops roles must not run on a server that others use; that some which only mentions it does not either, costs nothing. */
export function needsOfScripts(scripts: readonly Script[]): Pick<ScratchWish, 'extensions' | 'managedRoles'> {
  // GRANT and REVOKE of a role have no ON.
  const changesRoles = /\b(create|alter|drop|comment\s+on)\s+(role|user|group)\b(?!\s+mapping)|^\s*(grant|revoke)\b(?!.*\son\s)/is
  const own = scripts.some(({ statements }) => statements.some(({ sql }) => changesRoles.test(sql)))
  return { extensions: extensionsIn(scripts), ...(own && { managedRoles: [] }) }
}

/** Roles of a server outlive the scratch database: those are its owner's business. */
export function mayCreateRoles(engine: string): boolean {
  return engine === 'native' || engine === 'embedded'
}
