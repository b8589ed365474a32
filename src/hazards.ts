/** What an operation can cost its users, by the codes that `--allow` takes; each with what the code says. They stay as they are: ignores and allowances name them. */
export const HAZARDS = {
  'data-loss': 'values or rows are gone for good',
  irreversible: 'there is no way back',
  'table-rewrite': 'every row is written anew while nobody else may use the table',
  'long-scan': 'every row is read under a lock that others wait for',
  'strong-lock': 'reads or writes of the table wait until it is done',
  'index-gap': 'an index is dropped before the one that replaces it is there',
  'breaks-code': 'running code of the previous release fails on it',
  'may-fail': 'rows that are there may not satisfy it',
  'not-transactional': 'it runs outside a transaction: what it did stays when a later step fails',
  'untracked-dependency': 'what it depends on, or what depends on it, is in text that PostgreSQL does not track',
  replication: 'replicas or subscribers are affected',
  'privilege-change': 'somebody can do more or less than before',
} as const

export type HazardCode = keyof typeof HAZARDS

export const HAZARD_CODES = Object.keys(HAZARDS) as readonly HazardCode[]

/**
 * Whether a hazard of an object is allowed: by `all`, by its code, or by its code for that object or one that it is a part of.
 *
 * @example isAllowed('data-loss', 'app.users.email', ['data-loss:app.users']) // true
 */
export function isAllowed(code: HazardCode, object: string, allow: readonly string[]): boolean {
  return allow.some((entry) => {
    if (entry === 'all' || entry === code) return true
    if (!entry.startsWith(`${code}:`)) return false
    const name = entry.slice(code.length + 1)
    return object === name || object.startsWith(`${name}.`)
  })
}
