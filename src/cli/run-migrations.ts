import chalk, { chalkStderr, type ChalkInstance } from 'chalk'
import { ExitCode } from '../errors.js'
import type { Project } from '../project/project.js'
import type { MigrateOptions } from '../project/run.js'
import type { Direction, Migration } from '../revisions/revision.js'
import type { RunEvent } from '../runner/run-migration.js'
import type { RunResult } from '../runner/runner.js'
import { flushTelemetry } from '../runner/telemetry.js'
import { onInterrupt } from './interrupts.js'
import { logsJson } from './log.js'
import { printJson, printNote, printResult } from './output.js'
import type { Flags } from './program.js'
import { showProgress, stopProgress } from './progress.js'
import { withProject } from './run.js'
import { logRunEvent } from './run-events.js'

/** What a shell makes of SIGINT. */
const INTERRUPTED = 130

/** Runs an upgrade or a downgrade with its progress on stderr; Ctrl-C stops it behind what is under way, a second one at once. */
export async function runMigrations(
  flags: Flags,
  direction: 'upgrade' | 'downgrade',
  start: (project: Project, options: MigrateOptions) => Promise<RunResult>,
): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const stop = new AbortController()
    const stopSoon = () => {
      printNote('stopping when the transaction, or the step outside of one, that runs now is done; Ctrl-C once more cancels it')
      stop.abort()
    }
    const options = {
      singleTransaction: flags.singleTransaction === true,
      skipIrreversible: flags.skipIrreversible === true,
      signal: stop.signal,
      onEvent: listener(flags),
    }
    try {
      const result = await onInterrupt(stopSoon, () => start(project, options))
      const ran = result.ran.map(({ revision, message }) => ({ revision, message }))
      const now = result.after.join(', ') || 'base'
      if (flags.json) printJson({ direction, before: result.before, after: result.after, ran })
      else if (ran.length === 0) printResult(`nothing to ${direction}: the database is at ${now}`)
      else printResult(`${chalk.green('done')}: the database is at ${now}`)
      return ExitCode.done
    } catch (error) {
      if (stop.signal.aborted) (error as { exitCode: number }).exitCode = INTERRUPTED
      throw error
    } finally {
      await flushTelemetry()
    }
  })
}

/** What is told of a run goes to stderr: as events, or as text unless a program reads the result. */
export function listener(flags: Flags): MigrateOptions['onEvent'] {
  return logsJson() ? logRunEvent : flags.json ? undefined : printEvent
}

/** Says what a run would do instead of doing it. */
export async function printPreview(flags: Flags, look: (project: Project) => Promise<RunResult>): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { direction, before, after, ran } = await look(project)
    const now = before.join(', ') || 'base'
    if (flags.json) printJson({ direction, before, after, wouldRun: ran.map(({ revision, message }) => ({ revision, message })) })
    else if (ran.length === 0) printResult(`nothing to ${direction}: the database is at ${now}`)
    else {
      for (const migration of ran) printResult(migrationLine(migration, direction, migration[direction]!.length, chalk))
      printResult(`the database would be at ${after.join(', ') || 'base'} (is at ${now}); nothing was run`)
    }
    return ExitCode.done
  })
}

/** Prints a script for psql instead of running anything; the database is not opened. */
export async function printScript(flags: Flags, render: (project: Project) => Promise<string>): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const sql = await render(project)
    if (flags.json) printJson({ sql })
    else printResult(sql.trimEnd())
    return ExitCode.done
  })
}

function printEvent(event: RunEvent): void {
  switch (event.type) {
    case 'waiting':
      return printNote(`waiting for another run to end: ${event.holder}`)
    case 'baseline':
      return printNote(`the database is empty: making what the history began on (${event.steps} statements)`)
    case 'start': {
      const { migration, direction, steps, resumesAt } = event
      return printNote(migrationLine(migration, direction, steps, chalkStderr, resumesAt))
    }
    case 'steps':
      return showProgress(event.from === event.to ? `step ${event.from}` : `steps ${event.from} to ${event.to}`)
    case 'seen':
      return showProgress(sightingText(event))
    case 'progress':
      return showProgress(`step ${event.step}: ${rowsText(event)}`)
    case 'replicas':
      return event.lagging.length > 0 ? showProgress(`waiting for ${event.lagging.map(({ name }) => name).join(', ')}`) : stopProgress()
    case 'retry':
      return printNote(retryText(event))
    case 'failed':
      return stopProgress()
    case 'done':
      stopProgress()
      return printNote(chalkStderr.dim(`  ${(event.milliseconds / 1000).toFixed(2)} s`))
  }
}

/** `step 3: waiting for process 4711 (user app, psql, idle in transaction, since 09:30:00)`, `step 3: building index: scanning table: 40 %`. */
function sightingText({ from, to, blockedBy, progress }: Extract<RunEvent, { type: 'seen' }>): string {
  const step = from === to ? `step ${from}` : `steps ${from} to ${to}`
  if (blockedBy.length > 0) return `${step}: waiting for ${blockedBy.join(', ')}`
  return progress ? `${step}: ${progress}` : step
}

/** `waiting for a lock on app.users held by process 4711 (user app, idle in transaction, since 09:30:00); retry 3 of 10 in 1.2 s`. */
function retryText({ retry, of, inMs, deadlock, waitsFor, blockedBy = [] }: Extract<RunEvent, { type: 'retry' }>): string {
  const held = blockedBy.length > 0 ? ` held by ${blockedBy.join(', ')}` : ''
  const why = deadlock ? 'another session and this one waited for each other' : `waiting for ${waitsFor ?? 'a lock'}${held}`
  return `${why}; retry ${retry} of ${of} in ${(inMs / 1000).toFixed(1)} s`
}

/** `12,000 of about 40,000 rows, 5,000 rows/s, about 6 s left`. */
function rowsText({ rows, estimated, rowsPerSecond }: { readonly rows: number; readonly estimated: number; readonly rowsPerSecond: number }): string {
  const number = (value: number) => Math.round(value).toLocaleString('en')
  const left = Math.max(estimated - rows, 0) / rowsPerSecond
  return `${number(rows)} of about ${number(Math.max(estimated, rows))} rows, ${number(rowsPerSecond)} rows/s, about ${number(left)} s left`
}

function migrationLine({ revision, message }: Migration, direction: Direction, steps: number, chalk: ChalkInstance, resumesAt?: number): string {
  const resumed = resumesAt === undefined ? '' : `, resuming at step ${resumesAt}`
  return `${direction === 'upgrade' ? '↑' : '↓'} ${[chalk.yellow(revision), message].filter(Boolean).join(' ')} (${steps} ${steps === 1 ? 'step' : 'steps'}${resumed})`
}
