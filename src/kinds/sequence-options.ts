import { statement, type Statement } from '../sql/statement.js'

/** What a sequence is made of, the parts that are not PostgreSQL's defaults; numbers as text, since they have 64 bits. */
export interface SequenceOptions {
  readonly dataType?: 'smallint' | 'integer'
  readonly increment?: string
  readonly min?: string
  readonly max?: string
  readonly start?: string
  readonly cache?: string
  readonly cycle?: true
}

/** All of a sequence's parameters, as pg_sequence has them. */
export interface SequenceParameters {
  readonly dataType: 'smallint' | 'integer' | 'bigint'
  readonly increment: bigint
  readonly min: bigint
  readonly max: bigint
  readonly start: bigint
  readonly cache: bigint
  readonly cycle: boolean
}

const LIMITS = {
  smallint: [-32768n, 32767n],
  integer: [-2147483648n, 2147483647n],
  bigint: [-9223372036854775808n, 9223372036854775807n],
} as const

/** The parameters that options stand for. */
export function sequenceParameters(options: SequenceOptions): SequenceParameters {
  const dataType = options.dataType ?? 'bigint'
  const increment = BigInt(options.increment ?? '1')
  const [lowest, highest] = LIMITS[dataType]
  const min = options.min === undefined ? (increment < 0n ? lowest : 1n) : BigInt(options.min)
  const max = options.max === undefined ? (increment < 0n ? -1n : highest) : BigInt(options.max)
  const start = options.start === undefined ? (increment < 0n ? max : min) : BigInt(options.start)
  return { dataType, increment, min, max, start, cache: BigInt(options.cache ?? '1'), cycle: options.cycle ?? false }
}

/** The options that stand for parameters: `sequenceParameters` reversed. */
export function sequenceOptions({ dataType, increment, min, max, start, cache, cycle }: SequenceParameters): SequenceOptions {
  const defaults = sequenceParameters({ ...(dataType !== 'bigint' && { dataType }), increment: String(increment) })
  return {
    ...(dataType !== 'bigint' && { dataType }),
    ...(increment !== 1n && { increment: String(increment) }),
    ...(min !== defaults.min && { min: String(min) }),
    ...(max !== defaults.max && { max: String(max) }),
    ...(start !== (increment < 0n ? max : min) && { start: String(start) }),
    ...(cache !== 1n && { cache: String(cache) }),
    ...(cycle && { cycle: true }),
  }
}

/** The clauses of CREATE SEQUENCE. */
export function sequenceClauses(options: SequenceOptions): string[] {
  return [
    options.dataType && `AS ${options.dataType}`,
    options.increment && `INCREMENT BY ${options.increment}`,
    options.min && `MINVALUE ${options.min}`,
    options.max && `MAXVALUE ${options.max}`,
    options.start && `START WITH ${options.start}`,
    options.cache && `CACHE ${options.cache}`,
    options.cycle && 'CYCLE',
  ].filter((clause): clause is string => Boolean(clause))
}

/**
 * The clauses of ALTER SEQUENCE that turn one set of options into another. Limits are also given where they only follow from the
 * type or direction: PostgreSQL keeps or adjusts old ones by rules of its own.
 */
export function sequenceChanges(from: SequenceOptions, to: SequenceOptions): string[] {
  const [old, next] = [sequenceParameters(from), sequenceParameters(to)]
  const limits = old.dataType !== next.dataType || old.increment < 0n !== next.increment < 0n
  return [
    old.dataType !== next.dataType && `AS ${next.dataType}`,
    old.increment !== next.increment && `INCREMENT BY ${next.increment}`,
    (limits || old.min !== next.min) && (to.min === undefined ? 'NO MINVALUE' : `MINVALUE ${to.min}`),
    (limits || old.max !== next.max) && (to.max === undefined ? 'NO MAXVALUE' : `MAXVALUE ${to.max}`),
    old.start !== next.start && `START WITH ${next.start}`,
    old.cache !== next.cache && `CACHE ${next.cache}`,
    old.cycle !== next.cycle && (next.cycle ? 'CYCLE' : 'NO CYCLE'),
  ].filter((clause): clause is string => Boolean(clause))
}

/** How the position of a sequence gets inside new limits. */
export type Repositioning =
  /** It may lie before the first value that is allowed now: it is moved there first. */
  | { readonly type: 'advance'; readonly condition: string; readonly value: bigint }
  /** Every position lies outside. */
  | { readonly type: 'restart' }

/**
 * What has to happen to the position when limits change; undefined when nothing. A sequence only ever moves forward, so that no
 * value is given out twice; one that is beyond the new end stays there, and PostgreSQL refuses the change.
 */
export function repositioning(from: SequenceOptions, to: SequenceOptions): Repositioning | undefined {
  const [old, next] = [sequenceParameters(from), sequenceParameters(to)]
  if (old.start >= next.min && old.start <= next.max) return undefined
  const up = next.increment > 0n
  const forward = up === old.increment > 0n && (up ? old.start < next.min : old.start > next.max)
  const value = [next.start, up ? next.min : next.max].find((one) => one >= old.min && one <= old.max)
  if (!forward || value === undefined) return { type: 'restart' }
  return { type: 'advance', condition: up ? `last_value < ${next.min}` : `last_value > ${next.max}`, value }
}

/**
 * Lets a sequence go on after the numbers that a column has already. `sequence` is SQL for its name; every name is quoted.
 *
 * @example continueAfter("'app.users_id_seq'", 'app.users', 'id', { dataType: 'integer' })
 */
export function continueAfter(sequence: string, table: string, column: string, options: SequenceOptions): Statement {
  const { increment, start, min, max } = sequenceParameters(options)
  const last = `${increment > 0n ? 'max' : 'min'}(${column})`
  const within = increment > 0n ? `BETWEEN ${start} AND ${max}` : `BETWEEN ${min} AND ${start}`
  return statement(`SELECT setval(${sequence}, ${last}) FROM ${table} HAVING ${last} ${within}`)
}
