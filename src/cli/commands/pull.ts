import { existsSync } from 'node:fs'
import { ExitCode, UsageError } from '../../errors.js'
import { writeSchemaFile } from '../../generator/schema-file.js'
import { pull } from '../../project/pull.js'
import { noteUnmanaged, wrote } from '../notes.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const [first, ...others] = project.settings.schema
    const file = project.resolve(first!)
    if (!flags.stdout && (others.length > 0 || /[*?{]/.test(first!))) {
      throw new UsageError('pull writes one file, but the schema may be several', { hint: 'name one with --schema, or print it with --stdout' })
    }
    if (!flags.stdout && !flags.force && existsSync(file)) {
      throw new UsageError(`${showPath(file)} exists already`, { hint: '--force overwrites it; --stdout prints instead; --schema names another file' })
    }
    const schemas = (flags.onlySchemas as string | undefined)?.split(',').map((name) => name.trim()).filter(Boolean)
    const { source, objects, unmanaged } = await pull(project, { schemas })
    if (!flags.stdout) await writeSchemaFile(file, source, { overwrite: flags.force === true })
    if (flags.json) printJson({ ...(flags.stdout ? { source } : { file }), objects, unmanaged })
    else {
      if (flags.stdout) printResult(source)
      else printResult(`${wrote()} ${showPath(file)}: ${objects} ${objects === 1 ? 'object' : 'objects'}`)
      noteUnmanaged(unmanaged, 'left out')
    }
    return ExitCode.done
  })
}
