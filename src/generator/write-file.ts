import { randomBytes } from 'node:crypto'
import { link, mkdir, open, rename, unlink } from 'node:fs/promises'
import path from 'node:path'
import { UsageError } from '../errors.js'

/**
 * Writes a whole file or nothing: to a temporary name in the same folder, then under its own. Missing folders are made. Without
 * `overwrite` an existing file is never touched.
 */
export async function writeFileSafely(file: string, content: string, options: { overwrite?: boolean } = {}): Promise<void> {
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
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') throw new UsageError(`${file} exists already`, { cause: error })
    throw new UsageError(`${file} cannot be written: ${code ?? message}`, { hint: 'check that the folder exists and is writable', cause: error })
  }
}
