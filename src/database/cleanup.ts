/** Something that must not outlive this process. */
export interface Cleanup {
  /** Puts it away properly; awaited on Ctrl-C and other signals. */
  readonly gracefully: () => Promise<unknown>
  /** What can be done while the process exits, where nothing can be awaited. */
  readonly atExit?: () => void
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
const GRACE_MS = 5_000
const pending = new Set<Cleanup>()
let signalsAreOurs = true

/**
 * Registers a cleanup for the case that the process ends before its owner did it; returns what the owner calls once it has.
 * After a signal the cleanups run, newest first, and then the signal ends the process as if nobody had listened.
 */
export function beforeExit(cleanup: Cleanup): () => void {
  if (pending.size === 0) {
    if (signalsAreOurs) for (const signal of SIGNALS) process.on(signal, onSignal)
    process.on('exit', onExit)
  }
  pending.add(cleanup)
  return () => {
    pending.delete(cleanup)
    if (pending.size === 0) stopListening()
  }
}

/** For a program that listens to signals itself: from now on nothing here does, and it calls `cleanUp` before it ends. */
export function leaveSignalsToHost(): void {
  signalsAreOurs = false
  for (const signal of SIGNALS) process.off(signal, onSignal)
}

/** Runs all cleanups, newest first, those included that are registered meanwhile; gives up after some seconds. */
export async function cleanUp(): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise((resolve) => (timer = setTimeout(resolve, GRACE_MS)))
  await Promise.race([allDone(new Set()), timeout])
  clearTimeout(timer)
}

async function allDone(tried: Set<Cleanup>): Promise<void> {
  for (;;) {
    const next = [...pending].reverse().filter((cleanup) => !tried.has(cleanup))
    if (next.length === 0) return
    for (const cleanup of next) tried.add(cleanup)
    await Promise.allSettled(next.map((cleanup) => cleanup.gracefully()))
  }
}

function stopListening(): void {
  for (const signal of SIGNALS) process.off(signal, onSignal)
  process.off('exit', onExit)
}

function onExit(): void {
  for (const cleanup of [...pending].reverse()) cleanup.atExit?.()
}

function onSignal(signal: NodeJS.Signals): void {
  for (const other of SIGNALS) process.off(other, onSignal)
  void cleanUp().then(() => {
    // Another listener decides for itself how the process ends.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal)
  })
}
