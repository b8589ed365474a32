import { randomBytes } from 'node:crypto'
import { constants, existsSync } from 'node:fs'
import { access, link, mkdir, open, rename, unlink } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from '../errors.js'

/** What a run did to a file, or in a dry run would have done. */
export interface FileChange {
  readonly action: 'create' | 'replace' | 'move'
  readonly file: string
  /** Where it was moved. */
  readonly to?: string
  /** Missing for a moved file, and where it depends on files that a dry run did not write. */
  readonly content?: string
}

/**
 * The files that a run writes. In a dry run nothing is written, but everything that would fail for what is there fails all the same.
 *
 * @example const files = new Files({ dryRun: true }); await files.write('a.ts', text); files.changes // [{ action: 'create', file: 'a.ts', content: text }]
 */
export class Files {
  readonly dryRun: boolean
  readonly #changes = new Map<string, FileChange>()

  constructor({ dryRun = false }: { readonly dryRun?: boolean } = {}) {
    this.dryRun = dryRun
  }

  /** In the order in which they were made. */
  get changes(): readonly FileChange[] {
    return [...this.#changes.values()]
  }

  /**
   * Writes a whole file or nothing: to a temporary name in the same folder, then under its own. Missing folders are made. Without `overwrite` an
   * existing file is never touched. `content` is undefined where a dry run cannot know it.
   *
   * @throws UsageError when the file exists and may not be replaced, or cannot be written
   */
  async write(file: string, content: string | undefined, options: { readonly overwrite?: boolean } = {}): Promise<void> {
    const action = existsSync(file) ? 'replace' : 'create'
    if (!this.dryRun) await writeWhole(file, content!, options)
    else if (action === 'replace' && !options.overwrite) throw existsAlready(file)
    else await requireWritable(file)
    this.#changes.set(file, { action: this.#changes.get(file)?.action ?? action, file, ...(content !== undefined && { content }) })
  }

  /**
   * Makes a folder where there is none.
   *
   * @throws UsageError when it cannot be made
   */
  async makeFolder(folder: string): Promise<void> {
    if (this.dryRun) return
    await mkdir(folder, { recursive: true }).catch((cause: NodeJS.ErrnoException) => {
      throw new UsageError(`the folder ${folder} cannot be made: ${cause.code ?? cause.message}`, { cause })
    })
  }

  /** Moves a file into another folder, which is made when it is not there. */
  async move(file: string, to: string): Promise<void> {
    if (!this.dryRun) {
      await mkdir(path.dirname(to), { recursive: true })
      await rename(file, to)
    }
    this.#changes.set(file, { action: 'move', file, to })
  }
}

async function writeWhole(file: string, content: string, options: { readonly overwrite?: boolean }): Promise<void> {
  const temporary = `${file}.${process.pid}.${randomBytes(4).toString('hex')}.tmp`
  try {
    await mkdir(path.dirname(file), { recursive: true })
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    if (options.overwrite) await rename(temporary, file)
    else {
      // A hard link fails when the name is taken, where a rename would replace the file.
      await link(temporary, file)
      await unlink(temporary)
    }
  } catch (error) {
    await unlink(temporary).catch(() => undefined)
    const { code, syscall } = error as NodeJS.ErrnoException
    throw code === 'EEXIST' && syscall === 'link' ? existsAlready(file, error) : cannotBeWritten(file, error)
  }
}

async function requireWritable(file: string): Promise<void> {
  let folder = path.dirname(file)
  while (!existsSync(folder)) folder = path.dirname(folder)
  // With a file in place of the folder, what is asked for is a member of it.
  await access(`${folder}${path.sep}.`, constants.W_OK).catch((error: unknown) => {
    throw cannotBeWritten(file, error)
  })
}

function existsAlready(file: string, cause?: unknown): UsageError {
  return new UsageError(`${file} exists already`, { cause })
}

function cannotBeWritten(file: string, cause: unknown): UsageError {
  const { code, message } = cause as NodeJS.ErrnoException
  return new UsageError(`${file} cannot be written: ${code ?? message}`, { hint: 'check that the folder exists and is writable', cause })
}
