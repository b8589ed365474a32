import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { runOnce } from './measure.js'

const INSTALLED = fileURLToPath(new URL('peers/node_modules', import.meta.url))
const LIMIT = 300_000

interface Peer {
  readonly name: string
  /** What it is asked to do, for readers who want to know whether the comparison is fair. */
  readonly task: string
  readonly program: string
  /** What is there before the measurement: files, and the arguments of a first run. */
  prepare?(databases: Databases): string[] | void
  args(databases: Databases): string[]
  /** Whether it did what it was asked to do. */
  succeeded(stdout: string, databases: Databases): boolean
  readonly otherwise: string
}

/** A database, an exact copy of it, and a folder for files. */
interface Databases {
  readonly tables: number
  readonly original: string
  readonly copy: string
  readonly folder: string
}

const FALSE_DIFFERENCES = 'finds differences where there are none'

const PEERS: readonly Peer[] = [
  {
    name: '@pgkit/migra',
    task: 'compares the database with an exact copy of it; reads two databases, where check reads one',
    program: '@pgkit/migra/dist/command.js',
    args: ({ original, copy }) => ['run', original, copy],
    succeeded: (output) => output.trim() === '',
    otherwise: FALSE_DIFFERENCES,
  },
  {
    name: '@supabase/pg-delta diff',
    task: 'the same comparison of two databases',
    program: '@supabase/pg-delta/dist/cli/main.js',
    args: ({ original, copy }) => ['diff', '--source', original, '--desired', copy],
    succeeded: (output) => output.includes('No differences found.'),
    otherwise: FALSE_DIFFERENCES,
  },
  {
    name: '@supabase/pg-delta drift',
    task: 'compares the database with a snapshot saved before; reads one database, as "check, nothing changed" does',
    program: '@supabase/pg-delta/dist/cli/main.js',
    prepare: ({ original, folder }) => ['snapshot', '--source', original, '--out', path.join(folder, 'snapshot.json')],
    args: ({ original, folder }) => ['drift', '--env', original, '--snapshot', path.join(folder, 'snapshot.json')],
    succeeded: (output) => output.includes('No drift detected.'),
    otherwise: FALSE_DIFFERENCES,
  },
  {
    name: 'drizzle-kit pull',
    task: 'writes its own schema file from the database, as pull does, but knows no functions and triggers',
    program: 'drizzle-kit/bin.cjs',
    prepare: ({ original, folder }) => {
      const config = { dialect: 'postgresql', dbCredentials: { url: original }, schemaFilter: ['app'], out: 'out' }
      writeFileSync(path.join(folder, 'drizzle.config.json'), JSON.stringify(config))
    },
    args: () => ['pull', '--config', 'drizzle.config.json'],
    succeeded: (_, { folder, tables }) => readFileSync(path.join(folder, 'out/schema.ts'), 'utf8').split('app.table(').length > tables,
    otherwise: 'its schema file lacks tables',
  },
]

/** Peers that went over the limit at a smaller size are not tried at a larger one. */
const tooSlow = new Map<string, number>()

export interface PeerFigure {
  readonly name: string
  readonly ms?: number
  readonly mb?: number | undefined
  /** Why there is no figure, or what is wrong with it. */
  readonly remark?: string
}

/** One whole-process run of every peer on a database and its copy; none when they are not installed. */
export async function measurePeers(original: string, copy: string, tables: number): Promise<PeerFigure[]> {
  if (!existsSync(INSTALLED)) return []
  const figures: PeerFigure[] = []
  for (const peer of PEERS) {
    const folder = mkdtempSync(path.join(tmpdir(), 'autogen-bench-peer-'))
    try {
      figures.push({ name: peer.name, ...(await measurePeer(peer, { tables, original, copy, folder })) })
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  }
  return figures
}

async function measurePeer(peer: Peer, databases: Databases): Promise<Omit<PeerFigure, 'name'>> {
  const slow = tooSlow.get(peer.name)
  if (slow !== undefined) return { remark: `not run: over ${LIMIT / 1000} s at ${slow} tables` }
  const run = (args: string[]) =>
    runOnce(process.execPath, [path.join(INSTALLED, peer.program), ...args], { cwd: databases.folder, env: { NO_COLOR: '1' }, limit: LIMIT })
  const before = peer.prepare?.(databases)
  const prepared = before && (await run(before))
  const { ms, mb, code, output, stdout } = prepared && prepared.code !== 0 ? prepared : await run(peer.args(databases))
  if (code === undefined) {
    tooSlow.set(peer.name, databases.tables)
    return { remark: `stopped after ${LIMIT / 1000} s` }
  }
  if (code !== 0) return { remark: `failed with exit code ${code}: ${firstLine(output)}` }
  return { ms, mb, ...(!peer.succeeded(stdout, databases) && { remark: peer.otherwise }) }
}

/** One line for each peer: its version and what it was asked to do. */
export function describePeers(): string[] {
  if (!existsSync(INSTALLED)) return ['peers are not installed; to measure them too: npm ci --prefix bench/peers']
  return PEERS.map(({ name, task, program }) => `${name} ${version(program)}: ${task}`)
}

function version(program: string): string {
  const scoped = program.startsWith('@') ? 2 : 1
  const folder = program.split('/').slice(0, scoped).join('/')
  return (JSON.parse(readFileSync(path.join(INSTALLED, folder, 'package.json'), 'utf8')) as { version: string }).version
}

function firstLine(output: string): string {
  return output.split('\n').map((line) => line.trim()).find((line) => line !== '')?.slice(0, 120) ?? 'no output'
}
