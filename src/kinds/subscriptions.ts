import { checkedName, refuse } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import type { ServerVersion } from '../database/database.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { dollarQuote, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { Secret, statementWithSecrets, variableFrom, withoutFormat } from '../sql/secret.js'
import { statement, type Statement } from '../sql/statement.js'
import { changesReplication } from './change-hazards.js'
import { defineKind, PHASES } from './kind.js'

/** Where the connection string comes from, and how a new subscription begins; never compared. */
interface SubscriptionId {
  readonly name: string
  readonly variable?: string
  readonly copyData?: false
}

interface SubscriptionAttrs {
  readonly publications: readonly string[]
  readonly enabled?: true
  /** Where it is not the subscription's name; null is none. */
  readonly slotName?: string | null
  readonly binary?: true
  readonly streaming?: Streaming
  readonly synchronousCommit?: string
  readonly twoPhase?: true
  readonly disableOnError?: true
  readonly passwordRequired?: false
  readonly runAsOwner?: true
  readonly origin?: string
  readonly failover?: true
}

type Streaming = 'off' | 'on' | 'parallel'

export type SubscriptionObject = SchemaObject<SubscriptionId, SubscriptionAttrs>

/**
 * Stands in scratch, among the publications, for a subscription that is enabled: a worker would connect to the publisher. PostgreSQL checks
 * names of publications only when it connects.
 */
const ENABLED_IN_SCRATCH = 'autogen: enabled'

/** CREATE SUBSCRIPTION warns, and the server's log has the statement that does: the connection string comes after it. */
const NO_CONNECTION = 'password=follows'

function subscriptionObject(id: SubscriptionId, attrs: SubscriptionAttrs): SubscriptionObject {
  const { publications, enabled, slotName, binary, streaming, synchronousCommit, twoPhase, disableOnError, passwordRequired, runAsOwner, origin, failover } = attrs
  return {
    kind: 'subscription',
    ref: refOf('subscription', id.name),
    parent: null,
    id,
    attrs: {
      publications: [...publications].sort(),
      ...(enabled && { enabled }),
      ...(slotName !== undefined && slotName !== id.name && { slotName }),
      ...(binary && { binary }),
      ...(streaming !== undefined && { streaming }),
      ...(synchronousCommit !== undefined && synchronousCommit !== 'off' && { synchronousCommit }),
      ...(twoPhase && { twoPhase }),
      ...(disableOnError && { disableOnError }),
      ...(passwordRequired === false && { passwordRequired }),
      ...(runAsOwner && { runAsOwner }),
      ...(origin !== undefined && origin !== 'any' && { origin }),
      ...(failover && { failover }),
    },
  }
}

/** PostgreSQL 18 streams in parallel unless told otherwise, earlier ones do not stream. */
function defaultStreaming({ major }: ServerVersion): Streaming {
  return major >= 18 ? 'parallel' : 'off'
}

/**
 * Subscriptions of this database. The connection string is never read. Nothing connects when one is created: its slot must be there, or be
 * made, at the publisher.
 */
