import path from 'node:path'
import type { Step } from '../declaration/steps.js'
import { kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { SchemaObject, UnmanagedObject } from '../model/schema-object.js'
import { describeOperation } from '../operations/describe.js'
import type { Operation } from '../operations/operation.js'
import { reflect } from '../reflector/reflect.js'
import { visible } from '../review/visible.js'
import { BASELINE_FILE, readBaseline } from '../revisions/baseline.js'
import type { Baseline } from '../runner/baseline.js'
import { dollarQuote } from '../sql/identifiers.js'
import { ended, scratchForm } from '../sql/statement.js'
import type { Project } from './project.js'

const HEADER = `-- The database on which the history of these migrations began. A replay starts from it, and so does an upgrade of an empty database.
-- Written by autogen together with the first migration; do not edit it afterwards.
`

/**
 * The baseline of a project's migrations for the database that they run on. It is laid where nobody has made anything yet; extensions may be there,
 * as may what every new database has.
 */
export async function baselineOf(project: Project): Promise<Baseline | undefined> {
  const steps = await readBaseline(project.resolve(project.settings.migrations))
  return steps && { steps, isWanted: async (database) => isUntouched(await reflect(database, await project.wholeScope())) }
}

function isUntouched({ objects, unmanaged }: SchemaModel): boolean {
  const comesAlong = (object: SchemaObject) => {
    const { mayComeAlong, concern, initial = [] } = kindOf(object)
    return object.parent !== null || mayComeAlong || concern !== undefined || initial.some(({ ref }) => ref === object.ref)
  }
  return unmanaged.length === 0 && [...objects.values()].every(comesAlong)
}

/** Writes down, beside the first migration, what the database held before it; nothing for an empty one. */
export async function writeBaseline(project: Project, steps: readonly Step[], unmanaged: readonly UnmanagedObject[]): Promise<void> {
  const blocks = steps.flatMap(({ ordered: { action }, statements }) => {
    const texts = statements.filter(({ scratch }) => scratch !== null).map((statement) => scratchForm(statement).trim())
    const lines = texts.map((text) => ended(action.type === 'create' && kindOf(action.object).mayComeAlong ? unlessThere(text) : text))
    return lines.length === 0 ? [] : [`-- ${visible(describeOperation(action as Operation))}\n${lines.join('\n')}\n`]
  })
  if (blocks.length === 0) return
  const missing = unmanaged.map(({ type, identity }) => `-- Not managed, and not in here: ${type} ${visible(identity)}\n`).join('')
  const file = path.join(project.resolve(project.settings.migrations), BASELINE_FILE)
  await project.files.write(file, [HEADER + missing, ...blocks].join('\n'), { overwrite: true })
}

function unlessThere(sql: string): string {
  return `DO ${dollarQuote(`BEGIN\n  ${sql};\nEXCEPTION WHEN duplicate_object THEN NULL;\nEND`)}`
}
