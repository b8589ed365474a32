import type { ManageOptions } from '../authoring/manage.js'
import { Groups, type Edge } from '../differ/groups.js'
import { UsageError } from '../errors.js'
import { allKinds, kindOf } from '../kinds/registry.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import * as authoring from '../schema.js'
import { format } from './format.js'
import { commentLine } from './literals.js'
import { bySchemaOrder, exportedObjects, ModelPrinter } from './printer.js'
import { jsonLiteral, LITERAL_NEWLINE, stringLiteral } from './schema-literals.js'
import { VariableNames } from './variable-names.js'
import { Files } from './write-file.js'

export interface SchemaFileOptions {
  /** What the file answers for; by default everything, as `pull` reads it. */
  readonly manage?: ManageOptions
}

/**
 * Source of a `schema.ts` that declares exactly the objects of a model; the same model always gives the same text. No text from
 * the database can become code.
 *
 * @example renderSchemaFile(await reflect(database)) // import { … } from 'pg-autogen/schema' …
 */
export function renderSchemaFile(model: SchemaModel, options: SchemaFileOptions = {}): string {
  const printer = new ModelPrinter(model)
  const elsewhere = new Map(allKinds().flatMap(({ imports }) => Object.entries(imports ?? {})))
  const names = new VariableNames([...Object.keys(authoring), ...elsewhere.keys(), 'scope'])
  const exports: Export[] = []
  const add = (object: SchemaObject, code: string, wish: string) => {
    const variable = names.take(waysToName(object, wish))
    printer.variables.set(object.ref, variable)
    const start = `export const ${variable} = `
    exports.push({ kind: object.kind, text: start + format(code, start.length) })
  }
  const ordered = exportOrder(model)
  for (let object = ordered.shift(); object; object = ordered.shift()) {
    const { code, variable } = printer.compose(object)
    add(object, code, variable ?? object.kind)
    ordered.unshift(...printer.further.splice(0))
  }
  const unprinted = printAlone(printer, add)
  const scope = `${printer.use('manage')}(${jsonLiteral(options.manage ?? { schemas: 'all', privileges: 'all', owners: true })})`
  const text = [
    header(model, unprinted),
    `${importLines(printer.imports, elsewhere)}\n`,
    `export const scope = ${format(scope)}\n`,
    ...exports.map((current, index) => separator(exports[index - 1], current) + current.text + '\n'),
  ].join('')
  return text.replaceAll(LITERAL_NEWLINE, '\n')
}

function importLines(used: ReadonlySet<string>, elsewhere: ReadonlyMap<string, string>): string {
  const byModule = new Map<string, string[]>([['pg-autogen/schema', []]])
  for (const name of [...used].sort()) {
    const module = elsewhere.get(name) ?? 'pg-autogen/schema'
    byModule.set(module, [...(byModule.get(module) ?? []), name])
  }
  return [...byModule].map(([module, names]) => `${format(`import { ${names.join(', ')} } from ${stringLiteral(module)}`)}\n`).join('')
}

/**
 * Writes a `schema.ts` whole or not at all.
 *
 * @throws UsageError when the file exists and may not be replaced
 */
export async function writeSchemaFile(file: string, source: string, options: { overwrite: boolean }, files: Files = new Files()): Promise<void> {
  try {
    await files.write(file, source, options)
  } catch (error) {
    if (error instanceof UsageError && /exists already/.test(error.message)) {
      throw new UsageError(error.message, { hint: 'replace it with --force, or write another file', cause: error })
    }
    throw error
  }
}

interface Export {
  readonly kind: string
  readonly text: string
}

/** The exported objects, each after those it needs where that is possible; else by phase and name. */
function exportOrder(model: SchemaModel): SchemaObject[] {
  const objects = exportedObjects(model).sort(bySchemaOrder)
  const index = new Map(objects.map(({ ref }, position) => [ref, position]))
  const exporter = (ref: Ref | null | undefined): number | undefined => {
    let current = ref
    while (current != null && !index.has(current)) current = model.get(current)?.parent
    return current == null ? undefined : index.get(current)
  }
  const edges: Edge[] = []
  for (const { ref } of model.objects.values()) {
    const after = exporter(ref)
    if (after === undefined) continue
    for (const need of model.needs(ref)) {
      if (need.createOnly) continue
      const before = exporter(need.to)
      if (before !== undefined && before !== after) edges.push([before, after])
    }
  }
  return new Groups(objects.length, edges).sorted((a, b) => a - b).flatMap((group) => group.map((position) => objects[position]!))
}

/** What no parent took up is exported by itself where its kind can say how; gives back what cannot be written. */
function printAlone(printer: ModelPrinter, add: (object: SchemaObject, code: string, wish: string) => void): SchemaObject[] {
  const covered = new Set<Ref>()
  const unprinted = [...printer.model.objects.values()].filter((object) => {
    if (printer.printedRefs.has(object.ref)) return false
    const { place, alone } = kindOf(object).print(object, printer)
    if (place === 'none') return false
    if (!alone) return true
    if (object.parent !== null) covered.add(object.parent)
    add(object, alone.code, alone.variable)
    return false
  })
  return unprinted.filter(({ ref }) => !covered.has(ref))
}

function waysToName({ id, kind }: SchemaObject, wish: string): string[][] {
  const schema = (id as { schema?: unknown }).schema
  const within = typeof schema === 'string' ? [schema] : []
  return [[wish], [...within, wish], [wish, kind], [...within, wish, kind]]
}

function separator(previous: Export | undefined, current: Export): string {
  const oneLine = (text: string) => !/[\n\ue000]/.test(text)
  return previous && previous.kind === current.kind && oneLine(previous.text) && oneLine(current.text) ? '' : '\n'
}

function header(model: SchemaModel, unprinted: readonly SchemaObject[]): string {
  const lines = [`The whole schema of a PostgreSQL ${model.version.major} database, as \`autogen pull\` read it. From here on it is yours: edit it, then run \`autogen\`.`]
  if (model.unmanaged.length > 0) {
    lines.push('', 'Not in this file, because objects of these kinds are not managed:')
    for (const { type, identity } of model.unmanaged) lines.push(`  ${type} ${identity}`)
  }
  if (unprinted.length > 0) {
    lines.push('', 'Not in this file, because there is no way to write them down:')
    for (const { ref } of unprinted) lines.push(`  ${ref}`)
  }
  return `${lines.map((line) => commentLine(line).replaceAll(LITERAL_NEWLINE, '\\ue000')).join('\n')}\n`
}
