import type { SourcePosition } from '../errors.js'
import { stepsOf } from '../revisions/revision.js'
import type { RunEvent } from '../runner/run-migration.js'
import { logEvent } from './log.js'
import { errorFields } from './output.js'

/** Writes what is told of a run into the log. */
export function logRunEvent(event: RunEvent): void {
  switch (event.type) {
    case 'waiting':
      return logEvent('warn', 'lock.waiting', { holder: event.holder })
    case 'baseline':
      return logEvent('info', 'baseline', { steps: event.steps })
    case 'start': {
      const { migration, steps, resumesAt } = event
      return logEvent('info', 'migration.start', { ...run(event), message: migration.message, file: migration.file, steps, resumesAt })
    }
    case 'steps':
      return logEvent('debug', 'steps', { ...run(event), from: event.from, to: event.to, ...place(stepsOf(event.migration, event.direction)[event.from - 1]?.at) })
    case 'seen':
      return logEvent(event.blockedBy.length > 0 ? 'warn' : 'info', 'steps.seen', { ...run(event), from: event.from, to: event.to, blockedBy: event.blockedBy, progress: event.progress })
    case 'retry': {
      const { from, to, retry, of, inMs, deadlock, waitsFor, blockedBy } = event
      return logEvent('warn', 'steps.retry', { ...run(event), from, to, retry, of, milliseconds: Math.round(inMs), deadlock, waitsFor, blockedBy })
    }
    case 'progress': {
      const { step, rows, estimated, rowsPerSecond } = event
      return logEvent('info', 'backfill.progress', { ...run(event), step, rows, estimated, rowsPerSecond })
    }
    case 'replicas':
      return logEvent('info', 'replicas', { lagging: event.lagging })
    case 'done':
      return logEvent('info', 'migration.done', { ...run(event), milliseconds: event.milliseconds })
    case 'failed':
      return logEvent('error', 'migration.failed', { ...run(event), milliseconds: event.milliseconds, ...errorFields(event.error) })
    default:
      return event satisfies never
  }
}

function run({ migration, direction }: Pick<Extract<RunEvent, { type: 'done' }>, 'migration' | 'direction'>) {
  return { revision: migration.revision, direction }
}

function place(at: SourcePosition | undefined) {
  return at && { file: at.file, line: at.line }
}
