import { checkedSql, refuse } from './checks.js'
import { ColumnBuilder, typeBuilder } from './column-builder.js'
import { isSqlSource, type SqlSource } from '../sql/template.js'

/** A point of a plane, as node-postgres reads it. */
export interface Point {
  readonly x: number
  readonly y: number
}

/** A span of time, as node-postgres reads it; parts that are zero are left out. */
export interface Interval {
  readonly years?: number
  readonly months?: number
  readonly days?: number
  readonly hours?: number
  readonly minutes?: number
  readonly seconds?: number
  readonly milliseconds?: number
}

/**
 * A column of any type, named as in SQL. Builders exist for the usual ones; types declared in schema.ts are called themselves.
 *
 * @example type('citext')
 * @example type<string>('geometry(Point, 4326)')
 */
export function type<T = unknown>(name: string | SqlSource): ColumnBuilder<T> {
  const { text, uses } = checkedSql('a type', name, true)
  return typeBuilder<T>(text, isSqlSource(name) ? uses : [])
}

const whole = (value: number | undefined, what: string, lowest = 0): string => {
  if (value === undefined) return ''
  if (!Number.isInteger(value) || value < lowest) refuse(`the ${what} ${value} is not a whole number from ${lowest} on`, `give a number`)
  return `(${value})`
}

/** `smallint`: two bytes. */
export const smallint = (): ColumnBuilder<number> => typeBuilder('smallint')
/** `integer`: four bytes. */
export const integer = (): ColumnBuilder<number> => typeBuilder('integer')
/** `bigint`: eight bytes, which node-postgres reads as a string since a number cannot hold them all. */
export const bigint = (): ColumnBuilder<string> => typeBuilder('bigint')

/** `smallint` with a sequence of its own as its default. */
export const smallserial = (): ColumnBuilder<number, true, 'optional'> => typeBuilder('smallserial')
/** `integer` with a sequence of its own as its default. */
export const serial = (): ColumnBuilder<number, true, 'optional'> => typeBuilder('serial')
/** `bigint` with a sequence of its own as its default. */
export const bigserial = (): ColumnBuilder<string, true, 'optional'> => typeBuilder('bigserial')

/**
 * `numeric`: exact, with as many digits as wanted; read as a string.
 *
 * @example numeric(12, 2) // twelve digits, two of them after the point
 */
export function numeric(precision?: number, scale?: number): ColumnBuilder<string> {
  if (precision === undefined) return typeBuilder('numeric')
  whole(precision, 'precision of numeric', 1)
  if (scale === undefined) return typeBuilder(`numeric(${precision})`)
  whole(scale, 'scale of numeric', -1000)
  return typeBuilder(`numeric(${precision},${scale})`)
}

/** `real`: four bytes, inexact. */
export const real = (): ColumnBuilder<number> => typeBuilder('real')
/** `double precision`: eight bytes, inexact. */
export const doublePrecision = (): ColumnBuilder<number> => typeBuilder('double precision')
/** `money`, in the currency of the database. */
export const money = (): ColumnBuilder<string> => typeBuilder('money')

/** `text`. */
export const text = (): ColumnBuilder<string> => typeBuilder('text')
/**
 * `character varying`: text of limited length.
 *
 * @example varchar(200)
 */
export const varchar = (length?: number): ColumnBuilder<string> => typeBuilder(`character varying${whole(length, 'length of varchar', 1)}`)
/** `character`: text padded with spaces to its length. */
export const char = (length?: number): ColumnBuilder<string> => typeBuilder(`character${whole(length, 'length of char', 1)}`)
/** `bytea`: bytes. */
export const bytea = (): ColumnBuilder<Uint8Array> => typeBuilder('bytea')

/** `boolean`. */
export const boolean = (): ColumnBuilder<boolean> => typeBuilder('boolean')
/** `uuid`. */
export const uuid = (): ColumnBuilder<string> => typeBuilder('uuid')

