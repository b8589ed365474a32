import chalk, { chalkStderr } from 'chalk'
import { ExitCode } from '../errors.js'
import { graphOf } from '../project/migrations.js'
import type { RunEvent } from '../runner/run-migration.js'
import type { RunOptions, RunResult } from '../runner/runner.js'
import { printJson, printNote, printResult } from './output.js'
import type { Flags } from './program.js'
import { withProject } from './run.js'

/** Runs an upgrade or a downgrade with its progress on stderr; Ctrl-C stops it before the next migration. */
export async function runMigrations(flags: Flags, direction: 'upgrade' | 'downgrade', start: (options: RunOptions) => Promise<RunResult>): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: true }, async (project) => {
    const { migrations } = await graphOf(project)
    const stop = new AbortController()
    const onInterrupt = () => {
      printNote('stopping before the next migration')
      stop.abort()
    }
    process.once('SIGINT', onInterrupt)
    try {
      const result = await start({
        database: await project.live(),
        migrations,
        versionSchema: project.settings.versionSchema,
        singleTransaction: flags.singleTransaction === true,
        signal: stop.signal,
        onEvent: flags.json ? () => undefined : printEvent,
      })
      const ran = result.ran.map(({ revision, message }) => ({ revision, message }))
      if (flags.json) printJson({ direction, before: result.before, after: result.after, ran })
      else if (ran.length === 0) printResult(`nothing to ${direction}: the database is at ${result.after.join(', ') || 'base'}`)
      else printResult(`${chalk.green('done')}: the database is at ${result.after.join(', ') || 'base'}`)
      return ExitCode.done
    } finally {
      process.removeListener('SIGINT', onInterrupt)
    }
  })
}

function printEvent(event: RunEvent): void {
  switch (event.type) {
    case 'waiting':
      return printNote(`waiting for another run to end: ${event.holder}`)
    case 'start': {
      const { migration, direction, steps, resumesAt } = event
      const resumed = resumesAt === undefined ? '' : `, resuming at step ${resumesAt}`
      return printNote(`${direction === 'upgrade' ? '↑' : '↓'} ${chalkStderr.yellow(migration.revision)} ${migration.message} (${steps} ${steps === 1 ? 'step' : 'steps'}${resumed})`)
    }
    case 'steps':
      return undefined
    case 'done':
      return printNote(chalkStderr.dim(`  ${(event.milliseconds / 1000).toFixed(2)} s`))
  }
}
