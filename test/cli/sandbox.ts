import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The built command line: of this checkout, or the one that AUTOGEN_TEST_CLI names. */
export const CLI = process.env.AUTOGEN_TEST_CLI ?? path.join(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'dist', 'cli', 'main.js')

/** A type check takes more of a processor than all the rest, and most tests are not about it; `CHECKED` in `env` is the default again. */
const UNCHECKED = { AUTOGEN_TYPECHECK: '0' }
export const CHECKED = { AUTOGEN_TYPECHECK: '' }

export interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** What starts the command line, with its arguments. */
  readonly through?: readonly string[]
  /** Another path to the command line. */
  readonly cli?: string
}

/** A folder of its own in which the command line runs as a user would run it. */
export class Sandbox {
  readonly folder: string
  /** Goes with every run. */
  env: Record<string, string> = {}

  constructor(name = 'a project') {
    const parent = mkdtempSync(path.join(tmpdir(), 'autogen-cli-'))
    this.folder = path.join(parent, name)
    mkdirSync(this.folder)
  }

  path(...parts: string[]): string {
    return path.join(this.folder, ...parts)
  }

  write(name: string, text: string): void {
    mkdirSync(path.dirname(this.path(name)), { recursive: true })
    writeFileSync(this.path(name), text)
  }

  read(name: string): string {
    return readFileSync(this.path(name), 'utf8')
  }

  /** Replaces a part of a file, which must be there. */
  edit(name: string, from: string, to: string): void {
    const text = this.read(name)
    if (!text.includes(from)) throw new Error(`${name} does not hold ${from}`)
    this.write(name, text.replace(from, () => to))
  }

  /** Every file, without what can be made again and the embedded database. */
  files(): string[] {
    const all = readdirSync(this.folder, { recursive: true, withFileTypes: true })
    return all
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(this.folder, path.join(entry.parentPath, entry.name)))
      .filter((name) => !name.startsWith('.autogen'))
      .sort()
  }

  /** The migration files, without the lock file beside them. */
  migrations(): string[] {
    return existsSync(this.path('migrations')) ? readdirSync(this.path('migrations')).filter((name) => name.endsWith('.ts')).sort() : []
  }

  start(args: readonly string[], { cwd, env = {}, through = [], cli = CLI }: RunOptions = {}): ChildProcess & { readonly outcome: Promise<Outcome> } {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(AUTOGEN_|PG|DATABASE_URL$|NO_COLOR$|FORCE_COLOR$|NODE_OPTIONS$|JEST_)/.test(name))
    const [program, ...first] = [...through, process.execPath, cli, ...args]
    const child = spawn(program!, first, { cwd: cwd ?? this.folder, env: { ...Object.fromEntries(inherited), ...UNCHECKED, ...this.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    const outcome = new Promise<Outcome>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve({ code, stdout, stderr }))
    })
    return Object.assign(child, { outcome })
  }

  run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    return this.start(args, options).outcome
  }

  /** Runs what must succeed, and returns its stdout. */
  async ok(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args)
    if (code !== 0) throw new Error(`autogen ${args.join(' ')} exited with ${code}:\n${stdout}\n${stderr}`)
    return stdout
  }

  remove(): void {
    rmSync(path.dirname(this.folder), { recursive: true, force: true })
  }
}

/** A schema.ts from lines that may use everything of the authoring API. */
export function schemaFile(...lines: string[]): string {
  const names = 'bigint, check, index, integer, manage, numeric, primaryKey, schema, sql, table, text, timestamptz, varchar, view'
  return [`import { ${names} } from 'pg-autogen/schema'`, ...lines, ''].join('\n')
}

export const USERS = schemaFile(
  `export const app = schema('app')`,
  `export const users = app.table('users', {`,
  `  id: bigint().primaryKey(),`,
  `  email: text().notNull(),`,
  `})`,
)
