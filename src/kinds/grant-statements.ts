import { PUBLIC, TARGET_OWNER, type PrivilegeAttrs } from '../authoring/attachments.js'
import { quoteIdent } from '../sql/identifiers.js'
import type { VersionNeed } from './kind.js'

/** A verb of GRANT or REVOKE with the privileges it is for, `SELECT, UPDATE (email)`. */
export interface GrantStep {
  readonly verb: 'GRANT' | 'REVOKE'
  readonly privileges: string
  /** For GRANT: may be granted to others. For REVOKE: only that is taken away. */
  readonly option: boolean
}

/** What a grantee may do with one privilege; absent from a map: what PostgreSQL gives by default. */
type State = 'revoked' | 'plain' | 'grantable'

/** A privilege on the object, or on one column of it. */
interface Key {
  readonly privilege: string
  readonly column: string | null
}

/**
 * The steps from one set of privileges to another; `{}` is the default. `ownDefault`: the grantee holds every privilege on
 * the object by default, as owners do, though none on its columns.
 *
 * @example grantSteps({}, { privileges: ['SELECT'] }, false) // [{ verb: 'GRANT', privileges: 'SELECT', option: false }]
 */
export function grantSteps(from: PrivilegeAttrs, to: PrivilegeAttrs, ownDefault: boolean): GrantStep[] {
  const before = states(from)
  const after = states(to)
  const steps: Record<string, Key[]> = { revoke: [], revokeOption: [], grant: [], grantOption: [] }
  for (const [text, { key }] of [...before, ...[...after].filter(([text]) => !before.has(text))]) {
    const old = before.get(text)?.state
    const next = after.get(text)?.state
    if (old === next) continue
    if (next === 'revoked') steps.revoke!.push(key)
    else if (next === 'grantable') steps.grantOption!.push(key)
    else if (old === 'grantable') steps[next === 'plain' || (ownDefault && key.column === null) ? 'revokeOption' : 'revoke']!.push(key)
    else steps[next === undefined && old === 'plain' ? 'revoke' : 'grant']!.push(key)
  }
  restoreColumns(after, steps)
  return [
    ...step('REVOKE', steps.revoke!, false),
    ...step('REVOKE', steps.revokeOption!, true),
    ...step('GRANT', steps.grant!, false),
    ...step('GRANT', steps.grantOption!, true),
  ]
}

/** Revoking a privilege on a table, or the option to grant it, does the same to every column of the table. */
function restoreColumns(after: ReadonlyMap<string, { key: Key; state: State }>, steps: Record<string, Key[]>): void {
  const onTable = (keys: readonly Key[]) => new Set(keys.flatMap(({ privilege, column }) => (column === null ? [privilege] : [])))
  const lost = onTable(steps.revoke!)
  const optionLost = onTable(steps.revokeOption!)
  for (const { key, state } of after.values()) {
    const affected = lost.has(key.privilege) || (state === 'grantable' && optionLost.has(key.privilege))
    if (key.column === null || !affected) continue
    const list = steps[state === 'grantable' ? 'grantOption' : 'grant']!
    if (!list.some(({ privilege, column }) => privilege === key.privilege && column === key.column)) list.push(key)
  }
}

function states(attrs: PrivilegeAttrs): Map<string, { key: Key; state: State }> {
  const found = new Map<string, { key: Key; state: State }>()
  const add = (state: State, column: string | null, names: readonly string[] = []) => {
    for (const privilege of names) found.set(JSON.stringify([privilege, column]), { key: { privilege, column }, state })
  }
  add('revoked', null, attrs.revoked)
  add('plain', null, attrs.privileges)
  add('grantable', null, attrs.grantable)
  for (const [column, grants] of Object.entries(attrs.columns ?? {})) {
    add('plain', column, grants.privileges)
    add('grantable', column, grants.grantable)
  }
  return found
}

export function grantVersionNeeds({ privileges = [], grantable = [], revoked = [] }: PrivilegeAttrs): VersionNeed[] {
  return [...privileges, ...grantable, ...revoked].includes('MAINTAIN') ? [[17, 'the privilege MAINTAIN']] : []
}

/** As PostgreSQL's manual lists them, which is how people read them. */
const ORDER = 'ALL SELECT INSERT UPDATE DELETE TRUNCATE REFERENCES TRIGGER MAINTAIN USAGE CREATE EXECUTE'.split(' ')

function step(verb: GrantStep['verb'], keys: readonly Key[], option: boolean): GrantStep[] {
  if (keys.length === 0) return []
  const texts = ORDER.flatMap((privilege) => {
    const columns = keys.filter((key) => key.privilege === privilege).map(({ column }) => column)
    if (columns.length === 0) return []
    const named = columns.flatMap((column) => (column === null ? [] : [quoteIdent(column)])).sort()
    return [...(columns.includes(null) ? [privilege] : []), ...(named.length > 0 ? [`${privilege} (${named.join(', ')})`] : [])]
  })
  return [{ verb, privileges: texts.join(', '), option }]
}

/** A step as SQL: `GRANT SELECT ON TABLE app.users TO reader`. */
export function grantSql({ verb, privileges, option }: GrantStep, on: string, grantee: string): string {
  if (verb === 'GRANT') return `GRANT ${privileges} ON ${on} TO ${grantee}${option ? ' WITH GRANT OPTION' : ''}`
  return `REVOKE ${option ? 'GRANT OPTION FOR ' : ''}${privileges} ON ${on} FROM ${grantee}`
}

/** How SQL names a grantee. `owner` is the owner of the target, undefined when that is the role that runs the statement. */
export function granteeSql(grantee: string, owner?: string): string {
  if (grantee === PUBLIC) return 'PUBLIC'
  if (grantee === TARGET_OWNER) return owner === undefined ? 'CURRENT_USER' : quoteIdent(owner)
  return quoteIdent(grantee)
}
