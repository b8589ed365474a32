import { refuse } from '../authoring/checks.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'

/** Options of foreign data objects by name, in the order of their names. */
export type ForeignOptions = Readonly<Record<string, string>>

/** Options as the catalogs keep them, `name=value`; undefined when there are none. */
export function readOptions(list: readonly string[] | null): ForeignOptions | undefined {
  if (!list?.length) return undefined
  return sortedOptions(Object.fromEntries(list.map((item) => [item.slice(0, item.indexOf('=')), item.slice(item.indexOf('=') + 1)])))
}

/** Declared options in their only order; undefined when there are none. */
export function sortedOptions(options: ForeignOptions | undefined): ForeignOptions | undefined {
  const entries = Object.entries(options ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  for (const [name, value] of entries) {
    if (name === '' || typeof value !== 'string' || value.includes('\0')) refuse(`option ${JSON.stringify(name)} is not a text`, 'options have a name and a text')
  }
  return entries.length > 0 ? Object.fromEntries(entries) : undefined
}

/** `OPTIONS (host 'localhost', port '5432')`; empty when there are none. */
export function optionsClause(options: ForeignOptions | undefined): string {
  const texts = Object.entries(options ?? {}).map(([name, value]) => `${quoteIdent(name)} ${quoteLiteral(value)}`)
  return texts.length > 0 ? `OPTIONS (${texts.join(', ')})` : ''
}

/** `OPTIONS (ADD host 'a', SET port '1', DROP dbname)`; empty when nothing differs. */
export function optionsChange(from: ForeignOptions = {}, to: ForeignOptions = {}): string {
  const texts = [
    ...Object.keys(from).flatMap((name) => (name in to ? [] : [`DROP ${quoteIdent(name)}`])),
    ...Object.entries(to).flatMap(([name, value]) => {
      if (from[name] === value) return []
      return [`${name in from ? 'SET' : 'ADD'} ${quoteIdent(name)} ${quoteLiteral(value)}`]
    }),
  ]
  return texts.length > 0 ? `OPTIONS (${texts.join(', ')})` : ''
}
