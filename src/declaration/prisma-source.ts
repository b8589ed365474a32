import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { SchemaError, UsageError, type SourcePosition } from '../errors.js'
import { splitScript } from '../sql/split.js'
import type { Script } from './sql-source.js'

/** The table in which Prisma counts its own migrations; no Prisma schema declares it. */
export const PRISMA_MIGRATIONS = '_prisma_migrations'

/** What a Prisma schema engine needs of a database driver, when it only compares texts. */
type Answer = { readonly ok: true; readonly value: unknown }

interface Engine {
  diff(parameters: object): Promise<{ stdout: string | null }>
  free(): void
}

interface EngineModule {
  readonly SchemaEngine: { new: (options: object, log: () => void, adapter: object) => Promise<Engine> }
  __wbg_set_wasm(exports: unknown): void
}

/** Node has it; the type declarations of Node alone do not. */
const { WebAssembly } = globalThis as unknown as {
  readonly WebAssembly: {
    readonly Module: new (binary: Uint8Array) => object
    readonly Instance: new (module: object, imports: object) => { readonly exports: { __wbindgen_start(): void } }
  }
}

interface PrismaFile {
  readonly path: string
  readonly content: string
}

/**
 * The SQL that Prisma itself would create for a schema: a `.prisma` file, or a folder of them. Needs the package `@prisma/internals`,
 * version 7, in the project (or the part of it that is used here, `@prisma/schema-engine-wasm`). Works offline: nothing is downloaded.
 *
 * @throws UsageError when neither is installed; SchemaError with file and line for what Prisma refuses
 * @example const model = await scriptModel(scratch, [await prismaScript('prisma/schema.prisma', process.cwd())])
 */
export async function prismaScript(given: string, cwd: string): Promise<Script> {
  const files = prismaFiles(path.resolve(cwd, given), given)
  requirePostgres(files)
  const { SchemaEngine } = await engineFor(cwd)
  let engine: Engine | undefined
  try {
    engine = await SchemaEngine.new({ datamodels: files.map((file) => [file.path, file.content]) }, () => undefined, ADAPTER)
    const to = { tag: 'schemaDatamodel', files }
    const filters = { externalTables: [], externalEnums: [] }
    const { stdout } = await Promise.race([engine.diff({ from: { tag: 'empty' }, to, script: true, exitCode: null, filters }), panic()])
    return { file: files[0]!.path, statements: splitScript(stdout ?? '').statements }
  } catch (error) {
    throw refusal(error, files)
  } finally {
    engine?.free()
  }
}

function prismaFiles(absolute: string, given: string): PrismaFile[] {
  if (!existsSync(absolute)) throw new UsageError(`${given} does not exist`)
  const names = statSync(absolute).isDirectory()
    ? readdirSync(absolute, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.prisma')).sort().map((name) => path.join(absolute, name))
    : [absolute]
  if (names.length === 0) throw new UsageError(`the folder ${given} holds no .prisma files`)
  return names.map((name) => ({ path: name, content: withoutAddresses(readFileSync(name, 'utf8')) }))
}

/** Until version 7 a datasource held the addresses of databases, which say nothing about the schema; since then Prisma refuses them. */
function withoutAddresses(content: string): string {
  return content.replace(/^[ \t]*datasource\s+\w+\s*\{[^}]*\}/gm, (block) => block.replace(/^[ \t]*(url|directUrl|shadowDatabaseUrl)[ \t]*=.*$/gm, ''))
}

/** The engine knows other databases too, and says less clearly that this one is not meant. */
function requirePostgres(files: readonly PrismaFile[]): void {
  for (const { path: file, content } of files) {
    const match = /^\s*datasource\s+\w+\s*\{[^}]*?^\s*provider\s*=\s*"([^"]*)"/m.exec(content)
    if (!match || /^postgres(ql)?$/.test(match[1]!)) continue
    throw new SchemaError(`the datasource of this Prisma schema is ${match[1]}, not PostgreSQL`, {
      at: { file, line: content.slice(0, match.index + match[0].length).split('\n').length },
      hint: 'only schemas with provider = "postgresql" can be compared',
    })
  }
}

const PACKAGES = ['@prisma/internals', '@prisma/schema-engine-wasm'] as const

