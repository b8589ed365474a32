import { spawn } from 'node:child_process'
import { AutogenError } from '../errors.js'
import type { Project } from './project.js'

/** What is done with a file after it was written: a command, in which `{file}` stands for its path, or a function. */
export type AfterWrite = string | ((file: string) => unknown)

/**
 * Does what the configuration asks for after a file was written.
 *
 * @throws AutogenError when it fails; the file stays
 */
export async function afterWrite({ settings, files }: Project, file: string): Promise<void> {
  const { afterWrite: hook, cwd } = settings
  if (hook === undefined || files.dryRun) return
  const failure = typeof hook === 'function' ? await called(hook, file) : await ran(hook, file, cwd)
  if (failure) throw new AutogenError(`${file} was written, but afterWrite failed: ${failure.message}`, { detail: failure.detail, hint: 'correct afterWrite in the configuration; the file may be kept' })
}

interface Failure {
  readonly message: string
  readonly detail?: string
}

async function called(hook: (file: string) => unknown, file: string): Promise<Failure | undefined> {
  try {
    await hook(file)
    return undefined
  } catch (error) {
    return { message: (error as Error).message }
  }
}

/** The path travels as a parameter of the shell's, so that nothing in it can become a command. */
async function ran(command: string, file: string, cwd: string): Promise<Failure | undefined> {
  const windows = process.platform === 'win32'
  const line = command.replaceAll('{file}', windows ? '%AUTOGEN_FILE%' : '"$AUTOGEN_FILE"')
  const child = spawn(line, { cwd, shell: true, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, AUTOGEN_FILE: file } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ message: error.message }))
    child.once('close', (code) => resolve(code === 0 ? undefined : { message: `${command} exited with ${code}`, detail: output.trim() || undefined }))
  })
}
