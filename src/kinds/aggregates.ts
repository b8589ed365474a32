import { checkedSql } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type Kind, type PrintedCode, type Printer } from './kind.js'
import { identityOf, renameRoutine, type RoutineArgument, type RoutineId } from './routine.js'
import { printArguments, readArguments, type ArgumentsInput } from './routine-arguments.js'

/** Names of functions and types as SQL writes them. */
interface AggregateAttrs {
  readonly arguments?: readonly RoutineArgument[]
  /** Of an ordered-set aggregate: how many of the arguments stand before ORDER BY. */
  readonly direct?: number
  readonly hypothetical?: true
  readonly sfunc: string
  readonly stype: string
  readonly sspace?: number
  readonly finalfunc?: string
  readonly finalfuncExtra?: true
  readonly finalfuncModify?: Modify
  readonly combinefunc?: string
  readonly serialfunc?: string
  readonly deserialfunc?: string
  readonly initcond?: string
  readonly msfunc?: string
  readonly minvfunc?: string
  readonly mstype?: string
  readonly msspace?: number
  readonly mfinalfunc?: string
  readonly mfinalfuncExtra?: true
  readonly mfinalfuncModify?: Modify
  readonly minitcond?: string
  readonly sortop?: string
  readonly parallel?: 'safe' | 'restricted'
}

type Modify = 'read_only' | 'shareable' | 'read_write'

export type Aggregate = SchemaObject<RoutineId, AggregateAttrs>

const MODIFY: Readonly<Record<string, Modify>> = { r: 'read_only', s: 'shareable', w: 'read_write' }

function aggregateObject(schema: string, name: string, attrs: AggregateAttrs): Aggregate {
  const args = identityOf(attrs.arguments)
  return { kind: 'aggregate', ref: refOf('aggregate', { signature: `${qualified(schema, name)}(${args})` }), parent: null, id: { schema, name, args }, attrs }
}

/** Aggregate functions: plain, ordered-set and hypothetical-set. */
export const aggregates: Kind = defineKind<Aggregate>({
  kind: 'aggregate',
  phase: PHASES.routine + 2,
  catalog: 'pg_proc',
  catalogQuery: () => `
    SELECT p.oid, 0, n.nspname, p.proname, coalesce(p.proallargtypes, p.proargtypes::oid[])::regtype[]::text[], p.proargmodes, p.proargnames,
           a.aggkind, a.aggnumdirectargs, p.proparallel, json_build_object(
             'sfunc', a.aggtransfn::text, 'stype', format_type(a.aggtranstype, NULL), 'sspace', a.aggtransspace,
             'finalfunc', a.aggfinalfn::text, 'finalfuncExtra', a.aggfinalextra, 'finalfuncModify', a.aggfinalmodify,
             'combinefunc', a.aggcombinefn::text, 'serialfunc', a.aggserialfn::text, 'deserialfunc', a.aggdeserialfn::text, 'initcond', a.agginitval,
             'msfunc', a.aggmtransfn::text, 'minvfunc', a.aggminvtransfn::text,
             'mstype', CASE WHEN a.aggmtranstype <> 0 THEN format_type(a.aggmtranstype, NULL) END, 'msspace', a.aggmtransspace,
             'mfinalfunc', a.aggmfinalfn::text, 'mfinalfuncExtra', a.aggmfinalextra, 'mfinalfuncModify', a.aggmfinalmodify, 'minitcond', a.aggminitval,
             'sortop', CASE WHEN o.oid IS NOT NULL THEN format('OPERATOR(%I.%s)', onsp.nspname, o.oprname) END)
    FROM pg_proc p
    JOIN pg_aggregate a ON a.aggfnoid = p.oid
    JOIN pg_namespace n ON n.oid = p.pronamespace
    LEFT JOIN pg_operator o ON o.oid = a.aggsortop AND a.aggsortop <> 0
    LEFT JOIN pg_namespace onsp ON onsp.oid = o.oprnamespace
    WHERE p.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT ${isMember('pg_proc', 'p.oid')}
    ORDER BY 3, 4, 5`,
  fromRow: (row) => {
    const [, , schema, name, types, modes, names, aggregateKind, direct, parallel, details] = row as [
      number, number, string, string, string[], string[] | null, string[] | null, string, number, string, Record<string, unknown>,
    ]
    const list = types.map((type, index): RoutineArgument => ({
      ...(modes?.[index] === 'v' && { mode: 'variadic' }),
      ...(names?.[index] && { name: names[index] }),
      type,
    }))
    const attrs = {
      ...(list.length > 0 && { arguments: list }),
      ...(aggregateKind !== 'n' && { direct }),
      ...(aggregateKind === 'h' && { hypothetical: true }),
      ...withoutDefaults(details, aggregateKind === 'n' ? 'r' : 'w'),
      ...(parallel !== 'u' && { parallel: parallel === 's' ? 'safe' : 'restricted' }),
    } as unknown as AggregateAttrs
    return { object: aggregateObject(schema, name, attrs) }
  },
  create: (aggregate) => [createAggregate(aggregate, 'CREATE')],
  drop: (aggregate) => [statement(`DROP AGGREGATE ${signature(aggregate)}`)],
  alter: (_from, to) => ({ statements: [createAggregate(to, 'CREATE OR REPLACE')], elseReplace: true }),
  rename: (from, to) => renameRoutine(`AGGREGATE ${signature(from)}`, `AGGREGATE ${signature(from, to.id.name)}`, from, to),
  address: (aggregate) => `AGGREGATE ${signature(aggregate)}`,
  hazards: goneFromCode,
  print: printAggregate,
})