export const subscriptions = defineKind<SubscriptionObject>({
  kind: 'subscription',
  phase: PHASES.publication,
  catalog: 'pg_subscription',
  catalogQuery: ({ major }) => {
    const since = (version: number, column: string, otherwise: string) => (major >= version ? column : otherwise)
    return `
    SELECT s.oid, 0, s.subname, array_remove(s.subpublications, '${ENABLED_IN_SCRATCH}'), s.subenabled OR '${ENABLED_IN_SCRATCH}' = ANY (s.subpublications),
           s.subslotname, s.subbinary, ${since(16, `CASE s.substream WHEN 't' THEN 'on' WHEN 'p' THEN 'parallel' ELSE 'off' END`, `CASE WHEN s.substream THEN 'on' ELSE 'off' END`)},
           s.subsynccommit, ${since(15, `s.subtwophasestate <> 'd'`, 'false')}, ${since(15, 's.subdisableonerr', 'false')},
           ${since(16, 's.subpasswordrequired', 'true')}, ${since(16, 's.subrunasowner', 'false')}, ${since(16, 's.suborigin', `'any'`)}, ${since(17, 's.subfailover', 'false')}
    FROM pg_subscription s
    WHERE s.oid >= 16384 AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
    ORDER BY 3`
  },
  fromRow: (row, { version }) => {
    const [, , name, publications, enabled, slotName, binary, streaming, synchronousCommit, twoPhase, disableOnError, passwordRequired, runAsOwner, origin, failover] =
      row as [number, number, string, string[], boolean, string | null, boolean, Streaming, string, boolean, boolean, boolean, boolean, string, boolean]
    const object = subscriptionObject(
      { name },
      {
        publications,
        ...(enabled && { enabled }),
        slotName,
        ...(binary && { binary }),
        ...(streaming !== defaultStreaming(version) && { streaming }),
        synchronousCommit,
        ...(twoPhase && { twoPhase }),
        ...(disableOnError && { disableOnError }),
        ...(!passwordRequired && { passwordRequired: false as const }),
        ...(runAsOwner && { runAsOwner }),
        origin,
        ...(failover && { failover }),
      },
    )
    return { object }
  },
  versionNeeds: ({ attrs }) => [
    ...(attrs.twoPhase ? [[15, 'twoPhase'] as const] : []),
    ...(attrs.disableOnError ? [[15, 'disableOnError'] as const] : []),
    ...(attrs.streaming === 'parallel' ? [[16, `streaming: 'parallel'`] as const] : []),
    ...(attrs.passwordRequired === false ? [[16, 'passwordRequired'] as const] : []),
    ...(attrs.runAsOwner ? [[16, 'runAsOwner'] as const] : []),
    ...(attrs.origin !== undefined ? [[16, 'origin'] as const] : []),
    ...(attrs.failover ? [[17, 'failover'] as const] : []),
  ],
  create: (subscription) => {
    const { id, attrs } = subscription
    const { slotName, twoPhase, failover } = attrs
    const parameters = [
      'connect = false',
      ...(slotName === undefined ? [] : [`slot_name = ${slotName === null ? 'NONE' : quoteLiteral(slotName)}`]),
      ...parameterList({ publications: [] }, attrs, undefined),
      ...(twoPhase ? ['two_phase = true'] : []),
      ...(failover ? ['failover = true'] : []),
    ]
    const create = `CREATE SUBSCRIPTION ${quoteIdent(id.name)} CONNECTION '${NO_CONNECTION}' PUBLICATION ${attrs.publications.map(quoteIdent).join(', ')}`
    return [
      statement(`${create} WITH (${parameters.join(', ')})`),
      statement(statementWithSecrets(withoutFormat(`ALTER SUBSCRIPTION ${quoteIdent(id.name)} CONNECTION `) + '%L', [variableOf(subscription)])),
      ...(attrs.enabled ? [enable(subscription), refresh(subscription)] : []),
    ]
  },
  drop: (subscription) => [drop(subscription)],
  alter: (from, to, context) => {
    // One that has a slot changes these at the publisher, and most majors not at all.
    if (from.attrs.twoPhase !== to.attrs.twoPhase || from.attrs.failover !== to.attrs.failover) return 'replace'
    const [before, after] = [from.attrs, to.attrs]
    const others = after.publications.join('\0') !== before.publications.join('\0')
    const slot = (attrs: SubscriptionAttrs) => (attrs.slotName === undefined ? to.id.name : attrs.slotName)
    const parameters = [
      ...(slot(before) === slot(after) ? [] : [`slot_name = ${slot(after) === null ? 'NONE' : quoteLiteral(slot(after)!)}`]),
      ...parameterList(before, after, defaultStreaming(context.version)),
    ]
    const goesOn = context.authored(to)
    return {
      statements: [
        ...(before.enabled && !after.enabled ? [disable(to)] : []),
        ...(others ? [setPublications(to, before.enabled === true && after.enabled === true)] : []),
        ...(parameters.length > 0 ? [alter(to, `SET (${parameters.join(', ')})`)] : []),
        ...(after.enabled && !before.enabled ? [enable(to)] : []),
        ...(after.enabled && (!before.enabled || others) ? [refresh(goesOn)] : []),
      ],
    }
  },
  rename: (from, to) => [alter(from, `RENAME TO ${quoteIdent(to.id.name)}`)],
  authored: (declared, reflected) => ({ ...reflected, id: declared.id }),
  address: ({ id }) => `SUBSCRIPTION ${quoteIdent(id.name)}`,
  dropLoses: ({ attrs }) => (attrs.slotName === null ? undefined : 'the slot at the publisher, which knows how far it has come, is gone'),
  hazards: changesReplication,
  print: (subscription, printer) => {
    const { id, attrs } = subscription
    const { publications, ...others } = attrs
    const members = [
      `publications: ${printer.literal(publications)}`,
      `connection: ${printer.use('secret')}(${printer.string(variableOf(subscription))})`,
      ...Object.entries(others).map(([name, value]) => `${name}: ${printer.literal(value)}`),
    ]
    return { place: 'export', code: `${printer.use('subscription')}(${printer.string(id.name)}, { ${members.join(', ')} })`, variable: id.name }
  },
})

