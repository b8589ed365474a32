import { createRequire } from 'node:module'
import { freshDatabase, majors } from '../support/servers.js'
import { CLI, Sandbox } from './sandbox.js'

let box: Sandbox

beforeEach(async () => {
  box = new Sandbox('project')
  box.env = { DATABASE_URL: await freshDatabase(majors.at(-1)!) }
  box.write('migrations/aaaa.ts', `import { migration } from 'pg-autogen'
export default migration({ revision: 'aaaa', revises: null, upgrade: (op) => op.execute('CREATE TABLE public.t ()'), downgrade: () => {} })
`)
})

afterEach(() => box.remove())

test('spans that the SDK of the process holds back are sent before it ends', async () => {
  const { resolve } = createRequire(CLI)
  box.write('otel.cjs', `
const { trace } = require(${JSON.stringify(resolve('@opentelemetry/api'))})
const { BasicTracerProvider, BatchSpanProcessor } = require(${JSON.stringify(resolve('@opentelemetry/sdk-trace-base'))})
const { appendFileSync } = require('node:fs')
const exporter = { export: (spans, done) => { for (const { name } of spans) appendFileSync('spans', name + '\\n'); done({ code: 0 }) }, shutdown: async () => {}, forceFlush: async () => {} }
trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] }))
`)
  expect((await box.run(['upgrade'], { env: { NODE_OPTIONS: `--require ${box.path('otel.cjs')}` } })).code).toBe(0)
  expect(box.read('spans')).toBe('step 1\nmigration aaaa\nautogen upgrade\n')
})

test('without @opentelemetry/api everything runs as ever', async () => {
  box.write('without.mjs', `import { register } from 'node:module'
// As of an SDK with a copy of the package that is only its own.
globalThis[Symbol.for('opentelemetry.js.api.1')] = {}
register('data:text/javascript,' + encodeURIComponent(\`export async function resolve(name, context, next) {
  if (!name.startsWith('@opentelemetry/')) return next(name, context)
  throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
}\`))
`)
  expect(await box.run(['upgrade'], { env: { NODE_OPTIONS: `--import ${box.path('without.mjs')}` } })).toEqual({
    code: 0,
    stdout: 'done: the database is at aaaa\n',
    stderr: expect.stringMatching(/^↑ aaaa \(1 step\)\n +\d+\.\d\d s\n$/),
  })
})
