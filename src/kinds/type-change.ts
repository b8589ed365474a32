import { quoteLiteral } from '../sql/identifiers.js'

/** What another type means for the values of a column, and for the code that reads and writes it. */
export interface TypeChange {
  /** What the new type does not keep of values that it takes: no way back brings that back. */
  readonly cuts?: string
  /** Values that it does not take; `where` is the condition for their rows, where one can be written. */
  readonly refuses?: { readonly which: string; readonly where?: string }
  /** `reads`: values reach code in another form. `writes`: they do not, but some that code writes are no longer taken. */
  readonly breaks?: 'reads' | 'writes'
  /** It is another type, not the same one with another size. */
  readonly isAnother: boolean
}

interface ReadType {
  readonly text: string
  /** Without sizes: `timestamp without time zone`. */
  readonly name: string
  readonly sizes: readonly number[]
}

/**
 * Judges the change of a type, both as `format_type` prints them. Conversions that only PostgreSQL or their author knows are taken for such that may
 * refuse values and cut nothing.
 *
 * @param value the column in SQL
 * @example typeChange('timestamp without time zone', 'date', 'born', 17) // { cuts: 'the time of day is cut off', breaks: 'reads', isAnother: true }
 */
export function typeChange(from: string, to: string, value: string, major: number): TypeChange {
  const [old, next] = [readType(from), readType(to)]
  const isAnother = old.name !== next.name
  const arrays = [old, next].filter(({ name }) => name.endsWith('[]')).length
  if (arrays === 2) {
    const { refuses, ...change } = typeChange(from.slice(0, -2), to.slice(0, -2), 'element', major)
    return { ...change, ...(refuses && { refuses: { ...refuses, ...(refuses.where && { where: `EXISTS (SELECT FROM unnest(${value}) AS element WHERE ${refuses.where})` }) } }) }
  }
  const breaks = breaksCode(old, next)
  const cuts = arrays === 0 ? cutsOff(old, next) : undefined
  const refuses = refusesValues(old, next, value, major)
  return { ...(cuts && { cuts }), ...(refuses && { refuses }), ...(breaks && { breaks }), isAnother }
}

function readType(text: string): ReadType {
  if (text.includes('"')) return { text, name: text, sizes: [] }
  const sizes = /\(([\d,-]+)\)/.exec(text)?.[1]?.split(',').map(Number) ?? []
  return { text, name: text.replace(/\([^)]*\)/, ''), sizes }
}

/** Every number of so many digits fits. */
const WHOLE: Readonly<Record<string, { readonly digits: number; readonly range: string }>> = {
  smallint: { digits: 4, range: '-32768 AND 32767' },
  integer: { digits: 9, range: '-2147483648 AND 2147483647' },
  bigint: { digits: 18, range: '-9223372036854775808 AND 9223372036854775807' },
}

/** Decimal digits that every value keeps. */
const FLOATS: Readonly<Record<string, number>> = { real: 6, 'double precision': 15 }

const MICROSECONDS = 6

function isText({ name }: ReadType): boolean {
  return /^(text|character varying|character|name|"char")$|(^|\.)citext$/.test(name)
}

/** How many characters fit; Infinity where there is no limit. */
function lengthOf({ sizes }: ReadType): number {
  return sizes[0] ?? Infinity
}

function isNumber({ name }: ReadType): boolean {
  return name in WHOLE || name in FLOATS || name === 'numeric'
}

/** Digits before the point and behind it that a number may have; Infinity where there is no limit. */
function digitsOf({ name, sizes }: ReadType): { before: number; behind: number } {
  if (name in WHOLE) return { before: WHOLE[name]!.digits + 1, behind: 0 }
  const [precision, scale = 0] = sizes
  return precision === undefined ? { before: Infinity, behind: Infinity } : { before: precision - scale, behind: scale }
}

function isTime({ name }: ReadType): boolean {
  return /^(timestamp|time|interval)\b/.test(name)
}

function cutsOff(old: ReadType, next: ReadType): string | undefined {
  if (isNumber(next) && (isNumber(old) || isText(old))) return cutDigits(old, next)
  if (next.name === 'boolean' && old.name in WHOLE) return 'numbers other than 0 and 1 are all the same'
  if (next.name === 'date' && (old.name.startsWith('timestamp') || isText(old))) return 'the time of day is cut off'
  if (next.name.startsWith('time ') && old.name.startsWith('timestamp')) return 'the day is cut off'
  if (next.name === 'time without time zone' && old.name === 'time with time zone') return 'the time zone is cut off'
  if (next.name === 'time without time zone' && old.name.startsWith('interval')) return 'whole days are cut off'
  if (next.name.startsWith('interval ') && old.name.startsWith('interval') && old.name !== next.name) return 'parts of the interval are cut off'
  if (isTime(old) && isTime(next) && (next.sizes[0] ?? MICROSECONDS) < (old.sizes[0] ?? MICROSECONDS)) return 'fractions of seconds are rounded away'
  if (old.name === 'json' && next.name === 'jsonb') return 'the order of keys is lost, and of keys that occur twice all values but the last'
  if (old.name === 'inet' && next.name === 'cidr') return 'the bits right of the mask are set to zero'
  return undefined
}

