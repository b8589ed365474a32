import { spawn } from 'node:child_process'
import { ExitCode, UsageError } from '../../errors.js'
import { graphOf, historyOf } from '../../project/migrations.js'
import { resolveOne } from '../../revisions/identifiers.js'
import { printJson, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const { graph, rows } = /current|^[+-]/.test(target) ? await historyOf(project) : { graph: await graphOf(project), rows: [] }
    const { revision } = resolveOne(graph, target, rows)
    const editor = process.env.VISUAL || process.env.EDITOR
    if (flags.json) {
      printJson({ revision: revision.revision, file: revision.file })
      return ExitCode.done
    }
    if (!editor) throw new UsageError('no editor is set', { hint: `set VISUAL or EDITOR, or open ${showPath(revision.file!)}` })
    await open(editor, revision.file!)
    return ExitCode.done
  })
}

/** Editors are named with their options, as in `code --wait`. */
async function open(editor: string, file: string): Promise<void> {
  const [program = '', ...options] = editor.split(' ').filter(Boolean)
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(program, [...options, file], { stdio: 'inherit' })
    child.once('error', (cause) => reject(new UsageError(`the editor ${program} cannot be started`, { hint: 'check VISUAL and EDITOR', cause })))
    child.once('exit', resolve)
  })
  if (code !== 0) throw new UsageError(`the editor ${program} ended with an error`)
}
