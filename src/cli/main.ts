#!/usr/bin/env node
import { ExitCode } from '../errors.js'
import { program } from './program.js'
import { printError } from './output.js'

// A reader that goes away early (`autogen history | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

try {
  process.exitCode = await program(process.argv.slice(2))
} catch (error) {
  await printError(error)
  process.exitCode = (error as { exitCode?: number }).exitCode ?? ExitCode.failed
}
// Idle connections and embedded engines are closed by now; what is left open belongs to no one.
process.exit()
