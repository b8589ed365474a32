import { readFile } from 'node:fs/promises'
import { UsageError } from '../errors.js'
import { writeFileSafely } from '../generator/write-file.js'
import { SchemaModel, type SchemaModelData } from '../model/schema-model.js'

/** Raised when attributes of objects change their shape. */
const FORMAT = 1

interface Snapshot extends SchemaModelData {
  readonly format: number
}

/** The file of a model: JSON, one object a line, so that two of them can be compared by eye. */
export function snapshotText(model: SchemaModel): string {
  const { version, objects, dependencies, unmanaged } = model.toData()
  const list = (values: readonly unknown[]) => (values.length === 0 ? '[]' : `[\n${values.map((value) => JSON.stringify(value)).join(',\n')}\n]`)
  return `{
"format": ${FORMAT},
"version": ${JSON.stringify(version)},
"objects": ${list(objects)},
"dependencies": ${list(dependencies)},
"unmanaged": ${list(unmanaged)}
}
`
}

/**
 * Writes a model down, whole or not at all.
 *
 * @throws UsageError when the file exists and may not be replaced
 */
export async function writeSnapshot(file: string, model: SchemaModel, options: { overwrite: boolean }): Promise<void> {
  await writeFileSafely(file, snapshotText(model), options)
}

/**
 * The model that `autogen pull --snapshot` wrote down.
 *
 * @throws UsageError for a file that is no snapshot, or one of another version of this package
 */
export async function readSnapshot(file: string): Promise<SchemaModel> {
  const hint = 'write one with autogen pull --snapshot <file>'
  let snapshot: Partial<Snapshot> | null
  try {
    snapshot = JSON.parse(await readFile(file, 'utf8')) as Partial<Snapshot> | null
  } catch (error) {
    throw new UsageError(`${file} cannot be read as a snapshot: ${(error as Error).message}`, { hint, cause: error })
  }
  const { format, version, objects, dependencies, unmanaged } = snapshot ?? {}
  if (typeof format !== 'number' || !version || !Array.isArray(objects) || !Array.isArray(dependencies) || !Array.isArray(unmanaged)) {
    throw new UsageError(`${file} is not a snapshot of a database`, { hint })
  }
  if (format !== FORMAT) throw new UsageError(`${file} is a snapshot of another version of pg-autogen`, { hint: `${hint} again` })
  return new SchemaModel({ version, objects, dependencies, unmanaged })
}
