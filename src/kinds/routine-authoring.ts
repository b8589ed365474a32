import { checkedName, checkedSql, refuse } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { declaringCall } from '../authoring/names.js'
import type { QualifiedName, Ref } from '../model/schema-object.js'
import { qualified } from '../sql/identifiers.js'
import { withoutSemicolon } from '../sql/scan.js'
import { AS_SQL, isSqlSource, SqlText, type SqlSource } from '../sql/template.js'
import { typeParts, type TypeInput } from '../authoring/type-input.js'
import type { Kind, PrintedCode, Printer } from './kind.js'
import { routineObject, type Routine, type RoutineAttrs } from './routine.js'
import { isType, printArguments, readArguments, readColumns, typeInputCode, type ArgumentsInput, type TableInput } from './routine-arguments.js'
import { settingInput, storedSetting, type RoutineSetting } from './routine-settings.js'

/** Values of settings by name; a list for those that are lists of names, such as `search_path`. */
export type SettingsInput = { readonly [name: string]: string | number | boolean | readonly string[] }

export interface RoutineOptions {
  readonly args?: ArgumentsInput
  /** `sql` by default. */
  readonly language?: string
  /** The source text, kept exactly as it is. */
  readonly body?: SqlSource | string
  /** An SQL-standard body, which PostgreSQL parses at once: `return a + b`, or `begin atomic … end`. */
  readonly sqlBody?: SqlSource
  readonly securityDefiner?: boolean
  readonly transforms?: readonly TypeInput<any>[]
  /** Settings that hold while it runs. */
  readonly set?: SettingsInput
}

export interface FunctionOptions extends RoutineOptions {
  /** `trigger`, `integer()`, `{ setof: users }`, `{ table: { id: integer() } }`; absent where output arguments say it. */
  readonly returns?: TypeInput<any> | { readonly setof: TypeInput<any> } | { readonly table: TableInput }
  /** The object file of a C function, whose `body` is the link symbol. */
  readonly library?: string
  readonly window?: boolean
  /** `volatile` by default. */
  readonly volatility?: 'immutable' | 'stable' | 'volatile'
  /** Returns NULL when an argument is NULL, without being called. */
  readonly strict?: boolean
  readonly leakproof?: boolean
  /** `unsafe` by default. */
  readonly parallel?: 'safe' | 'restricted' | 'unsafe'
  readonly cost?: number
  readonly rows?: number
  /** A planner support function. */
  readonly support?: TypeInput<any>
}

/** A declared function or procedure. Stands for its name in sql`…`. */
export class RoutineBuilder extends Declared implements SqlSource {
  readonly object: Routine
  readonly #uses: readonly Ref[]

  constructor(
    protected readonly kind: Kind,
    { schema, name }: QualifiedName,
    options: FunctionOptions,
  ) {
    super()
    const reader = new OptionsReader(`${kind.kind} ${qualified(schema, name)}`)
    this.object = routineObject(kind.kind as 'function' | 'procedure', schema, name, reader.attrs(options))
    this.#uses = reader.uses.filter((ref) => ref !== this.object.ref)
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.object.id.schema, this.object.id.name), [this.object.ref])
  }
}

/** Turns what the author wrote into attributes, and remembers the declared objects that it mentions. */
class OptionsReader {
  readonly uses: Ref[] = []

  constructor(readonly routine: string) {}

