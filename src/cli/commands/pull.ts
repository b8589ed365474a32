import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { ExitCode, UsageError } from '../../errors.js'
import { writeSchemaFile } from '../../generator/schema-file.js'
import { afterWrite } from '../../project/after-write.js'
import { pull } from '../../project/pull.js'
import { writeSnapshot } from '../../project/snapshot.js'
import { projectTemplates } from '../../project/templates.js'
import { isRefused, noteUnmanaged } from '../notes.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'
import { NOTHING_WRITTEN, printWritten } from '../written.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const snapshot = flags.snapshot as string | undefined
    const [first, ...others] = snapshot === undefined ? project.settings.schema : [path.resolve(snapshot)]
    const file = project.resolve(first!)
    if (snapshot !== undefined && flags.stdout) throw new UsageError('--snapshot and --stdout exclude each other')
    if (!flags.stdout && snapshot === undefined && (others.length > 0 || /[*?{]/.test(first!))) {
      throw new UsageError('pull writes one file, but the schema may be several', { hint: 'name one with --schema, or print it with --stdout' })
    }
    const overwrite = flags.force === true || (await isUntouchedExample(file))
    if (!flags.stdout && !overwrite && existsSync(file)) {
      throw new UsageError(`${showPath(file)} exists already`, {
        hint: snapshot === undefined ? '--force overwrites it; --stdout prints instead; --schema names another file' : '--force overwrites it',
      })
    }
    const names = (flag: string) => (flags[flag] as string | undefined)?.split(',').map((name) => name.trim()).filter(Boolean)
    const roles = names('roles')
    const pulled = await pull(project, { schemas: names('onlySchemas'), external: names('external'), roles: roles?.length === 1 && roles[0] === 'all' ? 'all' : roles })
    const { source, objects, unmanaged } = pulled
    if (isRefused(flags, unmanaged)) {
      if (flags.json) printJson({ refused: true, objects, unmanaged })
      else noteUnmanaged(unmanaged, NOTHING_WRITTEN)
      return ExitCode.refused
    }
    if (snapshot !== undefined) await writeSnapshot(file, pulled, { overwrite: flags.force === true }, project.files)
    else if (!flags.stdout) {
      await writeSchemaFile(file, source, { overwrite }, project.files)
      await afterWrite(project, file)
    }
    if (!flags.stdout) printWritten(project.files, flags, { file, summary: `${objects} ${objects === 1 ? 'object' : 'objects'}`, json: { file, objects, unmanaged } })
    else if (flags.json) printJson({ source, objects, unmanaged })
    else printResult(source)
    if (!flags.json) noteUnmanaged(unmanaged, 'left out')
    return ExitCode.done
  })
}

/** What `init` wrote and nobody edited is no loss. */
async function isUntouchedExample(file: string): Promise<boolean> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text !== '' && (await projectTemplates()).some((template) => template.files.some((example) => example.text === text))
}
