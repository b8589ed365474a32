import type { Row } from '../database/database.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { dollarQuote, qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { withoutComments } from '../sql/words.js'
import type { AlterContext, Alteration } from './kind.js'
import { settingClause, type RoutineSetting } from './routine-settings.js'

/** Schema, name, and the types of the input arguments as PostgreSQL prints them: `integer, text`. */
export interface RoutineId extends QualifiedName {
  readonly args: string
}

export interface RoutineArgument {
  /** `in` is left out; `table` is a column of RETURNS TABLE. */
  readonly mode?: 'out' | 'inout' | 'variadic' | 'table'
  readonly name?: string
  readonly type: string
  readonly default?: string
}

export interface RoutineAttrs {
  readonly arguments?: readonly RoutineArgument[]
  /** Absent for procedures and where the arguments tell: RETURNS TABLE. */
  readonly returns?: string
  readonly setof?: true
  readonly language: string
  /** The source text, exactly as stored. */
  readonly body?: string
  /** An SQL-standard body: RETURN or BEGIN ATOMIC. */
  readonly sqlBody?: string
  /** The object file of a C routine, whose `body` is the link symbol. */
  readonly library?: string
  readonly window?: true
  readonly volatility?: 'immutable' | 'stable'
  readonly strict?: true
  readonly securityDefiner?: true
  readonly leakproof?: true
  readonly parallel?: 'safe' | 'restricted'
  readonly cost?: number
  readonly rows?: number
  readonly support?: string
  readonly transforms?: readonly string[]
  readonly settings?: readonly RoutineSetting[]
  /** The SQL-standard body in its author's words; never in a reflected object. */
  readonly written?: string
}

export type Routine = SchemaObject<RoutineId, RoutineAttrs>

export function routineObject(kind: 'function' | 'procedure', schema: string, name: string, attrs: RoutineAttrs): Routine {
  const args = identityOf(attrs.arguments)
  return { kind, ref: refOf(kind, { signature: `${qualified(schema, name)}(${args})` }), parent: null, id: { schema, name, args }, attrs }
}

/** The types that tell routines of one name apart. */
export function identityOf(list: readonly RoutineArgument[] = []): string {
  return list.filter(isInput).map(({ type }) => printedType(type)).join(', ')
}

/** Names of the SQL standard and abbreviations, as PostgreSQL prints them in the identity of a routine. */
const PRINTED: Readonly<Record<string, string>> = {
  int: 'integer', int4: 'integer', int2: 'smallint', int8: 'bigint', float: 'double precision', float8: 'double precision', float4: 'real',
  decimal: 'numeric', dec: 'numeric', bool: 'boolean', varchar: 'character varying', char: 'character', bpchar: 'character', varbit: 'bit varying',
  timestamptz: 'timestamp with time zone', timestamp: 'timestamp without time zone', timetz: 'time with time zone', time: 'time without time zone',
}

/** Only to find a routine that was declared: PostgreSQL ignores modifiers of argument types and has one name for each type. */
function printedType(type: string): string {
  if (type.includes('"')) return type
  const [, name, array] = /^(?:pg_catalog\.)?(.*?)\s*((?:\[\d*\]\s*)*)$/s.exec(type.toLowerCase().replace(/\s*\([^()]*\)/, ''))!
  return (PRINTED[name!] ?? name!) + (array ? '[]' : '')
}

export function isInput({ mode }: RoutineArgument): boolean {
  return mode !== 'out' && mode !== 'table'
}

const MODES: Readonly<Record<string, RoutineArgument['mode']>> = { o: 'out', b: 'inout', v: 'variadic', t: 'table' }