function withoutDefaults(details: Record<string, unknown>, modify: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(details).flatMap(([key, value]): [string, unknown][] => {
      // A function that there is none of is shown as `-`, which as an initial condition is a text like any other.
      if (value === null || (value === '-' && !key.endsWith('initcond')) || value === 0 || value === false) return []
      if (key === 'mfinalfuncModify' && details.msfunc === '-') return []
      if (key.endsWith('Modify')) return value === modify ? [] : [[key, MODIFY[value as string]]]
      return [[key, value]]
    }),
  )
}

/** PostgreSQL wants `*` where there are no arguments, and an ordered set's only variadic argument on both sides of ORDER BY. */
function signature({ id, attrs }: Aggregate, name = id.name, names = false): string {
  const list = attrs.arguments ?? []
  const texts = list.map(({ mode, name: argument, type }) => [mode?.toUpperCase(), names && argument && quoteIdent(argument), type].filter(Boolean).join(' '))
  const { direct } = attrs
  const ordered = direct === texts.length ? texts.slice(-1) : texts.slice(direct)
  const text = direct === undefined ? texts.join(', ') || '*' : [texts.slice(0, direct).join(', '), `ORDER BY ${ordered.join(', ')}`].filter(Boolean).join(' ')
  return `${qualified(id.schema, name)}(${text})`
}

function createAggregate(aggregate: Aggregate, verb: 'CREATE' | 'CREATE OR REPLACE'): Statement {
  const { arguments: _, direct: _direct, hypothetical, ...details } = aggregate.attrs
  const lines = Object.entries(details).map(([key, value]) => {
    const word = key.replace(/(Extra|Modify)$/, '_$1').toUpperCase()
    if (value === true) return word
    return `${word} = ${key.endsWith('initcond') ? quoteLiteral(value as string) : value}`
  })
  if (hypothetical) lines.push('HYPOTHETICAL')
  return statement(`${verb} AGGREGATE ${signature(aggregate, aggregate.id.name, true)} (\n  ${lines.join(',\n  ')}\n)`)
}

function printAggregate({ id, attrs }: Aggregate, printer: Printer): PrintedCode {
  const { arguments: list, ...details } = attrs
  const members = [
    ...(list ? [`args: ${printArguments(list, printer)}`] : []),
    ...Object.entries(details).map(([key, value]) => `${key}: ${printer.literal(value)}`),
  ]
  const code = `${declaringCall(printer, id, 'aggregate', 'aggregate')}, {\n${members.map((member) => `  ${member},\n`).join('')}})`
  return { place: 'export', code, variable: id.name }
}

