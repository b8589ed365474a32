import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref } from '../model/schema-object.js'
import { secretsOf, type Column, type ColumnAttrs, type Identity } from './column-ddl.js'
import type { Constraint } from './constraints/attributes.js'
import { columnShorthand } from './constraints/shorthand.js'
import { printOptions } from './foreign-options.js'
import type { PrintedCode, Printer } from './kind.js'
import { isPlainPartition } from './partition-shorthand.js'
import { serialBuilder } from './serial-shorthand.js'
import { typeCode } from './type-printing.js'

/** Code of a column in its table's list. */
export function printColumn(column: Column, printer: Printer): PrintedCode {
  const { id, attrs } = column
  if (attrs.relation === 'MATERIALIZED VIEW') {
    const relation = printer.literal({ schema: id.schema, name: id.table })
    const code = `${printer.use('columnSettings')}(${relation}, ${printer.string(id.name)}, ${settingsCode(column, printer)})`
    return { place: 'export', code, variable: `${id.table}_${id.name}_settings` }
  }
  if (attrs.relation || isPlainlyInherited(column, printer) || isPlainPartition(id, printer)) return { place: 'none', code: '' }
  const constraints = shorthands(column, printer)
  const serial = serialBuilder(id, printer)
  const code = [
    serial ? `${printer.use(serial)}()` : typeCode(attrs.type!, printer),
    attrs.collation && `.collate(${collationCode(attrs.collation, printer)})`,
    attrs.generated && `.generatedAlwaysAs(${printer.sql(attrs.generated.expression)}${attrs.generated.virtual ? ', { virtual: true }' : ''})`,
    attrs.identity && identityCode(attrs.identity, printer),
    serial || (constraints.includes('.primaryKey()') && attrs.notNull === true) ? '' : notNullCode(attrs, constraints, printer),
    ...constraints,
    hasSettings(attrs) ? `.settings(${settingsCode(column, printer)})` : undefined,
    attrs.inherited && '.inherited()',
  ]
  return { place: 'column', key: column.id.name, code: code.filter(Boolean).join('') }
}

function shorthands({ id, parent }: Column, printer: Printer): string[] {
  return printer
    .children(parent!)
    .filter(({ kind }) => kind === 'constraint')
    .map((constraint) => columnShorthand(constraint as Constraint, printer))
    .filter((shorthand) => shorthand?.column === id.name)
    .map((shorthand) => shorthand!.code)
}

/** Whether the table's parents give the column exactly as it is, so that the table need not mention it. */
export function isPlainlyInherited(column: Column, printer: Printer): boolean {
  const { id, attrs, ref } = column
  if (!attrs.inherited || attrs.statistics !== undefined || attrs.options) return false
  // Before PostgreSQL 18 nothing tells whose NOT NULL it is.
  if (printer.version.major >= 18 && attrs.notNull !== undefined && attrs.notNull !== 'inherited') return false
  const table = printer.object(refOf('table', id.schema, id.table))
  for (const parent of (table?.attrs.inherits ?? []) as QualifiedName[]) {
    const above = printer.object(refOf('column', parent.schema, parent.name, id.name)) as Column | undefined
    if (above) return givesDefault(above, printer) && text(looks(above, printer, above.ref)) === text(looks(column, printer, ref))
  }
  return false
}

/** Whether children of its table get its default: one that it has beside those of its parents is set when they are there already. */
function givesDefault(column: Column, printer: Printer): boolean {
  return !column.attrs.inherited || isPlainlyInherited(column, printer) || printer.children(column.ref).every(({ kind }) => kind !== 'column_default')
}

/** What a column passes on to children of its table, and anything that hangs on it. */
function looks({ attrs }: Column, printer: Printer, ref: Ref): unknown {
  const { storage, compression, generated } = attrs
  const hanging = printer.children(ref).filter(({ kind }) => kind !== 'column_default')
  const byDefault = printer.children(ref).find(({ kind }) => kind === 'column_default')?.attrs.expression as string | undefined
  return [storage, compression, generated, attrs.notNull !== undefined, byDefault, attrs.inherited ? hanging.length : 0]
}

function text(value: unknown): string {
  return JSON.stringify(value)
}

/** Collations of PostgreSQL itself need no schema. */
function collationCode(collation: string, printer: Printer): string {
  const [, name] = /^pg_catalog\.(?:"((?:[^"]|"")*)"|[a-z_][a-z0-9_$]*)$/.exec(collation) ?? []
  if (!collation.startsWith('pg_catalog.')) return printer.sql(collation)
  return printer.string(name?.replaceAll('""', '"') ?? collation.slice('pg_catalog.'.length))
}

const IDENTITY_OPTIONS = ['start', 'increment', 'min', 'max', 'cache'] as const

function identityCode(identity: Identity, printer: Printer): string {
  const options: Record<string, unknown> = {}
  if (identity.name !== undefined) options.name = identity.name
  for (const option of IDENTITY_OPTIONS) {
    const value = identity[option]
    if (value !== undefined) options[option] = Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (identity.cycle) options.cycle = true
  if (identity.unlogged !== undefined) options.unlogged = identity.unlogged
  const method = identity.generated === 'always' ? 'generatedAlwaysAsIdentity' : 'generatedByDefaultAsIdentity'
  return `.${method}(${Object.keys(options).length > 0 ? printer.literal(options) : ''})`
}

function notNullCode({ notNull, identity }: ColumnAttrs, constraints: readonly string[], printer: Printer): string | undefined {
  // A primary key would declare it too.
  if (notNull === 'inherited' && constraints.some((code) => code.startsWith('.primaryKey('))) return `.notNull(${printer.literal({ inherited: true })})`
  if (notNull === undefined || notNull === 'inherited') return undefined
  if (notNull === true) return identity ? undefined : '.notNull()'
  return `.notNull(${printer.literal(notNull)})`
}

function hasSettings({ storage, compression, statistics, options, foreign }: ColumnAttrs): boolean {
  return [storage, compression, statistics, options, foreign].some((value) => value !== undefined)
}

function settingsCode(column: Column, printer: Printer): string {
  const { storage, compression, statistics, options, foreign } = column.attrs
  const numbers = Object.fromEntries(Object.entries(options ?? {}).map(([name, value]) => [name, Number(value)]))
  const settings = Object.entries({ storage, compression, statistics, ...numbers }).flatMap(([name, value]) => (value === undefined ? [] : [`${name}: ${printer.literal(value)}`]))
  const wrapped = foreign && printOptions(foreign, secretsOf(column), printer)
  return `{ ${[...settings, ...(wrapped ? [`foreign: ${wrapped}`] : [])].join(', ')} }`
}
