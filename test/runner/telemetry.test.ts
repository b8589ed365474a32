import { metrics, SpanStatusCode, trace } from '@opentelemetry/api'
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import { migration as declare } from '../../src/revisions/migration.js'
import { recordSteps } from '../../src/revisions/record.js'
import { downgrade, upgrade } from '../../src/runner/runner.js'
import { majors } from '../support/servers.js'
import { migration, steps, TestEngine } from './support.js'

const engine = new TestEngine(majors.at(-1)!)
const spans = new InMemorySpanExporter()
const measured = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter: measured, exportIntervalMillis: 3_600_000 })] })

beforeAll(() => {
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }))
  metrics.setGlobalMeterProvider(meters)
})

beforeEach(() => spans.reset())

afterAll(async () => {
  trace.disable()
  metrics.disable()
  await meters.shutdown()
  await engine.close()
})

function span(name: string): ReadableSpan {
  const found = spans.getFinishedSpans().filter((each) => each.name === name)
  expect([name, found.length]).toEqual([name, 1])
  return found[0]!
}

/** The points of a metric: its attributes and the value, or how many values there were. */
function points(name: string): [Record<string, unknown>, number][] {
  const all = measured.getMetrics().at(-1)!.scopeMetrics.flatMap((scope) => scope.metrics)
  const metric = all.find(({ descriptor }) => descriptor.name === name)!
  return metric.dataPoints.map(({ attributes, value }) => [attributes, typeof value === 'number' ? value : (value as { count: number }).count])
}

test('a run is a span with one for each migration, and in it one for the steps that are sent together', async () => {
  const database = await engine.fresh()
  const A = migration('aaaa', [], steps('CREATE TABLE public.t AS SELECT n AS id, 0 AS done FROM generate_series(1, 25) n', 'ALTER TABLE public.t ADD PRIMARY KEY (id)', 'outside: CREATE INDEX CONCURRENTLY ON public.t (done)'), steps('DROP TABLE public.t'), 'first')
  const filling = declare({ revision: 'bbbb', revises: 'aaaa', upgrade: (op) => op.backfill({ table: 'public.t', set: { done: 1 }, where: 'done = 0', key: 'id', batchSize: 10 }) })
  const B = migration('bbbb', ['aaaa'], [...recordSteps(filling.upgrade, 'bbbb', 'upgrade', '/migrations/b.ts').steps])
  await upgrade({ database, migrations: [A, B] })

  const run = span('autogen upgrade')
  expect(run.attributes).toMatchObject({ 'db.system.name': 'postgresql', 'db.namespace': expect.stringMatching(/^test_/), 'autogen.direction': 'upgrade' })
  const first = span('migration aaaa')
  expect(first.attributes).toEqual({ 'autogen.revision': 'aaaa', 'autogen.message': 'first', 'autogen.direction': 'upgrade', 'autogen.steps': 3 })
  const together = span('steps 1 to 2')
  expect(together.attributes).toMatchObject({
    'db.system.name': 'postgresql',
    'db.namespace': run.attributes['db.namespace'],
    'db.query.text': expect.stringMatching(/^CREATE TABLE public\.t [^;]*;\nALTER TABLE public\.t /),
    'db.operation.batch.size': 2,
    'code.file.path': '/migrations/m.ts',
    'code.line.number': 10,
  })
  expect(span('step 3').attributes['db.query.text']).toMatch(/^CREATE INDEX CONCURRENTLY/)
  const parents = [first, span('migration bbbb'), together].map((each) => each.parentSpanContext?.spanId)
  expect(parents).toEqual([run.spanContext().spanId, run.spanContext().spanId, first.spanContext().spanId])
  expect(new Set(spans.getFinishedSpans().map((each) => each.spanContext().traceId)).size).toBe(1)

  await downgrade({ database, migrations: [A, B] }, 'base')
  expect(span('autogen downgrade').status.code).toBe(SpanStatusCode.UNSET)
  await meters.forceFlush()
  expect(points('autogen.backfill.rows')).toEqual([[{}, 25]])
  const done = (direction: string) => ({ 'autogen.direction': direction, 'autogen.outcome': 'done' })
  expect(points('autogen.migrations')).toEqual([[done('upgrade'), 2], [done('downgrade'), 2]])
  expect(points('autogen.migration.duration')).toEqual([[done('upgrade'), 2], [done('downgrade'), 2]])
})

test('a failure is in the spans and in the metrics, without secrets; scratch runs are not seen', async () => {
  const database = await engine.fresh()
  process.env.THE_PASSWORD = 's3cr3t-word'
  const broken = migration('aaaa', [], steps('CREATE TABLE public.t ()', `SELECT current_setting('autogen.secret.THE_PASSWORD')::integer`))
  try {
    await expect(upgrade({ database, migrations: [broken] })).rejects.toThrow('invalid input syntax')
  } finally {
    delete process.env.THE_PASSWORD
  }
  for (const name of ['autogen upgrade', 'migration aaaa', 'steps 1 to 2']) {
    const { status, attributes, events } = span(name)
    expect([status.code, attributes['db.response.status_code'], attributes['error.type']]).toEqual([SpanStatusCode.ERROR, '22P02', '22P02'])
    expect(`${status.message}${JSON.stringify(attributes)}${JSON.stringify(events)}`).not.toContain('s3cr3t')
    expect(status.message).toContain('***')
  }
  await meters.forceFlush()
  expect(points('autogen.migrations')).toContainEqual([{ 'autogen.direction': 'upgrade', 'autogen.outcome': 'failed', 'error.type': '22P02' }, 1])
  spans.reset()
  await upgrade({ database, migrations: [migration('bbbb', [], steps('SELECT 1'))], scratch: true })
  expect(spans.getFinishedSpans()).toEqual([])
})