  attrs(options: FunctionOptions): RoutineAttrs {
    const { returns, language = 'sql', body, sqlBody, library, volatility, parallel, support } = options
    if ((body === undefined) === (sqlBody === undefined)) refuse(`${this.routine} needs either a body or an sqlBody`, 'give one of the two')
    const table = returns !== undefined && !isType(returns) && 'table' in returns ? returns.table : undefined
    const list = [...readArguments(this.routine, options.args ?? [], this.uses), ...readColumns(this.routine, table ?? [], this.uses)]
    const settings = Object.entries(options.set ?? {}).map(([name, value]): RoutineSetting => storedSetting(checkedName('setting', name), value))
    return {
      ...(list.length > 0 && { arguments: list }),
      ...this.#result(returns),
      language: checkedName('language', language),
      ...(body !== undefined && { body: this.#body(body) }),
      ...(sqlBody !== undefined && { sqlBody: withoutSemicolon(this.#text(`the body of ${this.routine}`, sqlBody)).trimStart() }),
      ...(library !== undefined && { library }),
      ...(options.window && { window: true }),
      ...(volatility && volatility !== 'volatile' && { volatility }),
      ...(options.strict && { strict: true }),
      ...(options.securityDefiner && { securityDefiner: true }),
      ...(options.leakproof && { leakproof: true }),
      ...(parallel && parallel !== 'unsafe' && { parallel }),
      ...(options.cost !== undefined && { cost: options.cost }),
      ...(options.rows !== undefined && { rows: options.rows }),
      ...(support !== undefined && { support: this.#type('its support function', support) }),
      ...(options.transforms?.length && { transforms: options.transforms.map((type) => this.#type('a transform', type)) }),
      ...(settings.length > 0 && { settings }),
    }
  }

  #result(returns: FunctionOptions['returns']): Pick<RoutineAttrs, 'returns' | 'setof'> {
    if (returns === undefined) return {}
    if (isType(returns)) return { returns: this.#type('the result', returns) }
    return 'setof' in returns ? { returns: this.#type('the result', returns.setof), setof: true } : {}
  }

  /** Bodies are data: every character counts, and an empty one is a body too. */
  #body(body: SqlSource | string): string {
    if (typeof body !== 'string') return this.#source(isSqlSource(body) ? body : refuse(`the body of ${this.routine} is not SQL`, 'write it as sql`…` or as a string'))
    if (body.includes('\0')) refuse(`the body of ${this.routine} holds a NUL character`, 'PostgreSQL cannot store it: remove it')
    return body
  }

  #type(what: string, input: TypeInput<any>): string {
    const { type, uses } = typeParts(`${what} of ${this.routine}`, input)
    this.uses.push(...uses)
    return type
  }

  #text(what: string, text: SqlSource): string {
    return this.#source(checkedSql(what, text))
  }

  #source(source: SqlSource): string {
    const { text, uses } = source[AS_SQL]()
    this.uses.push(...uses)
    return text
  }
}

/** Code that declares a function or procedure by its builder. */
export function printRoutine({ id, attrs }: Routine, printer: Printer, builder: 'func' | 'procedure'): PrintedCode {
  const table = (attrs.arguments ?? []).filter(({ mode }) => mode === 'table')
  const args = (attrs.arguments ?? []).filter(({ mode }) => mode !== 'table')
  const text = (value: unknown) => (value === undefined ? undefined : printer.literal(value))
  const result = attrs.returns && typeInputCode(attrs.returns, printer)
  const members: [string, string | undefined][] = [
    ['args', args.length > 0 ? printArguments(args, printer) : undefined],
    ['returns', table.length > 0 ? `{ table: ${printArguments(table, printer)} }` : attrs.setof ? `{ setof: ${result} }` : result],
    ['language', printer.string(attrs.language)],
    ['window', text(attrs.window)],
    ['volatility', text(attrs.volatility)],
    ['leakproof', text(attrs.leakproof)],
    ['strict', text(attrs.strict)],
    ['securityDefiner', text(attrs.securityDefiner)],
    ['parallel', text(attrs.parallel)],
    ['cost', text(attrs.cost)],
    ['rows', text(attrs.rows)],
    ['support', text(attrs.support)],
    ['transforms', text(attrs.transforms)],
    ['set', attrs.settings && printer.literal(Object.fromEntries(attrs.settings.map(settingInput)))],
    ['library', text(attrs.library)],
    ['body', attrs.body === undefined ? undefined : attrs.body === '' || attrs.library ? printer.string(attrs.body) : printer.sql(attrs.body)],
    ['sqlBody', attrs.sqlBody === undefined ? undefined : printer.sql(attrs.sqlBody)],
  ]
  const lines = members.flatMap(([key, code]) => (code === undefined ? [] : [`  ${key}: ${code},\n`]))
  return { place: 'export', code: `${declaringCall(printer, id, builder === 'func' ? 'function' : builder, builder)}, {\n${lines.join('')}})`, variable: id.name }
}
