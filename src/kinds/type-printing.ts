import { refOf } from '../model/object-ref.js'
import type { Printer } from './kind.js'

/** Types whose builder is named as they are, or otherwise. */
const PLAIN: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    `smallint integer bigint numeric real money text bytea boolean uuid date interval json jsonb xml inet cidr macaddr macaddr8 tsvector tsquery
    point line lseg box path polygon circle int4range int8range numrange tsrange tstzrange daterange`
      .split(/\s+/)
      .map((name) => [name, name]),
  ),
  'double precision': 'doublePrecision',
  'character varying': 'varchar',
  'bit varying': 'varbit',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
}

/** Types with a length or precision behind their first words. */
const MEASURED: Readonly<Record<string, string>> = { ...PLAIN, character: 'char', bit: 'bit' }

const TYPE_KINDS = ['enum', 'domain', 'composite_type', 'range_type']

/** Code that makes a column of a type, given as format_type prints it: `varchar(20)`, `orderStatus().array()`, `type('app.t')`. */
export function typeCode(type: string, printer: Printer): string {
  const [, base, brackets] = /^(.*?)((?:\[\])*)$/s.exec(type)!
  const code = elementCode(base!, printer)
  if (code === undefined) return `${printer.use('type')}(${printer.string(type)})`
  return code + '.array()'.repeat(brackets!.length / 2)
}

function elementCode(type: string, printer: Printer): string | undefined {
  if (PLAIN[type]) return `${printer.use(PLAIN[type])}()`
  const [, head, measure, tail] = /^([a-z ]+)\((-?\d+(?:,-?\d+)?)\)( with(?:out)? time zone)?$/.exec(type) ?? []
  const builder = head === undefined || head === 'interval' ? undefined : MEASURED[head + (tail ?? '')]
  if (builder) return `${printer.use(builder)}(${measure!.replace(',', ', ')})`
  const name = qualifiedName(type)
  if (!name) return undefined
  for (const kind of TYPE_KINDS) {
    const variable = printer.variable(refOf(kind, ...name))
    if (variable) return `${variable}()`
  }
  return undefined
}

/** Schema and name of a qualified name in SQL; undefined when it is something else. */
export function qualifiedName(text: string): [schema: string, name: string] | undefined {
  const match = /^(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_$]*))\.(?:"((?:[^"]|"")+)"|([a-z_][a-z0-9_$]*))$/.exec(text)
  if (!match) return undefined
  const [, quotedSchema, schema, quotedName, name] = match
  return [quotedSchema?.replaceAll('""', '"') ?? schema!, quotedName?.replaceAll('""', '"') ?? name!]
}

/** Types with a constant text as default that schema.ts can hold as a string. */
const STRING_TYPES = /^(text|character varying|bpchar|uuid|inet|cidr|macaddr|macaddr8|xml|money)$/

/**
 * Code of a default's argument: a plain value where that comes back as the same expression, otherwise sql`…`.
 *
 * @example defaultCode("'pending'::app.status", 'app.status', printer) // 'pending'
 */
export function defaultCode(expression: string, type: string, printer: Printer): string {
  if (expression === 'true' || expression === 'false') return type === 'boolean' ? expression : printer.sql(expression)
  if (/^\d{1,15}(\.\d{1,10})?$/.test(expression) && String(Number(expression)) === expression && /^(smallint|integer|bigint|numeric.*|real|double precision)$/.test(type)) return expression
  const [, text, cast] = /^'((?:[^'\\]|'')*)'::(.*)$/s.exec(expression) ?? []
  if (text === undefined) return printer.sql(expression)
  if (text === '{}' && cast === type && /^(text|integer|bigint|uuid|smallint|character varying|boolean)\[\]$/.test(type)) return '[]'
  const base = type.replace(/\(\d+\)$/, '').replace(/^character$/, 'bpchar')
  const plain = cast === base && (STRING_TYPES.test(base) || isEnum(base, printer))
  return plain ? printer.string(text.replaceAll("''", "'")) : printer.sql(expression)
}

function isEnum(type: string, printer: Printer): boolean {
  const name = qualifiedName(type)
  return name !== undefined && printer.variable(refOf('enum', ...name)) !== undefined
}
