import { callbackCode, declaringCall } from '../authoring/names.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName } from '../model/schema-object.js'
import { printOptions } from './foreign-options.js'
import type { PrintedCode, Printer } from './kind.js'
import { isPlainPartition } from './partition-shorthand.js'
import type { PartitionAttrs } from './partition-ddl.js'
import type { StorageParameters } from './storage-parameters.js'
import { secretsOf, type Table } from './tables.js'

/** Code of a table with its columns and elements. */
export function printTable(table: Table, printer: Printer): PrintedCode {
  const { ref, id, attrs } = table
  const columns = printer.printed(ref, 'column').map(({ key, code }) => `${printer.property(key!)}: ${code},`)
  const elements = printer.printed(ref, 'element').map(({ code }) => code)
  const callback = elements.length > 0 ? `, ${callbackCode(elements)})` : ')'
  const plain = isPlainPartition(id, printer) ? (printer.object(refOf('partition', id.schema, id.name))!.attrs as PartitionAttrs) : undefined
  const code = [
    plain ? partitionCode(id, plain, callback, printer) : `${declaringCall(printer, id, 'table', 'table')}, {\n${columns.join('\n')}\n}${callback}`,
    ...(attrs.ofType ? [`.ofType(${relationCode('composite_type', attrs.ofType, printer)})`] : []),
    ...(attrs.foreign ? [foreignCode(table, attrs.foreign, printer)] : []),
    ...(attrs.inherits ?? []).map((parent) => `.inherits(${relationCode('table', parent, printer)})`),
    ...(attrs.partitionBy === undefined ? [] : [partitionByCode(attrs.partitionBy, printer)]),
    ...(attrs.unlogged ? ['.unlogged()'] : []),
    ...(attrs.accessMethod ? [`.accessMethod(${printer.string(attrs.accessMethod)})`] : []),
    ...(attrs.tablespace ? [`.tablespace(${printer.string(attrs.tablespace)})`] : []),
    ...(attrs.with ? [`.with(${printer.literal(plainValues(attrs.with))})`] : []),
    ...securityCode(attrs),
  ].join('')
  return { place: 'export', code, variable: id.name }
}

/** `events.partition('events_2024', { … }`; where the partitioned table is exported later, a table without columns says the same. */
function partitionCode(id: QualifiedName, { parent, bound }: PartitionAttrs, callback: string, printer: Printer): string {
  const variable = printer.variable(refOf('table', parent.schema, parent.name))
  const name = id.schema === parent.schema ? printer.string(id.name) : printer.literal(id)
  if (variable) return `${variable}.partition(${name}, ${boundCode(bound, printer)}${callback}`
  return `${declaringCall(printer, id, 'table', 'table')}, {}${callback}.partitionOf(${printer.literal(parent)}, ${boundCode(bound, printer)})`
}

/** A relation's variable, or its name where it is exported later. */
export function relationCode(kind: string, { schema, name }: QualifiedName, printer: Printer): string {
  return printer.variable(refOf(kind, schema, name)) ?? printer.literal({ schema, name })
}

function foreignCode(table: Table, { server, ...given }: NonNullable<Table['attrs']['foreign']>, printer: Printer): string {
  const name = printer.variable(refOf('foreign_server', server)) ?? printer.string(server)
  const options = printOptions(given, secretsOf(table), printer)
  return `.onServer(${name}${options ? `, ${options}` : ''})`
}

const NAME = '[a-z_][a-z0-9_]*'

function partitionByCode(key: string, printer: Printer): string {
  const [, strategy, names] = new RegExp(`^(RANGE|LIST|HASH) \\((${NAME}(?:, ${NAME})*)\\)$`).exec(key) ?? []
  if (!names) return `.partitionBy(${printer.sql(key)})`
  const method = { RANGE: 'partitionByRange', LIST: 'partitionByList', HASH: 'partitionByHash' }[strategy as 'RANGE' | 'LIST' | 'HASH']
  return `.${method}(${names.split(', ').map((name) => printer.string(name)).join(', ')})`
}

function plainValues(parameters: StorageParameters): Record<string, string | number | boolean> {
  const plain = (value: string) => {
    if (value === 'true' || value === 'false') return value === 'true'
    return String(Number(value)) === value ? Number(value) : value
  }
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, plain(value)]))
}

function securityCode({ rowSecurity, forceRowSecurity }: Table['attrs']): string[] {
  if (!rowSecurity && !forceRowSecurity) return []
  if (!forceRowSecurity) return ['.rowLevelSecurity()']
  return [`.rowLevelSecurity({ ${rowSecurity ? '' : 'enable: false, '}force: true })`]
}

/** The argument that says which rows a partition holds. */
export function boundCode(bound: string, printer: Printer): string {
  if (bound === 'DEFAULT') return printer.string('default')
  const list = /^FOR VALUES IN \((.*)\)$/s.exec(bound)
  if (list) return withValues(bound, printer, ([values]) => `{ in: [${values!.join(', ')}] }`, list[1]!)
  const range = /^FOR VALUES FROM \((.*)\) TO \((.*)\)$/s.exec(bound)
  if (range) return withValues(bound, printer, ([from, to]) => `{ from: ${one(from!)}, to: ${one(to!)} }`, range[1]!, range[2]!)
  const hash = /^FOR VALUES WITH \(modulus (\d+), remainder (\d+)\)$/.exec(bound)
  if (hash) return `{ modulus: ${hash[1]}, remainder: ${hash[2]} }`
  return printer.sql(bound)
}

const one = (values: readonly string[]): string => (values.length === 1 ? values[0]! : `[${values.join(', ')}]`)

function withValues(bound: string, printer: Printer, code: (lists: string[][]) => string, ...texts: string[]): string {
  const lists = texts.map((text) => valueCodes(text, printer))
  return lists.every((list) => list !== undefined) ? code(lists as string[][]) : printer.sql(bound)
}

/** Codes of constants in a list; undefined when one of them is something else. */
function valueCodes(text: string, printer: Printer): string[] | undefined {
  const codes: string[] = []
  const value = /\s*('(?:[^'\\]|'')*'|-?\d{1,15}|true|false|NULL|MINVALUE|MAXVALUE)\s*(,|$)/y
  for (let end = 0; end < text.length; end = value.lastIndex) {
    value.lastIndex = end
    const match = value.exec(text)
    if (!match) return undefined
    const constant = match[1]!
    if (constant.startsWith("'")) codes.push(printer.string(constant.slice(1, -1).replaceAll("''", "'")))
    else if (/^(MINVALUE|MAXVALUE)$/.test(constant)) codes.push(printer.sql(constant))
    else codes.push(constant === 'NULL' ? 'null' : constant)
  }
  return codes.length > 0 ? codes : undefined
}