function cutDigits(old: ReadType, next: ReadType): string | undefined {
  const { before, behind } = digitsOf(old)
  const kept = FLOATS[next.name]
  if (kept !== undefined) return (old.name in FLOATS ? FLOATS[old.name]! <= kept : before + behind <= kept) ? undefined : `digits beyond those that ${next.name} keeps are rounded away`
  if (next.name in WHOLE) return isText(old) || behind <= 0 ? undefined : 'fractions are rounded away'
  if (next.sizes.length === 0) return old.name in FLOATS ? `digits after the first ${FLOATS[old.name]} are rounded away` : undefined
  return behind <= digitsOf(next).behind ? undefined : `digits are rounded to ${digitsOf(next).behind} behind the point`
}

function refusesValues(old: ReadType, next: ReadType, value: string, major: number): TypeChange['refuses'] {
  if (isText(next)) {
    const length = lengthOf(next)
    if (widthOf(old) <= length) return undefined
    return { which: `values of more than ${length} characters`, where: isText(old) ? `length(rtrim(${value})) > ${length}` : `length(${value}::text) > ${length}` }
  }
  if (isNumber(old) && isNumber(next)) return refusesNumbers(old, next, value)
  if (old.name === 'bit varying' && next.name === 'bit varying') return lengthOf(old) <= lengthOf(next) ? undefined : { which: `values of more than ${lengthOf(next)} bits`, where: `length(${value}) > ${lengthOf(next)}` }
  if (/^bit( varying)?$/.test(old.name) && next.name === 'bit') return { which: `values of other than ${lengthOf(next)} bits`, where: `length(${value}) <> ${lengthOf(next)}` }
  if (isCertain(old, next)) return undefined
  const which = `values that are none of ${next.text}`
  if (major >= 16) return { which, where: `NOT pg_input_is_valid(${value}::text, ${quoteLiteral(next.text)})` }
  return { which, ...(isText(old) && next.name in WHOLE && { where: `${value} !~ '^\\s*[-+]?[0-9]+\\s*$'` }) }
}

/** How many characters the text of a value has at most. */
function widthOf(type: ReadType): number {
  if (isText(type)) return lengthOf(type)
  if (type.name in WHOLE) return WHOLE[type.name]!.digits + 2
  if (type.name === 'numeric') return (type.sizes[0] ?? Infinity) + 3
  return { uuid: 36, boolean: 5 }[type.name] ?? Infinity
}

function refusesNumbers(old: ReadType, next: ReadType, value: string): TypeChange['refuses'] {
  const { before, behind } = digitsOf(old)
  const which = `numbers that are too large for ${next.text}`
  const isPlain = old.name in WHOLE
  const whole = WHOLE[next.name]
  if (whole) return before <= (isPlain ? whole.digits + 1 : whole.digits) ? undefined : { which, where: `${isPlain ? value : `round(${value})`} NOT BETWEEN ${whole.range}` }
  if (next.name === 'real' && old.name === 'double precision') return { which, where: `abs(${value}) > 3.4028235e38 AND abs(${value}) NOT IN ('Infinity', 'NaN')` }
  if (next.name !== 'numeric' || next.sizes.length === 0) return undefined
  const room = digitsOf(next)
  // What is rounded may need a digit more.
  if (before + (behind > room.behind ? 1 : 0) <= room.before) return undefined
  return { which, where: `${isPlain ? '' : `${value} <> 'NaN' AND `}abs(round(${value}::numeric, ${room.behind})) >= 1e${room.before}` }
}

/** Types between which every value can be converted. */
function isCertain(old: ReadType, next: ReadType): boolean {
  if (old.name === next.name) return true
  const pair = `${old.name} ${next.name}`
  if (/^(date|timestamp|time|interval)/.test(old.name) && /^(date|timestamp|time|interval)/.test(next.name)) return true
  return /^(integer boolean|boolean integer|inet cidr|cidr inet|jsonb json|macaddr macaddr8)$/.test(pair)
}

function breaksCode(old: ReadType, next: ReadType): TypeChange['breaks'] {
  const varying = /^(text|character varying)$/
  if ((varying.test(old.name) && varying.test(next.name)) || (old.name === 'bit varying' && next.name === 'bit varying')) return lengthOf(old) <= lengthOf(next) ? undefined : 'writes'
  if (old.name === 'numeric' && next.name === 'numeric') {
    if (next.sizes.length === 0) return undefined
    if (old.sizes.length === 0 || digitsOf(old).behind !== digitsOf(next).behind) return 'reads'
    return digitsOf(old).before <= digitsOf(next).before ? undefined : 'writes'
  }
  return isTime(old) && old.name === next.name ? undefined : 'reads'
}