/** Routines of the given values of prokind. */
export function routineQuery(prokinds: string): string {
  return `
    SELECT p.oid, 0, n.nspname, p.proname, coalesce(p.proallargtypes, p.proargtypes::oid[])::regtype[]::text[], p.proargmodes, p.proargnames,
           CASE WHEN p.pronargdefaults > 0 THEN ARRAY(
             SELECT pg_get_function_arg_default(p.oid, i) FROM generate_series(1, coalesce(cardinality(p.proallargtypes), p.pronargs)) i ORDER BY i) END,
           CASE WHEN p.prokind <> 'p' THEN format_type(p.prorettype, NULL) END, p.proretset, l.lanname, p.prosrc,
           CASE WHEN p.prosqlbody IS NOT NULL THEN pg_get_function_sqlbody(p.oid) END, p.probin, p.prokind = 'w', p.provolatile, p.proisstrict,
           p.prosecdef, p.proleakproof, p.proparallel, p.procost, p.prorows,
           CASE WHEN p.prosupport::oid <> 0 THEN p.prosupport::text END, p.protrftypes::regtype[]::text[], p.proconfig
    FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace
    JOIN pg_language l ON l.oid = p.prolang
    WHERE p.prokind IN (${prokinds}) AND p.oid >= 16384 AND n.nspname !~ '^pg_temp_'
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid AND e.deptype IN ('e', 'i'))
    ORDER BY 3, 4, 5`
}

type RoutineRow = [
  oid: number, sub: number, schema: string, name: string, types: string[], modes: string[] | null, names: string[] | null,
  defaults: (string | null)[] | null, returns: string | null, setof: boolean, language: string, source: string, sqlBody: string | null,
  library: string | null, window: boolean, volatility: string, strict: boolean, definer: boolean, leakproof: boolean, parallel: string,
  cost: number, rows: number, support: string | null, transforms: string[] | null, config: string[] | null,
]

export function routineFromRow(kind: 'function' | 'procedure', row: Row): Routine {
  const [
    , , schema, name, types, modes, names, defaults, returns, setof, language, source, sqlBody, library, window, volatility, strict,
    definer, leakproof, parallel, cost, rows, support, transforms, config,
  ] = row as RoutineRow
  const list = types.map((type, index): RoutineArgument => {
    const mode = modes ? MODES[modes[index]!] : undefined
    const expression = defaults?.[index]
    return { ...(mode && { mode }), ...(names?.[index] && { name: names[index] }), type, ...(expression != null && { default: expression }) }
  })
  const returnsTable = list.some(({ mode }) => mode === 'table')
  return routineObject(kind, schema, name, {
    ...(list.length > 0 && { arguments: list }),
    ...(returns !== null && !returnsTable && { returns, ...(setof && { setof: true }) }),
    language,
    ...(sqlBody === null ? { body: source } : { sqlBody }),
    ...(library !== null && { library }),
    ...(window && { window: true }),
    ...(volatility !== 'v' && { volatility: volatility === 'i' ? 'immutable' : 'stable' }),
    ...(strict && { strict: true }),
    ...(definer && { securityDefiner: true }),
    ...(leakproof && { leakproof: true }),
    ...(parallel !== 'u' && { parallel: parallel === 's' ? 'safe' : 'restricted' }),
    ...(cost !== defaultCost(language) && { cost }),
    ...(rows !== (setof ? 1000 : 0) && { rows }),
    ...(support !== null && { support }),
    ...(transforms && { transforms }),
    ...(config && { settings: config.map((text): RoutineSetting => [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)]) }),
  })
}

function defaultCost(language: string): number {
  return language === 'c' || language === 'internal' ? 1 : 100
}

/** The whole CREATE statement of a function or procedure. */
export function createRoutine({ kind, id, attrs }: Routine, verb: 'CREATE' | 'CREATE OR REPLACE'): string {
  const list = attrs.arguments ?? []
  const table = list.filter(({ mode }) => mode === 'table')
  const returns = table.length > 0 ? `TABLE${argumentList(table)}` : attrs.returns && `${attrs.setof ? 'SETOF ' : ''}${attrs.returns}`
  const traits = [
    ...(attrs.window ? ['WINDOW'] : []),
    ...(attrs.volatility ? [attrs.volatility.toUpperCase()] : []),
    ...(attrs.leakproof ? ['LEAKPROOF'] : []),
    ...(attrs.strict ? ['STRICT'] : []),
    ...(attrs.securityDefiner ? ['SECURITY DEFINER'] : []),
    ...(attrs.parallel ? [`PARALLEL ${attrs.parallel.toUpperCase()}`] : []),
    ...(attrs.cost === undefined ? [] : [`COST ${attrs.cost}`]),
    ...(attrs.rows === undefined ? [] : [`ROWS ${attrs.rows}`]),
    ...(attrs.support ? [`SUPPORT ${attrs.support}`] : []),
  ]
  return [
    `${verb} ${kind.toUpperCase()} ${qualified(id.schema, id.name)}${argumentList(list.filter(({ mode }) => mode !== 'table'))}`,
    ...(returns ? [`RETURNS ${returns}`] : []),
    `LANGUAGE ${quoteIdent(attrs.language)}`,
    ...(attrs.transforms ? [`TRANSFORM ${attrs.transforms.map((type) => `FOR TYPE ${type}`).join(', ')}`] : []),
    ...(traits.length > 0 ? [traits.join(' ')] : []),
    ...(attrs.settings ?? []).map(settingClause),
    bodyText(attrs),
  ].join('\n')
}

