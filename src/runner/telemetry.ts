import type { Attributes, Context, Counter, Histogram, Span } from '@opentelemetry/api'
import type { Database } from '../database/database.js'
import { packageVersion } from '../package-version.js'
import type { Direction, Step } from '../revisions/revision.js'
import type { MigrationRun } from './run-migration.js'

type Api = typeof import('@opentelemetry/api')

/** What an application with OpenTelemetry sees of a run: a span of it, of each migration, and of steps that are sent together. */
export interface Telemetry {
  run<T>(direction: Direction, work: () => Promise<T>): Promise<T>
  migration(run: MigrationRun, work: () => Promise<void>): Promise<void>
  /** `from` is the number of the first step, 1-based. */
  steps(steps: readonly Step[], from: number, work: () => Promise<void>): Promise<void>
  /** Rows that a batch of a backfill updated. */
  rows(count: number): void
}

export const NO_TELEMETRY: Telemetry = { run: (_, work) => work(), migration: (_, work) => work(), steps: (_steps, _from, work) => work(), rows: () => undefined }

const NAME = 'pg-autogen'
/** Seconds. */
const DURATIONS = [0.01, 0.05, 0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600]
const LONGEST_TEXT = 10_000
const FLUSH_MS = 5_000

/** Where `@opentelemetry/api` 1 keeps what an SDK registers: loading it for nobody would cost more than a short migration. */
const REGISTERED = Symbol.for('opentelemetry.js.api.1')

let api: Promise<Api | undefined> | undefined

/** The application's `@opentelemetry/api`, where there is one and an SDK listens to it. */
async function load(): Promise<Api | undefined> {
  if (!(REGISTERED in globalThis)) return undefined
  return (api ??= import('@opentelemetry/api').catch(() => undefined))
}

/** The telemetry of one run on a database; without an SDK nothing is told to anybody. */
export async function telemetryOf(database: Database): Promise<Telemetry> {
  const loaded = await load()
  return loaded ? new OpenTelemetry(loaded, database) : NO_TELEMETRY
}

/** Lets the application's SDK send what it holds back, as before the process ends. */
export async function flushTelemetry(): Promise<void> {
  const loaded = await load()
  if (!loaded) return
  const tracers = loaded.trace.getTracerProvider() as Partial<{ getDelegate(): object }>
  const providers = [tracers.getDelegate?.() ?? tracers, loaded.metrics.getMeterProvider()] as Partial<{ forceFlush(): Promise<void> }>[]
  const flushed = Promise.allSettled(providers.map(async (provider) => provider.forceFlush?.()))
  let timer: NodeJS.Timeout | undefined
  await Promise.race([flushed, new Promise((resolve) => (timer = setTimeout(resolve, FLUSH_MS)))])
  clearTimeout(timer)
}

class OpenTelemetry implements Telemetry {
  readonly #api: Api
  readonly #database: Database
  readonly #durations: Histogram
  readonly #migrations: Counter
  readonly #rows: Counter
  /** What the next span is a part of. */
  #within: Context
  #connection: Attributes = {}

  constructor(loaded: Api, database: Database) {
    this.#api = loaded
    this.#database = database
    this.#within = loaded.context.active()
    const meter = loaded.metrics.getMeter(NAME, packageVersion())
    this.#durations = meter.createHistogram('autogen.migration.duration', { unit: 's', description: 'How long migrations took', advice: { explicitBucketBoundaries: DURATIONS } })
    this.#migrations = meter.createCounter('autogen.migrations', { unit: '{migration}', description: 'Migrations that were run' })
    this.#rows = meter.createCounter('autogen.backfill.rows', { unit: '{row}', description: 'Rows that backfills updated' })
  }

  async run<T>(direction: Direction, work: () => Promise<T>): Promise<T> {
    return this.#span(`autogen ${direction}`, { attributes: { 'db.system.name': 'postgresql', 'autogen.direction': direction } }, async (span) => {
      if (span.isRecording()) this.#connection = await connectionOf(this.#database)
      span.setAttributes(this.#connection)
      return work()
    })
  }

  async migration({ migration, direction, steps }: MigrationRun, work: () => Promise<void>): Promise<void> {
    const attributes = { 'autogen.revision': migration.revision, 'autogen.message': migration.message, 'autogen.direction': direction, 'autogen.steps': steps.length }
    const started = performance.now()
    const done = (failure: Attributes) => {
      const measured = { 'autogen.direction': direction, 'autogen.outcome': 'error.type' in failure ? 'failed' : 'done', ...failure }
      this.#durations.record((performance.now() - started) / 1000, measured)
      this.#migrations.add(1, measured)
    }
    try {
      await this.#span(`migration ${migration.revision}`, { attributes }, work)
      done({})
    } catch (error) {
      done({ 'error.type': typeOf(error) })
      throw error
    }
  }

  async steps(steps: readonly Step[], from: number, work: () => Promise<void>): Promise<void> {
    const at = steps[0]?.at
    const attributes = {
      'db.system.name': 'postgresql',
      ...this.#connection,
      // Secrets are names in it; their values travel apart.
      'db.query.text': steps.map(({ sql }) => sql).join(';\n').slice(0, LONGEST_TEXT),
      ...(steps.length > 1 && { 'db.operation.batch.size': steps.length }),
      ...(at && { 'code.file.path': at.file, 'code.line.number': at.line }),
    }
    await this.#span(steps.length === 1 ? `step ${from}` : `steps ${from} to ${from + steps.length - 1}`, { attributes, kind: this.#api.SpanKind.CLIENT }, work)
  }

  rows(count: number): void {
    this.#rows.add(count)
  }

  async #span<T>(name: string, options: { readonly attributes: Attributes; readonly kind?: number }, work: (span: Span) => Promise<T>): Promise<T> {
    const { trace, context, SpanStatusCode } = this.#api
    const outer = this.#within
    const span = trace.getTracer(NAME, packageVersion()).startSpan(name, options, outer)
    this.#within = trace.setSpan(outer, span)
    try {
      return await context.with(this.#within, () => work(span))
    } catch (error) {
      const { sqlState } = error as { sqlState?: string }
      span.setAttributes({ 'error.type': typeOf(error), ...(sqlState && { 'db.response.status_code': sqlState }) })
      span.recordException(error as Error)
      span.setStatus({ code: SpanStatusCode.ERROR, message: (error as Error).message })
      throw error
    } finally {
      span.end()
      this.#within = outer
    }
  }
}

function typeOf(error: unknown): string {
  const { sqlState, name } = error as { sqlState?: string; name?: string }
  return sqlState ?? name ?? 'Error'
}

async function connectionOf(database: Database): Promise<Attributes> {
  const [[name]] = (await database.query('SELECT pg_catalog.current_database()')) as [[string]]
  const address = URL.canParse(database.label) ? new URL(database.label) : undefined
  const isServer = database.engine === 'postgres' && address !== undefined && address.hostname !== ''
  return { 'db.namespace': name, ...(isServer && { 'server.address': address.hostname, 'server.port': Number(address.port || 5432) }) }
}
