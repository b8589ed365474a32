import path from 'node:path'
import type { Step } from '../declaration/steps.js'
import { writeFileSafely } from '../generator/write-file.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaObject, UnmanagedObject } from '../model/schema-object.js'
import { describeOperation } from '../operations/describe.js'
import type { Operation } from '../operations/operation.js'
import { visible } from '../review/visible.js'
import { BASELINE_FILE } from '../revisions/baseline.js'
import { dollarQuote } from '../sql/identifiers.js'
import { ended, scratchForm } from '../sql/statement.js'
import type { Project } from './project.js'

const HEADER = `-- The database on which the history of these migrations began. A replay starts from it, and so does an upgrade of an empty database.
-- Written by autogen together with the first migration; do not edit it afterwards.
`

/** The database may be empty, and the server have its roles all the same. */
function belongsToServer(object: SchemaObject): boolean {
  return object.parent === null && kindOf(object).concern === 'roles'
}

function unlessThere(sql: string): string {
  return `DO ${dollarQuote(`BEGIN\n  ${sql};\nEXCEPTION WHEN duplicate_object THEN NULL;\nEND`)}`
}

/** Writes down, beside the first migration, what the database held before it; nothing for an empty one. */
export async function writeBaseline(project: Project, steps: readonly Step[], unmanaged: readonly UnmanagedObject[]): Promise<void> {
  const blocks = steps.flatMap(({ ordered: { action }, statements }) => {
    const texts = statements.filter(({ scratch }) => scratch !== null).map((statement) => scratchForm(statement).trim())
    const lines = texts.map((text) => ended(action.type === 'create' && belongsToServer(action.object) ? unlessThere(text) : text))
    return lines.length === 0 ? [] : [`-- ${visible(describeOperation(action as Operation))}\n${lines.join('\n')}\n`]
  })
  if (blocks.length === 0) return
  const missing = unmanaged.map(({ type, identity }) => `-- Not managed, and not in here: ${type} ${visible(identity)}\n`).join('')
  const file = path.join(project.resolve(project.settings.migrations), BASELINE_FILE)
  await writeFileSafely(file, [HEADER + missing, ...blocks].join('\n'), { overwrite: true })
}
