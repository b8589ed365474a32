import { Buffer } from 'node:buffer'

/** Turns one value's text into what `Database` promises. */
export type ValueParser = (text: string) => unknown

const asText: ValueParser = (text) => text
const asNumber: ValueParser = (text) => Number(text)
const asBoolean: ValueParser = (text) => text === 't'
const asJson: ValueParser = (text) => JSON.parse(text) as unknown
/** int2vector and oidvector: `1 2 3`. */
const asVector: ValueParser = (text) => (text === '' ? [] : text.split(' ').map(Number))

const scalars: Readonly<Record<number, ValueParser>> = {
  16: asBoolean, // bool
  21: asNumber, // int2
  23: asNumber, // int4
  26: asNumber, // oid
  700: asNumber, // float4
  701: asNumber, // float8
  114: asJson, // json
  3802: asJson, // jsonb
  22: asVector, // int2vector
  30: asVector, // oidvector
}

/** Array types by oid, with the oid of their elements. The oids of built-in types are the same on every server. */
const arrays: Readonly<Record<number, number>> = {
  1000: 16, // bool
  1001: 17, // bytea
  1002: 18, // "char"
  1003: 19, // name
  1016: 20, // int8
  1005: 21, // int2
  1007: 23, // int4
  1008: 24, // regproc
  1009: 25, // text
  1028: 26, // oid
  1006: 22, // int2vector
  1013: 30, // oidvector
  199: 114, // json
  3807: 3802, // jsonb
  1021: 700, // float4
  1022: 701, // float8
  1014: 1042, // bpchar
  1015: 1043, // varchar
  1034: 1033, // aclitem
  1182: 1082, // date
  1115: 1114, // timestamp
  1185: 1184, // timestamptz
  1187: 1186, // interval
  1231: 1700, // numeric
  2951: 2950, // uuid
  2207: 2202, // regprocedure
  2210: 2205, // regclass
  2211: 2206, // regtype
  4097: 4096, // regrole
  4090: 4089, // regnamespace
}

/** An array of one dimension that is read as fast as JSON. */
const PLAIN_NUMBERS = /^\{[-\d,]*\}$/

/** The parser for values of the type with this oid. Types without a rule keep PostgreSQL's text. */
export function parserFor(oid: number): ValueParser {
  const element = arrays[oid]
  if (element === undefined) return scalars[oid] ?? asText
  const parse = scalars[element] ?? asText
  if (parse === asNumber) return (text) => (PLAIN_NUMBERS.test(text) ? JSON.parse(`[${text.slice(1, -1)}]`) : parseArray(text, parse)) as number[]
  return (text) => parseArray(text, parse)
}

/**
 * Parses the text of an array; NULL elements are null, dimensions nest.
 *
 * @example parseArray('{1,NULL,3}', Number) // [1, null, 3]
 */
export function parseArray(text: string, parse: ValueParser): unknown[] {
  // Arrays whose lower bound is not 1 come with their bounds: [0:1]={a,b}
  let at = text.startsWith('[') ? text.indexOf('=') + 1 : 0
  const level = (): unknown[] => {
    const items: unknown[] = []
    at++
    while (text[at] !== '}') {
      if (text[at] === ',') at++
      else if (text[at] === '{') items.push(level())
      else items.push(element())
    }
    at++
    return items
  }
  const element = (): unknown => {
    if (text[at] !== '"') {
      const from = at
      while (text[at] !== ',' && text[at] !== '}') at++
      const value = text.slice(from, at)
      return value === 'NULL' ? null : parse(value)
    }
    let value = ''
    for (at++; text[at] !== '"'; at++) {
      if (text[at] === '\\') at++
      value += text[at]
    }
    at++
    return parse(value)
  }
  return level()
}

/** The text of a parameter; null for NULL. Arrays become array literals, bytes bytea, other objects JSON. */
export function parameterText(value: unknown): string | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString('hex')}`
  if (Array.isArray(value)) return arrayText(value)
  if (typeof value === 'object') return JSON.stringify(value)
  return String(value)
}

function arrayText(items: readonly unknown[]): string {
  const texts = items.map((item) => {
    if (Array.isArray(item)) return arrayText(item)
    const text = parameterText(item)
    return text === null ? 'NULL' : `"${text.replace(/["\\]/g, '\\$&')}"`
  })
  return `{${texts.join(',')}}`
}
