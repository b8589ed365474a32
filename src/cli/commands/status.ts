import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { statusOf, type ProjectStatus } from '../../project/status.js'
import { visible } from '../../review/visible.js'
import type { Migration } from '../../revisions/revision.js'
import type { HistoryEntry } from '../../runner/history.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { revisionJson, revisionLines } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const status = await statusOf(project)
    if (flags.json) printJson(statusJson(status))
    else printResult(statusText(status))
    return ExitCode.done
  })
}

function statusText(status: ProjectStatus): string {
  const { graph, database, current, unknown, pending, edited, unfinished, last } = status
  const known = current.filter((revision) => !unknown.includes(revision)).map((revision) => graph.get(revision)!)
  const lines = [
    fact('database', database),
    ...(current.length === 0 ? [fact('current', 'base: no migration is applied')] : []),
    ...known.map((revision) => fact('current', revisionLines([revision], graph, { chalk }))),
    ...unknown.map((revision) => fact('current', `${revision} ${chalk.red('(not in the migrations folder)')}`)),
    fact('pending', pendingText(status)),
    ...(pending ?? []).map((migration) => `  ${chalk.cyan('↑')} ${revisionLines([migration], graph, { chalk })} ${chalk.dim(stepsOf(migration))}`),
    ...edited.map((migration) => fact('edited', `${chalk.red(migration.revision)} after it was applied: ${showPath(migration.file!)}`)),
    ...(unfinished ? [fact('unfinished', chalk.red(entryText(unfinished)))] : []),
    ...(last && last !== unfinished ? [fact('last run', entryText(last))] : []),
  ]
  return lines.join('\n')
}

function pendingText({ graph, pending }: ProjectStatus): string {
  if (!pending) return 'cannot be told: migrations that the database has run are missing here'
  if (pending.length === 0) return chalk.green('nothing')
  return `${count(pending.length, 'migration')}: autogen upgrade${graph.heads.length > 1 ? ' heads' : ''}`
}

function fact(name: string, value: string): string {
  return `${chalk.dim(name.padEnd(10))} ${value}`
}

function stepsOf({ upgrade, downgrade }: Migration): string {
  const outside = upgrade.filter(({ type }) => type === 'outside').length
  const parts = [count(upgrade.length, 'step'), outside > 0 && `${outside} outside a transaction`, downgrade === null && 'cannot be undone']
  return `(${parts.filter(Boolean).join(', ')})`
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

function entryText({ revision, direction, outcome, started, milliseconds, who, stepsDone, error }: HistoryEntry): string {
  const how = outcome === 'done' ? (milliseconds === null ? 'done' : `done in ${(milliseconds / 1000).toFixed(2)} s`) : stepsDone === 0 ? outcome : `${outcome} after step ${stepsDone}`
  const by = who === null ? '' : ` by ${visible(who)}`
  return `${direction} ${revision} ${how}, started ${new Date(started).toISOString().slice(0, 19).replace('T', ' ')} UTC${by}${error === null ? '' : `: ${visible(error)}`}`
}

function statusJson({ graph, pending, edited, unfinished, last, ...plain }: ProjectStatus): unknown {
  const json = (migration: Migration) => ({ ...revisionJson(migration, graph), steps: migration.upgrade.length })
  return { ...plain, heads: graph.heads, pending: pending?.map(json) ?? null, edited: edited.map(json), unfinished: unfinished ?? null, last: last ?? null }
}