/** By file: an engine that is put together twice breaks. */
const engines = new Map<string, Promise<EngineModule>>()

async function engineFor(cwd: string): Promise<EngineModule> {
  const file = engineFile(cwd)
  if (file === undefined) {
    const outdated = resolved(createRequire(path.join(cwd, 'package.json')), '@prisma/internals') !== undefined
    throw new UsageError(`reading a Prisma schema needs the package @prisma/internals, ${outdated ? 'in version 7: another one is' : 'which is not'} installed`, {
      hint: 'npm install --save-dev --ignore-scripts @prisma/internals@7 (its install script would download engines that are not needed here)',
    })
  }
  let engine = engines.get(file)
  if (!engine) engines.set(file, (engine = loadEngine(file)))
  return engine
}

/** The module is made for bundlers: in Node its WebAssembly has to be put together by hand. */
async function loadEngine(file: string): Promise<EngineModule> {
  try {
    const engine = (await import(pathToFileURL(file).href)) as EngineModule
    const binary = new WebAssembly.Module(readFileSync(path.join(path.dirname(file), 'schema_engine_bg.wasm')))
    const { exports } = new WebAssembly.Instance(binary, { './schema_engine_bg.js': engine })
    engine.__wbg_set_wasm(exports)
    exports.__wbindgen_start()
    return engine
  } catch (error) {
    throw new UsageError(`the Prisma schema engine in ${path.dirname(file)} cannot be loaded: ${(error as Error).message}`, {
      hint: 'install @prisma/internals in version 7',
      cause: error,
    })
  }
}

/** Of the user's project first, then of wherever this package is installed. */
function engineFile(cwd: string): string | undefined {
  for (const from of [path.join(cwd, 'package.json'), import.meta.url]) {
    const require = createRequire(from)
    for (const name of PACKAGES) {
      const start = name === '@prisma/internals' ? resolved(require, name) : from
      const found = start && resolved(createRequire(start), '@prisma/schema-engine-wasm/schema_engine_bg')
      if (found) return found
    }
  }
  return undefined
}

function resolved(require: NodeJS.Require, name: string): string | undefined {
  try {
    return require.resolve(name)
  } catch {
    return undefined
  }
}

/** Fails when the engine gives up: it then says so here, and its promise is never settled. */
function panic(): Promise<never> {
  return new Promise((_, reject) => {
    const registry = { set_message: (message: string) => reject(new Error(message)) }
    Object.assign(globalThis, { PRISMA_WASM_PANIC_REGISTRY: registry })
  })
}

const answer = (value?: unknown): Answer => ({ ok: true, value })

/** The engine asks for a connection even when both sides are texts; it only wants to know which PostgreSQL this is. */
const ADAPTER = {
  provider: 'postgres',
  adapterName: 'pg-autogen',
  connect: async () => answer(CONNECTION),
  connectToShadowDb: async () => answer(CONNECTION),
}

const CONNECTION = {
  provider: 'postgres',
  adapterName: 'pg-autogen',
  getConnectionInfo: () => answer({ schemaName: 'public', supportsRelationJoins: true }),
  queryRaw: async () =>
    answer({ columnNames: ['exists', 'version', 'numeric_version'], columnTypes: [5, 7, 0], rows: [[true, 'PostgreSQL 16.0', 160000]] }),
  executeRaw: async () => answer(0),
  executeScript: async () => answer(),
  dispose: async () => answer(),
}

/** `error: … --> schema.prisma:8` with the lines around it. */
function refusal(error: unknown, files: readonly PrismaFile[]): SchemaError {
  const text = plainText(error instanceof Error ? error.message : String(error))
  const [, message = text, shown, line] = /(?:error: )?([^\n]*)\n\s*-->\s*(.*):(\d+)/.exec(text) ?? []
  const file = files.find(({ path: name }) => name === shown) ?? files[0]!
  const at: SourcePosition = { file: file.path, line: line === undefined ? 1 : Number(line) }
  const detail = line === undefined ? undefined : text.split('\n').filter((row) => /^\s*\d+ \|/.test(row)).join('\n')
  return new SchemaError(`Prisma refuses this schema: ${message.trim()}`, { at, detail, cause: error })
}

function plainText(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;]*m/g, '')
}