/** The parameters of CREATE AGGREGATE under their own names. */
export interface AggregateOptions {
  readonly args?: ArgumentsInput
  /** Of an ordered-set aggregate: how many of the arguments stand before ORDER BY. */
  readonly direct?: number
  readonly hypothetical?: boolean
  readonly sfunc: SqlSource | string
  readonly stype: TypeInput<any>
  readonly sspace?: number
  readonly finalfunc?: SqlSource | string
  readonly finalfuncExtra?: boolean
  readonly finalfuncModify?: Modify
  readonly combinefunc?: SqlSource | string
  readonly serialfunc?: SqlSource | string
  readonly deserialfunc?: SqlSource | string
  readonly initcond?: string
  readonly msfunc?: SqlSource | string
  readonly minvfunc?: SqlSource | string
  readonly mstype?: TypeInput<any>
  readonly msspace?: number
  readonly mfinalfunc?: SqlSource | string
  readonly mfinalfuncExtra?: boolean
  readonly mfinalfuncModify?: Modify
  readonly minitcond?: string
  /** As SQL names it: `OPERATOR(pg_catalog.<)`. */
  readonly sortop?: SqlSource | string
  readonly parallel?: 'safe' | 'restricted' | 'unsafe'
}

const DETAILS = [
  'sfunc', 'stype', 'sspace', 'finalfunc', 'finalfuncExtra', 'finalfuncModify', 'combinefunc', 'serialfunc', 'deserialfunc', 'initcond', 'msfunc',
  'minvfunc', 'mstype', 'msspace', 'mfinalfunc', 'mfinalfuncExtra', 'mfinalfuncModify', 'minitcond', 'sortop',
] as const

/** Details that are not SQL. */
const PLAIN: ReadonlySet<string> = new Set(['finalfuncModify', 'mfinalfuncModify', 'initcond', 'minitcond'])

/** A declared aggregate. Stands for its name in sql`…`. */
export class AggregateBuilder extends Declared implements SqlSource {
  protected readonly kind = aggregates
  readonly object: Aggregate
  readonly #uses: Ref[] = []

  constructor(id: QualifiedName, options: AggregateOptions) {
    super()
    const what = `aggregate ${qualified(id.schema, id.name)}`
    const list = readArguments(what, options.args ?? [], this.#uses)
    const details = DETAILS.flatMap((key): [string, unknown][] => {
      const value = options[key]
      if (value === undefined || value === false) return []
      if (typeof value === 'number' || value === true || PLAIN.has(key)) return [[key, value]]
      return [[key, this.#text(what, key, value as TypeInput<any>)]]
    })
    this.object = aggregateObject(id.schema, id.name, {
      ...(list.length > 0 && { arguments: list }),
      ...(options.direct !== undefined && { direct: options.direct }),
      ...(options.hypothetical && { hypothetical: true }),
      ...Object.fromEntries(details),
      ...(options.parallel && options.parallel !== 'unsafe' && { parallel: options.parallel }),
    } as AggregateAttrs)
  }

  #text(what: string, key: string, value: TypeInput<any>): string {
    if (key.endsWith('type')) {
      const { type, uses } = typeParts(`${key} of ${what}`, value)
      this.#uses.push(...uses)
      return type
    }
    const { text, uses } = checkedSql(`${key} of ${what}`, value, true)
    this.#uses.push(...uses)
    return text
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.object.id.schema, this.object.id.name), [this.object.ref])
  }
}

/**
 * Declares an aggregate: in `public` for a bare name.
 *
 * @throws SchemaError for names that PostgreSQL could not keep
 * @example export const product = aggregate('product', { args: ['numeric'], sfunc: 'numeric_mul', stype: 'numeric', initcond: '1' })
 */
export function aggregate(name: NameInput, options: AggregateOptions): AggregateBuilder {
  return new AggregateBuilder(checkedQualifiedName('aggregate', name), options)
}
