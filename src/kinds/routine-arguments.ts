import { checkedName, checkedSql, refuse } from '../authoring/checks.js'
import { typeParts, type TypeInput } from '../authoring/type-input.js'
import { refOf } from '../model/object-ref.js'
import type { Ref } from '../model/schema-object.js'
import { isSqlSource, type SqlSource } from '../sql/template.js'
import type { Printer } from './kind.js'
import type { RoutineArgument } from './routine.js'
import { qualifiedName } from './type-printing.js'

/** An argument with more than a type. */
export interface ArgumentDetails {
  readonly type: TypeInput<any>
  readonly mode?: 'in' | 'out' | 'inout' | 'variadic'
  readonly default?: SqlSource
}

/** Arguments by name; as a list where some have no name. */
export type ArgumentsInput =
  | { readonly [name: string]: TypeInput<any> | ArgumentDetails }
  | readonly (TypeInput<any> | (ArgumentDetails & { readonly name?: string }))[]

/** Columns of RETURNS TABLE. */
export type TableInput = { readonly [name: string]: TypeInput<any> } | readonly { readonly name: string; readonly type: TypeInput<any> }[]

export function isType(value: unknown): value is TypeInput<any> {
  return typeof value === 'string' || isSqlSource(value) || (typeof value === 'object' && value !== null && 'columnDeclarations' in value)
}

/** The arguments that the author wrote; what they mention is added to `uses`. `routine` names their owner in messages. */
export function readArguments(routine: string, input: ArgumentsInput, uses: Ref[]): RoutineArgument[] {
  const list: readonly [string | undefined, unknown][] = Array.isArray(input) ? input.map((argument) => [undefined, argument]) : Object.entries(input)
  return list.map(([key, argument]) => {
    if (argument === undefined || argument === null) {
      refuse(`argument ${key ?? ''} of ${routine} is undefined`, 'is its type declared later, or in a file that imports this one?')
    }
    const details = (isType(argument) ? { type: argument } : argument) as ArgumentDetails & { readonly name?: string }
    const name = key ?? details.name
    const { type, uses: typeUses } = typeParts(`argument ${name ?? ''} of ${routine}`, details.type)
    const expression = details.default === undefined ? undefined : checkedSql(`the default of argument ${name ?? ''} of ${routine}`, details.default)
    uses.push(...typeUses, ...(expression?.uses ?? []))
    return {
      ...(details.mode && details.mode !== 'in' && { mode: details.mode }),
      ...(name !== undefined && { name: checkedName('argument', name) }),
      type,
      ...(expression && { default: expression.text }),
    }
  })
}

/** The columns of RETURNS TABLE, likewise. */
export function readColumns(routine: string, input: TableInput, uses: Ref[]): RoutineArgument[] {
  const list: readonly [string, TypeInput<any>][] = Array.isArray(input) ? input.map(({ name, type }) => [name, type]) : Object.entries(input)
  return list.map(([name, input]) => {
    const { type, uses: typeUses } = typeParts(`column ${name} of ${routine}`, input)
    uses.push(...typeUses)
    return { mode: 'table', name: checkedName('column', name), type }
  })
}

/** Code of arguments: by name; as a list where names are missing, occur twice, or are such that JavaScript would change their order. */
export function printArguments(list: readonly RoutineArgument[], printer: Printer): string {
  const names = list.map(({ name }) => name)
  const byName = names.every((name) => name !== undefined && !/^\d+$|^__proto__$/.test(name)) && new Set(names).size === names.length
  const codes = list.map(({ mode, name, type, default: expression }) => {
    const details = [
      ...(byName || name === undefined ? [] : [`name: ${printer.string(name)}`]),
      `type: ${typeInputCode(type, printer)}`,
      ...(mode && mode !== 'table' ? [`mode: ${printer.string(mode)}`] : []),
      ...(expression === undefined ? [] : [`default: ${printer.sql(expression)}`]),
    ]
    const code = details.length > 1 || (mode === 'table' && !byName) ? `{ ${details.join(', ')} }` : typeInputCode(type, printer)
    return byName ? `${propertyName(name!, printer)}: ${code}` : code
  })
  const [open, close] = byName ? ['{', '}'] : ['[', ']']
  const line = codes.join(', ')
  return line.length <= 80 && !line.includes('\n') ? `${open} ${line} ${close}` : `${open}\n${codes.map((code) => `    ${code},\n`).join('')}  ${close}`
}

const TYPE_KINDS = ['enum', 'domain', 'composite_type', 'range_type', 'table', 'view', 'materialized_view']

/** Code of a type: the variable of what declares it, or its name. */
export function typeInputCode(type: string, printer: Printer): string {
  const name = qualifiedName(type)
  const variable = name && TYPE_KINDS.map((kind) => printer.variable(refOf(kind, ...name))).find((found) => found !== undefined)
  return variable ?? printer.string(type)
}

function propertyName(name: string, printer: Printer): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : printer.string(name)
}