/** `date`. */
export const date = (): ColumnBuilder<Date> => typeBuilder('date')
/** `time without time zone`; `precision` counts digits of the second's fraction. */
export const time = (precision?: number): ColumnBuilder<string> => typeBuilder(`time${whole(precision, 'precision of time')} without time zone`)
/** `time with time zone`. */
export const timetz = (precision?: number): ColumnBuilder<string> => typeBuilder(`time${whole(precision, 'precision of timetz')} with time zone`)
/** `timestamp without time zone`. */
export const timestamp = (precision?: number): ColumnBuilder<Date> =>
  typeBuilder(`timestamp${whole(precision, 'precision of timestamp')} without time zone`)
/** `timestamp with time zone`: a moment. */
export const timestamptz = (precision?: number): ColumnBuilder<Date> =>
  typeBuilder(`timestamp${whole(precision, 'precision of timestamptz')} with time zone`)
/**
 * `interval`, perhaps of certain fields only.
 *
 * @example interval('day to second', 3)
 */
export function interval(fields?: string, precision?: number): ColumnBuilder<Interval> {
  if (fields !== undefined && !/^(year|month|day|hour|minute|second)( to (month|hour|minute|second))?$/i.test(fields)) {
    refuse(`an interval has no fields ${JSON.stringify(fields)}`, "write them as SQL does: 'day to second'")
  }
  return typeBuilder(`interval${fields === undefined ? '' : ` ${fields}`}${whole(precision, 'precision of interval')}`)
}

/** `json`: kept as it was written. */
export const json = <T = unknown>(): ColumnBuilder<T> => typeBuilder('json')
/**
 * `jsonb`: kept parsed.
 *
 * @example jsonb<{ theme: string }>()
 */
export const jsonb = <T = unknown>(): ColumnBuilder<T> => typeBuilder('jsonb')
/** `xml`. */
export const xml = (): ColumnBuilder<string> => typeBuilder('xml')

/** `bit`: so many bits, one when it is not said. */
export const bit = (length?: number): ColumnBuilder<string> => typeBuilder(`bit${whole(length, 'length of bit', 1)}`)
/** `bit varying`: at most so many bits. */
export const varbit = (length?: number): ColumnBuilder<string> => typeBuilder(`bit varying${whole(length, 'length of varbit', 1)}`)

/** `inet`: an address of a host, perhaps with its network. */
export const inet = (): ColumnBuilder<string> => typeBuilder('inet')
/** `cidr`: an address of a network. */
export const cidr = (): ColumnBuilder<string> => typeBuilder('cidr')
/** `macaddr`. */
export const macaddr = (): ColumnBuilder<string> => typeBuilder('macaddr')
/** `macaddr8`. */
export const macaddr8 = (): ColumnBuilder<string> => typeBuilder('macaddr8')

/** `tsvector`: words of a document. */
export const tsvector = (): ColumnBuilder<string> => typeBuilder('tsvector')
/** `tsquery`: a text search. */
export const tsquery = (): ColumnBuilder<string> => typeBuilder('tsquery')

/** `point`. */
export const point = (): ColumnBuilder<Point> => typeBuilder('point')
/** `line`. */
export const line = (): ColumnBuilder<string> => typeBuilder('line')
/** `lseg`: a line segment. */
export const lseg = (): ColumnBuilder<string> => typeBuilder('lseg')
/** `box`. */
export const box = (): ColumnBuilder<string> => typeBuilder('box')
/** `path`. */
export const path = (): ColumnBuilder<string> => typeBuilder('path')
/** `polygon`. */
export const polygon = (): ColumnBuilder<string> => typeBuilder('polygon')
/** `circle`. */
export const circle = (): ColumnBuilder<string> => typeBuilder('circle')

/** `int4range`. */
export const int4range = (): ColumnBuilder<string> => typeBuilder('int4range')
/** `int8range`. */
export const int8range = (): ColumnBuilder<string> => typeBuilder('int8range')
/** `numrange`. */
export const numrange = (): ColumnBuilder<string> => typeBuilder('numrange')
/** `tsrange`. */
export const tsrange = (): ColumnBuilder<string> => typeBuilder('tsrange')
/** `tstzrange`. */
export const tstzrange = (): ColumnBuilder<string> => typeBuilder('tstzrange')
/** `daterange`. */
export const daterange = (): ColumnBuilder<string> => typeBuilder('daterange')
