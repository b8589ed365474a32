import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const REPORTER = fileURLToPath(new URL('report-memory.mjs', import.meta.url))

export interface Measured {
  /** Milliseconds of the whole process. */
  readonly ms: number
  /** Peak resident memory in MB; undefined for programs that are not Node's. */
  readonly mb: number | undefined
  readonly code: number
  readonly output: string
}

/** Runs a command as a whole process once. */
export async function runOnce(command: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}): Promise<Measured> {
  const folder = mkdtempSync(path.join(tmpdir(), 'autogen-bench-'))
  const report = path.join(folder, 'memory')
  const node = command === process.execPath
  const start = process.hrtime.bigint()
  const child = spawn(command, node ? ['--import', REPORTER, ...args] : [...args], {
    env: { ...process.env, ...options.env, BENCH_MEMORY_REPORT: report },
    ...(options.cwd && { cwd: options.cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-4000)))
  child.stderr.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-4000)))
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exit) => resolve(exit ?? 1))
  })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  const mb = node ? Number(readFileSync(report, 'utf8')) / 1024 : undefined
  rmSync(folder, { recursive: true, force: true })
  return { ms, mb, code, output }
}

/** The median of several runs, with the peak of their memory. Fails when a run exits with another code than expected. */
export async function measure(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; runs?: number; expect?: number; before?: () => Promise<void> | void } = {},
): Promise<{ ms: number; mb: number | undefined }> {
  const results: Measured[] = []
  for (let run = 0; run < (options.runs ?? 3); run++) {
    await options.before?.()
    const result = await runOnce(command, args, options)
    if (result.code !== (options.expect ?? 0)) throw new Error(`${path.basename(command)} ${args.join(' ')} exited with ${result.code}:\n${result.output}`)
    results.push(result)
  }
  return { ms: median(results.map(({ ms }) => ms)), mb: results[0]!.mb === undefined ? undefined : Math.max(...results.map(({ mb }) => mb!)) }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
