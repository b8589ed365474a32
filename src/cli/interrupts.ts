import { constants } from 'node:os'
import { cleanUp, leaveSignalsToHost } from '../database/cleanup.js'
import { stopProgress } from './progress.js'
import { printNote } from './output.js'

const handlers: (() => void)[] = []
let ending = false

/**
 * Ends the process on Ctrl-C and its like as a shell expects: whatever must not outlive it is put away, one line says what
 * happened, and the exit code is 128 plus the number of the signal.
 */
export function handleSignals(): void {
  leaveSignalsToHost()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => void onSignal(signal))
}

/** For the time of `work`, the first Ctrl-C calls `handler` instead of ending the process; the next one ends it. */
export async function onInterrupt<T>(handler: () => void, work: () => Promise<T>): Promise<T> {
  handlers.push(handler)
  try {
    return await work()
  } finally {
    const index = handlers.indexOf(handler)
    if (index >= 0) handlers.splice(index, 1)
  }
}

/** Whether a signal is about to end the process. */
export function isEnding(): boolean {
  return ending
}

/** Resolves never once a signal ends the process, so that nothing else is said about what it cut short. */
export async function unlessEnding(): Promise<void> {
  if (ending) await new Promise(() => undefined)
}

async function onSignal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Promise<void> {
  const handler = signal === 'SIGINT' ? handlers.pop() : undefined
  if (handler) return handler()
  // Again, while things are put away: whoever is that impatient gets the rest done by the next run.
  if (ending) process.exit(128 + constants.signals[signal])
  ending = true
  stopProgress()
  printNote(signal === 'SIGINT' ? 'interrupted: cleaning up' : `ended by ${signal}: cleaning up`)
  await cleanUp()
  process.exit(128 + constants.signals[signal])
}