function variableOf({ id }: SubscriptionObject): string {
  return id.variable ?? variableFrom(id.name, 'connection')
}

function alter({ id }: SubscriptionObject, text: string): Statement {
  return statement(`ALTER SUBSCRIPTION ${quoteIdent(id.name)} ${text}`)
}

/** Without a refresh, for which PostgreSQL would connect. */
function publicationList(names: readonly string[]): string {
  return `PUBLICATION ${names.map(quoteIdent).join(', ')} WITH (refresh = false)`
}

function setPublications(subscription: SubscriptionObject, enabled: boolean): Statement {
  const { publications } = subscription.attrs
  const set = (names: readonly string[]) => alter(subscription, `SET ${publicationList(names)}`)
  return { ...set(publications), ...(enabled && { scratch: set([...publications, ENABLED_IN_SCRATCH]).sql }) }
}

function enable(subscription: SubscriptionObject): Statement {
  return { ...alter(subscription, 'ENABLE'), scratch: alter(subscription, `ADD ${publicationList([ENABLED_IN_SCRATCH])}`).sql }
}

function disable(subscription: SubscriptionObject): Statement {
  return { ...alter(subscription, 'DISABLE'), scratch: alter(subscription, `DROP ${publicationList([ENABLED_IN_SCRATCH])}`).sql }
}

/** Asks the publisher for the tables, which PostgreSQL does not do inside a transaction. */
function refresh(subscription: SubscriptionObject): Statement {
  const options = subscription.id.copyData === false ? ' WITH (copy_data = false)' : ''
  return { ...alter(subscription, `REFRESH PUBLICATION${options}`), transaction: 'outside', scratch: null }
}

/** With a slot, which goes too, PostgreSQL wants to be outside of a transaction. */
function drop({ id, attrs }: SubscriptionObject): Statement {
  const name = quoteIdent(id.name)
  const sql = `DROP SUBSCRIPTION ${name}`
  if (attrs.slotName === null) return statement(sql)
  return { sql, transaction: 'outside', scratch: `DO ${dollarQuote(`BEGIN ALTER SUBSCRIPTION ${name} SET (slot_name = NONE); ${sql}; END`)}` }
}

/** The parameters that can be set at any time, those that differ; `streaming` stands where an object leaves it to PostgreSQL. */
function parameterList(from: SubscriptionAttrs, to: SubscriptionAttrs, streaming: Streaming | undefined): string[] {
  const differing = (name: string, get: (attrs: SubscriptionAttrs) => string | boolean | undefined) => (get(from) === get(to) ? [] : [`${name} = ${get(to)}`])
  return [
    ...differing('binary', ({ binary }) => binary === true),
    ...differing('streaming', (attrs) => attrs.streaming ?? streaming),
    ...differing('synchronous_commit', ({ synchronousCommit }) => quoteLiteral(synchronousCommit ?? 'off')),
    ...differing('disable_on_error', ({ disableOnError }) => disableOnError === true),
    ...differing('password_required', ({ passwordRequired }) => passwordRequired !== false),
    ...differing('run_as_owner', ({ runAsOwner }) => runAsOwner === true),
    ...differing('origin', ({ origin }) => origin ?? 'any'),
  ]
}

