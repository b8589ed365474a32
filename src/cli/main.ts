#!/usr/bin/env node
import { AutogenError, ExitCode } from '../errors.js'
import { handleSignals, isEnding, unlessEnding } from './interrupts.js'
import { logEvent } from './log.js'
import { printError, printErrorJson, printNote } from './output.js'
import { program } from './program.js'
import { stopProgress } from './progress.js'

let isOver = false

// A reader that goes away early (`autogen history | head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    isOver = true
    if (error.code === 'EPIPE') process.exit()
    process.exit(ExitCode.failed)
  })
}
handleSignals()
// What fails where nobody waits for it, as in a driver, ends the run like every other failure.
process.on('uncaughtException', (error) => void fail(error).then(end))

const argv = process.argv.slice(2)
// Who trusts the exit code must not take what a file of the project ended, or never let go on, for done.
process.on('exit', () => {
  if (isOver || isEnding()) return
  const error = new AutogenError('the process ended before the command was done', {
    hint: 'does the configuration, schema.ts, a migration or a file that they import call process.exit, or await what never comes?',
  })
  process.exitCode = ExitCode.failed
  stopProgress()
  if (argv.includes('--json')) printErrorJson(error)
  printNote(`error: ${error.message}\nhint: ${error.hint}`)
})
try {
  process.exitCode = await program(argv)
} catch (error) {
  await fail(error)
}
await unlessEnding()
end()

async function fail(error: unknown): Promise<void> {
  await unlessEnding()
  process.exitCode = (error as { exitCode?: number } | null)?.exitCode ?? ExitCode.failed
  stopProgress()
  if (argv.includes('--json')) printErrorJson(error)
  await printError(error)
}

/** Idle connections and embedded engines are closed by now; what is left open belongs to no one. */
function end(): void {
  isOver = true
  stopProgress()
  logEvent('info', 'command.end', { exitCode: process.exitCode ?? ExitCode.done, milliseconds: Math.round(process.uptime() * 1000) })
  process.stdout.write('', () => process.stderr.write('', () => process.exit()))
}
