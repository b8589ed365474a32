import { checkedName, checkedSql, refuse } from '../authoring/checks.js'
import type { ElementTarget } from '../authoring/elements.js'
import { RelationElement } from '../authoring/relation-element.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import type { SqlText, SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { changesRights } from './change-hazards.js'
import { defineKind, PHASES, type Kind, type PrintedCode, type Printer } from './kind.js'

type Command = 'select' | 'insert' | 'update' | 'delete'

interface PolicyAttrs {
  readonly restrictive?: true
  /** All commands where absent. */
  readonly command?: Command
  /** Every role where absent. */
  readonly roles?: readonly string[]
  readonly using?: string
  readonly check?: string
}

export type Policy = SchemaObject<RelationPart, PolicyAttrs>

const COMMANDS: Readonly<Record<string, Command>> = { r: 'select', a: 'insert', w: 'update', d: 'delete' }

function policyObject(table: Ref, id: RelationPart, attrs: PolicyAttrs): Policy {
  return { kind: 'policy', ref: refOf('policy', id.schema, id.table, id.name), parent: table, id, attrs }
}

const on = ({ id }: Policy): string => `${quoteIdent(id.name)} ON ${qualified(id.schema, id.table)}`

/** Row-security policies. Whether a table obeys them is the table's own matter. */
export const policies: Kind = defineKind<Policy>({
  kind: 'policy',
  phase: PHASES.policy,
  catalog: 'pg_policy',
  holdsExpressions: () => true,
  catalogQuery: () => `
    SELECT p.oid, 0, p.polrelid, p.polname, p.polpermissive, p.polcmd,
           CASE WHEN p.polroles <> '{0}' THEN ARRAY(SELECT rolname::text FROM pg_roles WHERE oid = ANY (p.polroles) ORDER BY rolname COLLATE "C") END,
           pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)
    FROM pg_policy p
    WHERE p.oid >= 16384 AND NOT ${isMember('pg_policy', 'p.oid')}
    ORDER BY p.polrelid, p.polname`,
  fromRow: (row, context) => {
    const [, , relation, name, permissive, command, roles, using, check] = row as [
      number, number, number, string, boolean, string, string[] | null, string | null, string | null,
    ]
    const table = context.objectAt('pg_class', relation) as SchemaObject<QualifiedName> | undefined
    if (!table) return null
    const attrs: PolicyAttrs = {
      ...(!permissive && { restrictive: true }),
      ...(COMMANDS[command] && { command: COMMANDS[command] }),
      ...(roles?.length && { roles }),
      ...(using !== null && { using }),
      ...(check !== null && { check }),
    }
    return { object: policyObject(table.ref, { schema: table.id.schema, table: table.id.name, name }, attrs) }
  },
  roles: ({ attrs }) => attrs.roles ?? [],
  create: (policy) => {
    const { restrictive, command, roles, using, check } = policy.attrs
    const kind = [...(restrictive ? ['AS RESTRICTIVE'] : []), ...(command ? [`FOR ${command.toUpperCase()}`] : [])]
    const clauses = [
      ...(kind.length > 0 ? [kind.join(' ')] : []),
      ...(roles ? [`TO ${roles.map(quoteIdent).join(', ')}`] : []),
      ...(using === undefined ? [] : [`USING (${using})`]),
      ...(check === undefined ? [] : [`WITH CHECK (${check})`]),
    ]
    return [statement([`CREATE POLICY ${on(policy)}`, ...clauses].join('\n  '))]
  },
  drop: (policy) => [statement(`DROP POLICY ${on(policy)}`)],
  alter: (from, to) => {
    const [before, after] = [from.attrs, to.attrs]
    // ALTER POLICY sets expressions; it has no way to take one away.
    const loses = (before.using !== undefined && after.using === undefined) || (before.check !== undefined && after.check === undefined)
    if (loses || before.restrictive !== after.restrictive || before.command !== after.command) return 'replace'
    const clauses = [
      ...(JSON.stringify(before.roles) === JSON.stringify(after.roles) ? [] : [`TO ${after.roles?.map(quoteIdent).join(', ') ?? 'PUBLIC'}`]),
      ...(before.using === after.using ? [] : [`USING (${after.using})`]),
      ...(before.check === after.check ? [] : [`WITH CHECK (${after.check})`]),
    ]
    return { statements: [statement([`ALTER POLICY ${on(to)}`, ...clauses].join('\n  '))] }
  },
  recognizedWhenRenamed: true,
  rename: (from, to) => [statement(`ALTER POLICY ${on(from)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: (policy) => `POLICY ${on(policy)}`,
  hazards: changesRights,
  print: printPolicy,
})

function printPolicy({ id, attrs }: Policy, printer: Printer): PrintedCode {
  const { restrictive, command, roles, using, check } = attrs
  const members = [
    ...(restrictive ? [`as: ${printer.string('restrictive')}`] : []),
    ...(command ? [`for: ${printer.string(command)}`] : []),
    ...(roles ? [`to: ${printer.literal(roles)}`] : []),
    ...(using === undefined ? [] : [`using: ${printer.sql(using)}`]),
    ...(check === undefined ? [] : [`withCheck: ${printer.sql(check)}`]),
  ]
  return { place: 'element', code: `${printer.use('policy')}(${printer.string(id.name)}, {${members.length > 0 ? ` ${members.join(', ')} ` : ''}})` }
}

export interface PolicyOptions {
  /** `permissive` by default. */
  readonly as?: 'permissive' | 'restrictive'
  /** `all` by default. */
  readonly for?: 'all' | Command
  /** Roles by name; every role by default. */
  readonly to?: string | readonly string[]
  readonly using?: SqlSource
  readonly withCheck?: SqlSource
}

/** A declared row-security policy. */
export class PolicyElement extends RelationElement {
  protected readonly kind = policies
  readonly #name: string
  readonly #attrs: PolicyAttrs
  readonly #texts: readonly SqlText[]

  constructor(name: string, options: PolicyOptions) {
    super()
    this.#name = checkedName('policy', name)
    if (options.for === 'insert' && options.using) refuse(`policy ${name} is for insert and has using`, 'new rows are checked by withCheck')
    if ((options.for === 'select' || options.for === 'delete') && options.withCheck) {
      refuse(`policy ${name} is for ${options.for} and has withCheck`, 'existing rows are chosen by using')
    }
    const using = options.using && checkedSql(`using of policy ${name}`, options.using)
    const check = options.withCheck && checkedSql(`withCheck of policy ${name}`, options.withCheck)
    const roles = [...new Set([options.to ?? []].flat())].map((role) => checkedName('role', role)).sort()
    this.#texts = [using, check].filter((text) => text !== undefined)
    this.#attrs = {
      ...(options.as === 'restrictive' && { restrictive: true }),
      ...(options.for && options.for !== 'all' && { command: options.for }),
      ...(roles.length > 0 && !roles.includes('public') && { roles }),
      ...(using && { using: using.text }),
      ...(check && { check: check.text }),
    }
  }

  protected objectOn({ schema, name, ref }: ElementTarget): Policy {
    return policyObject(ref, { schema, table: name, name: this.#name }, this.#attrs)
  }

  protected uses(): readonly Ref[] {
    return this.#texts.flatMap(({ uses }) => uses)
  }
}

/**
 * Declares a row-security policy, in the callback of its table.
 *
 * @throws SchemaError for a name that PostgreSQL could not keep and for an expression that its command does not have
 * @example policy('own_rows', { for: 'select', to: ['app_user'], using: sql`${t.owner} = current_user` })
 */
export function policy(name: string, options: PolicyOptions = {}): PolicyElement {
  return new PolicyElement(name, options)
}
