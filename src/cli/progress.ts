import { logEvent, logsJson } from './log.js'

/** Shorter work is not worth a line. */
const PATIENCE_MS = 1_000
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

let stage: { readonly name: string; readonly since: number } | undefined
let started = 0
let timer: NodeJS.Timeout | undefined
let frame = 0
let shown = false

/** Says what is done from now on. */
export function showStage(name: string): void {
  if (logsJson()) logEvent('debug', 'stage', { stage: name })
  else showProgress(name)
}

/** Says on a terminal's stderr what is being done and for how long, once the whole work takes longer than a second. Silent elsewhere. */
export function showProgress(name: string): void {
  if (!process.stderr.isTTY || process.env.TERM === 'dumb') return
  const now = Date.now()
  started ||= now
  if (stage?.name !== name) stage = { name, since: now }
  timer ??= setInterval(draw, 100).unref()
  // Much of the work does not let timers get a turn.
  draw()
}

/** Takes the line away, as before anything else is printed; the next stage brings it back. */
export function clearProgress(): void {
  if (shown) process.stderr.write('\r\x1b[K')
  shown = false
}

/** Ends the display. */
export function stopProgress(): void {
  clearProgress()
  clearInterval(timer)
  timer = undefined
  stage = undefined
}

function draw(): void {
  if (!stage || Date.now() - started < PATIENCE_MS) return
  const seconds = ((Date.now() - started) / 1000).toFixed(1)
  const line = `${FRAMES[(frame = (frame + 1) % FRAMES.length)]} ${stage.name} (${seconds} s)`
  process.stderr.write(`\r${line.slice(0, (process.stderr.columns || 80) - 1)}\x1b[K`)
  shown = true
}