export interface SubscriptionOptions {
  /** Names of publications at the publisher. */
  readonly publications: readonly string[]
  /** The connection string, from an environment variable. */
  readonly connection: Secret
  /** Replicates. The slot must exist at the publisher: see the guide. Default: false. */
  readonly enabled?: boolean
  /** The slot at the publisher, by default named as the subscription; null for none. */
  readonly slotName?: string | null
  /** Whether tables are copied when it begins; a later change means nothing. Default: true. */
  readonly copyData?: boolean
  readonly binary?: boolean
  /** Large transactions before they end; `parallel` from PostgreSQL 16 on. Default: `off`, in PostgreSQL 18 `parallel`. */
  readonly streaming?: Streaming
  /** What `synchronous_commit` is for its worker. Default: `off`. */
  readonly synchronousCommit?: 'off' | 'local' | 'remote_write' | 'remote_apply' | 'on'
  /** Prepared transactions (PostgreSQL 15). */
  readonly twoPhase?: boolean
  /** PostgreSQL 15. */
  readonly disableOnError?: boolean
  /** Default: true (PostgreSQL 16). */
  readonly passwordRequired?: boolean
  /** PostgreSQL 16. */
  readonly runAsOwner?: boolean
  /** `none`: only what was changed at the publisher itself (PostgreSQL 16). Default: `any`. */
  readonly origin?: 'any' | 'none'
  /** The slot is there on standby servers, too (PostgreSQL 17). */
  readonly failover?: boolean
}

class Subscription extends Declared {
  protected readonly kind = subscriptions
  readonly object: SubscriptionObject

  constructor(name: string, options: SubscriptionOptions) {
    super()
    const { connection, copyData, enabled, slotName, binary, streaming, synchronousCommit, twoPhase, disableOnError, passwordRequired, runAsOwner, origin, failover } = options
    this.object = subscriptionObject(
      { name, variable: connection.variable, ...(copyData === false && { copyData }) },
      {
        publications: options.publications.map((publication) => checkedName('publication', publication)),
        ...(enabled && { enabled }),
        ...(slotName !== undefined && { slotName }),
        ...(binary && { binary }),
        ...(streaming !== undefined && { streaming }),
        ...(synchronousCommit !== undefined && { synchronousCommit }),
        ...(twoPhase && { twoPhase }),
        ...(disableOnError && { disableOnError }),
        ...(passwordRequired === false && { passwordRequired }),
        ...(runAsOwner && { runAsOwner }),
        ...(origin !== undefined && { origin }),
        ...(failover && { failover }),
      },
    )
  }
}

/**
 * Declares a subscription of this database to publications of another one. The migration makes it without connecting; where it is enabled, the slot
 * must exist at the publisher: `SELECT pg_create_logical_replication_slot('orders', 'pgoutput')`.
 *
 * @throws SchemaError for a connection string that is written out
 * @example export const orders = subscription('orders', { publications: ['orders'], connection: secret('SHOP_CONNECTION'), enabled: true })
 */
export function subscription(name: string, options: SubscriptionOptions): Subscription {
  checkedName('subscription', name)
  const { connection, publications, enabled, slotName } = options
  if (!(connection instanceof Secret)) refuse(`the connection string of subscription ${name} is a secret`, `write connection: secret('…'): it must not stand in schema.ts`)
  if (publications.length === 0) refuse(`subscription ${name} has no publications`, 'name one')
  if (enabled && slotName === null) refuse(`subscription ${name} is enabled and has no slot`, 'PostgreSQL enables none without a slot: leave slotName out')
  if (typeof slotName === 'string' && !/^[a-z0-9_]{1,63}$/.test(slotName)) {
    refuse(`${JSON.stringify(slotName)} is no name for a replication slot`, 'PostgreSQL takes small letters, digits and underscores')
  }
  return new Subscription(name, options)
}
