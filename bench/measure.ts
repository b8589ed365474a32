import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const REPORTER = fileURLToPath(new URL('report-memory.mjs', import.meta.url))

export interface Measured {
  /** Milliseconds of the whole process. */
  readonly ms: number
  /** Peak resident memory in MB; undefined where it could not be read. */
  readonly mb: number | undefined
  /** undefined when it was stopped at the limit. */
  readonly code: number | undefined
  /** The end of what it wrote on stdout, and on both. */
  readonly stdout: string
  readonly output: string
}

/** Runs a command as a whole process once; `limit` in ms stops it. */
export async function runOnce(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; limit?: number } = {},
): Promise<Measured> {
  const folder = mkdtempSync(path.join(tmpdir(), 'autogen-bench-'))
  const report = path.join(folder, 'memory')
  const node = command === process.execPath
  const start = process.hrtime.bigint()
  const child = spawn(command, node ? ['--import', REPORTER, ...args] : [...args], {
    env: { ...process.env, ...options.env, BENCH_MEMORY_REPORT: report },
    ...(options.cwd && { cwd: options.cwd }),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let output = ''
  child.stdout.on('data', (data: Buffer) => {
    stdout = (stdout + data.toString()).slice(-4000)
    output = (output + data.toString()).slice(-4000)
  })
  child.stderr.on('data', (data: Buffer) => (output = (output + data.toString()).slice(-4000)))
  let stopped = false
  const limit = setTimeout(() => (stopped = child.kill('SIGKILL')), options.limit ?? 2 ** 31 - 1)
  // Programs that are not Node's cannot report for themselves; close enough, short of what they take in their last moments.
  let peak: number | undefined
  const watch = node ? undefined : setInterval(() => (peak = peakOf(child.pid) ?? peak), 10)
  const code = await new Promise<number>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (exit) => resolve(exit ?? 1))
  })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  clearTimeout(limit)
  clearInterval(watch)
  if (existsSync(report)) peak = Number(readFileSync(report, 'utf8'))
  rmSync(folder, { recursive: true, force: true })
  return { ms, mb: peak && peak / 1024, code: stopped ? undefined : code, stdout, output }
}

/** Peak resident memory so far in kB, where the system tells. */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const peak = /VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))
    return peak ? Number(peak[1]) : undefined
  } catch {
    return undefined
  }
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
  const peaks = results.flatMap(({ mb }) => mb ?? [])
  return { ms: median(results.map(({ ms }) => ms)), mb: peaks.length > 0 ? Math.max(...peaks) : undefined }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]!
}