function bodyText({ body, sqlBody, library, written }: RoutineAttrs): string {
  if (body === undefined) return written ?? sqlBody!
  return library === undefined ? `AS ${dollarQuote(body)}` : `AS ${quoteLiteral(library)}, ${quoteLiteral(body)}`
}

/** The body as PostgreSQL keeps it, without comments; undefined where it reads it, or it is none. */
export function textOfBody({ attrs: { body, library, language } }: Routine): string | undefined {
  if (body === undefined || library !== undefined || language === 'internal') return undefined
  return /^(sql|plpgsql)$/.test(language) ? withoutComments(body) : body.replace(/^\s*(#|\/\/).*$/gm, '')
}

function argumentList(list: readonly RoutineArgument[]): string {
  const texts = list.map(({ mode, name, type, default: expression }) =>
    [mode && mode !== 'table' ? `${mode.toUpperCase()} ` : '', name ? `${quoteIdent(name)} ` : '', type, expression ? ` DEFAULT ${expression}` : ''].join(''),
  )
  const line = texts.join(', ')
  return line.length <= 90 ? `(${line})` : `(\n  ${texts.join(',\n  ')}\n)`
}

/**
 * CREATE OR REPLACE, where PostgreSQL takes it: the result stays as it is, input arguments keep their names, and no default goes.
 */
export function alterRoutine(from: Routine, to: Routine, { authored }: AlterContext): Alteration | 'replace' {
  const [before, after] = [from.attrs.arguments ?? [], to.attrs.arguments ?? []]
  const [inputs, newInputs] = [before.filter(isInput), after.filter(isInput)]
  const withDefault = (list: readonly RoutineArgument[]) => list.filter((argument) => argument.default !== undefined).length
  const replaceable =
    from.attrs.returns === to.attrs.returns &&
    from.attrs.setof === to.attrs.setof &&
    from.attrs.window === to.attrs.window &&
    inputs.every(({ name }, index) => name === undefined || name === newInputs[index]?.name) &&
    withDefault(inputs) <= withDefault(newInputs) &&
    outputs(from) === outputs(to)
  if (!replaceable) return 'replace'
  return { statements: [statement(createRoutine(authored(to), 'CREATE OR REPLACE'))], elseReplace: true }
}

/** What a call gives back beside RETURNS. The name of an only output is free, unless the routine is a procedure. */
function outputs({ kind, attrs }: Routine): string {
  const list = (attrs.arguments ?? []).filter(({ mode }) => mode === 'out' || mode === 'inout' || mode === 'table')
  const named = list.length > 1 || kind === 'procedure'
  return JSON.stringify(list.map(({ mode, name, type }) => [mode === 'table', type, named ? name : undefined]))
}

/** `old` addresses the routine before, `moved` once it has its new name. */
export function renameRoutine(old: string, moved: string, from: SchemaObject<RoutineId>, to: SchemaObject<RoutineId>): Statement[] {
  return [
    ...(from.id.name === to.id.name ? [] : [statement(`ALTER ${old} RENAME TO ${quoteIdent(to.id.name)}`)]),
    ...(from.id.schema === to.id.schema ? [] : [statement(`ALTER ${moved} SET SCHEMA ${quoteIdent(to.id.schema)}`)]),
  ]
}

/** PostgreSQL keeps every body as it is but those of the SQL standard, which it prints in its own words. */
export function withAuthorsBody(declared: Routine, reflected: Routine): Routine {
  const { sqlBody } = declared.attrs
  return sqlBody === undefined ? reflected : { ...reflected, attrs: { ...reflected.attrs, written: sqlBody } }
}
