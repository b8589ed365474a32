import { quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'

/** Storage parameters by name; values as PostgreSQL keeps them, as text. */
export type StorageParameters = { readonly [name: string]: string }

/** `fillfactor = 70, toast.autovacuum_enabled = false`. A name may have a namespace, as `toast.` has. */
export function optionsText(parameters: StorageParameters): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${optionName(name)} = ${optionValue(value)}`)
    .join(', ')
}

/** The statements that lead from one set of parameters to another. `alter` is the statement up to `SET`. */
export function optionStatements(alter: string, from: StorageParameters = {}, to: StorageParameters = {}): Statement[] {
  const gone = Object.keys(from).filter((name) => !(name in to))
  const changed = Object.fromEntries(Object.entries(to).filter(([name, value]) => from[name] !== value))
  return [
    ...(gone.length > 0 ? [statement(`${alter} RESET (${gone.map(optionName).join(', ')})`)] : []),
    ...(Object.keys(changed).length > 0 ? [statement(`${alter} SET (${optionsText(changed)})`)] : []),
  ]
}

function optionName(name: string): string {
  return /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}

/** Numbers and plain words need no quotes; every value may have them. */
function optionValue(value: string): string {
  return /^-?(\d+(\.\d+)?|\.\d+)$/.test(value) || /^(true|false|on|off|auto)$/.test(value) ? value : quoteLiteral(value)
}

/** Storage parameters as the author writes them. */
export type DeclaredParameters = { readonly [name: string]: string | number | boolean }

/** The author's parameters as PostgreSQL keeps them, sorted by name. */
export function declaredParameters(parameters: DeclaredParameters): StorageParameters {
  return Object.fromEntries(
    Object.entries(parameters)
      .map(([name, value]) => [name, String(value)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** The names of parameters in the order in which PostgreSQL got and shows them, where that is not the alphabet's. */
export function orderOfParameters(names: readonly string[] = []): { readonly parameterOrder?: readonly string[] } {
  return names.every((name, n) => n === 0 || names[n - 1]! < name) ? {} : { parameterOrder: names }
}

/** Parameters in a given order. */
export function inOrder(parameters: StorageParameters, order: readonly string[] | undefined): StorageParameters {
  return order ? Object.fromEntries(order.map((name) => [name, parameters[name]!])) : parameters
}
