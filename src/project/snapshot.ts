import { readFile } from 'node:fs/promises'
import type { ManageOptions } from '../authoring/manage.js'
import { UsageError } from '../errors.js'
import { Files } from '../generator/write-file.js'
import { SchemaModel, type SchemaModelData } from '../model/schema-model.js'

/** Raised when attributes of objects change their shape. */
const FORMAT = 1

/** A model that was written down, and what it answers for, where that is not everything. */
export interface Snapshot {
  readonly model: SchemaModel
  readonly manage?: ManageOptions
}

interface SnapshotFile extends SchemaModelData {
  readonly format: number
  readonly manage?: ManageOptions
}

/** The file of a snapshot: JSON, one object a line, so that two of them can be compared by eye. */
export function snapshotText({ model, manage }: Snapshot): string {
  const { version, objects, dependencies, unmanaged } = model.toData()
  const list = (values: readonly unknown[]) => (values.length === 0 ? '[]' : `[\n${values.map((value) => JSON.stringify(value)).join(',\n')}\n]`)
  return `{
"format": ${FORMAT},
${manage ? `"manage": ${JSON.stringify(manage)},\n` : ''}"version": ${JSON.stringify(version)},
"objects": ${list(objects)},
"dependencies": ${list(dependencies)},
"unmanaged": ${list(unmanaged)}
}
`
}

/**
 * Writes a snapshot, whole or not at all.
 *
 * @throws UsageError when the file exists and may not be replaced
 */
export async function writeSnapshot(file: string, snapshot: Snapshot, options: { overwrite: boolean }, files: Files = new Files()): Promise<void> {
  await files.write(file, snapshotText(snapshot), options)
}

/**
 * What `autogen pull --snapshot` wrote down.
 *
 * @throws UsageError for a file that is no snapshot, or one of another version of this package
 */
export async function readSnapshot(file: string): Promise<Snapshot> {
  const hint = 'write one with autogen pull --snapshot <file>'
  let snapshot: Partial<SnapshotFile> | null
  try {
    snapshot = JSON.parse(await readFile(file, 'utf8')) as Partial<SnapshotFile> | null
  } catch (error) {
    throw new UsageError(`${file} cannot be read as a snapshot: ${(error as Error).message}`, { hint, cause: error })
  }
  const { format, manage, version, objects, dependencies, unmanaged } = snapshot ?? {}
  if (typeof format !== 'number' || !version || !Array.isArray(objects) || !Array.isArray(dependencies) || !Array.isArray(unmanaged)) {
    throw new UsageError(`${file} is not a snapshot of a database`, { hint })
  }
  if (format !== FORMAT) throw new UsageError(`${file} is a snapshot of another version of pg-autogen`, { hint: `${hint} again` })
  return { model: new SchemaModel({ version, objects, dependencies, unmanaged }), ...(manage && { manage }) }
}
