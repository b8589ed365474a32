import { checkedName, checkedSql } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import type { SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind, type PrintedCode, type Printer } from './kind.js'

type EventTriggerState = 'origin' | 'disabled' | 'replica' | 'always'

interface EventTriggerAttrs {
  /** `ddl_command_start`, `ddl_command_end`, `sql_drop`, `table_rewrite`, `login`. */
  readonly event: string
  /** Commands it is limited to. */
  readonly tags?: readonly string[]
  /** Its name as SQL writes it. */
  readonly function: string
  readonly state?: Exclude<EventTriggerState, 'origin'>
}

export type EventTrigger = SchemaObject<{ readonly name: string }, EventTriggerAttrs>

const STATES: Readonly<Record<string, EventTriggerState>> = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' }
const STATE_WORDS: Readonly<Record<EventTriggerState, string>> = {
  origin: 'ENABLE',
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
}

function eventTriggerObject(name: string, attrs: EventTriggerAttrs): EventTrigger {
  return { kind: 'event_trigger', ref: refOf('event_trigger', name), parent: null, id: { name }, attrs }
}

/** Triggers on commands of the whole database. */
export const eventTriggers: Kind = defineKind<EventTrigger>({
  kind: 'event_trigger',
  phase: PHASES.eventTrigger,
  catalog: 'pg_event_trigger',
  catalogQuery: () => `
    SELECT t.oid, 0, t.evtname, t.evtevent, t.evttags, t.evtfoid::regproc::text, t.evtenabled
    FROM pg_event_trigger t
    WHERE t.oid >= 16384
      AND NOT ${isMember('pg_event_trigger', 't.oid')}
    ORDER BY t.evtname`,
  fromRow: (row) => {
    const [, , name, event, tags, routine, state] = row as [number, number, string, string, string[] | null, string, string]
    const now = STATES[state]!
    return {
      object: eventTriggerObject(name, { event, ...(tags && { tags }), function: routine, ...(now !== 'origin' && { state: now }) }),
    }
  },
  versionNeeds: ({ attrs }) => (attrs.event === 'login' ? [[17, 'an event trigger on login']] : []),
  create: (trigger) => {
    const { event, tags, function: routine, state } = trigger.attrs
    const lines = [
      `CREATE EVENT TRIGGER ${quoteIdent(trigger.id.name)} ON ${quoteIdent(event)}`,
      ...(tags ? [`WHEN TAG IN (${tags.map(quoteLiteral).join(', ')})`] : []),
      `EXECUTE FUNCTION ${routine}()`,
    ]
    return [statement(lines.join('\n  ')), ...(state ? [setState(trigger, state)] : [])]
  },
  drop: ({ id }) => [statement(`DROP EVENT TRIGGER ${quoteIdent(id.name)}`)],
  alter: (from, to) => {
    const { state: _, ...before } = from.attrs
    const { state, ...after } = to.attrs
    return JSON.stringify(before) === JSON.stringify(after) ? { statements: [setState(to, state ?? 'origin')] } : 'replace'
  },
  rename: (from, to) => [statement(`ALTER EVENT TRIGGER ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: ({ id }) => `EVENT TRIGGER ${quoteIdent(id.name)}`,
  print: printEventTrigger,
})

function setState({ id }: EventTrigger, state: EventTriggerState): Statement {
  return statement(`ALTER EVENT TRIGGER ${quoteIdent(id.name)} ${STATE_WORDS[state]}`)
}

function printEventTrigger({ id, attrs }: EventTrigger, printer: Printer): PrintedCode {
  const members = [
    `on: ${printer.string(attrs.event)}`,
    ...(attrs.tags ? [`tags: ${printer.literal(attrs.tags)}`] : []),
    `execute: ${printer.variable(refOf('function', { signature: `${attrs.function}()` })) ?? printer.string(attrs.function)}`,
    ...(attrs.state ? [`state: ${printer.string(attrs.state)}`] : []),
  ]
  return { place: 'export', code: `${printer.use('eventTrigger')}(${printer.string(id.name)}, { ${members.join(', ')} })`, variable: id.name }
}

export interface EventTriggerOptions {
  readonly on: 'ddl_command_start' | 'ddl_command_end' | 'sql_drop' | 'table_rewrite' | 'login' | (string & {})
  /** Command tags it is limited to, such as `CREATE TABLE`. */
  readonly tags?: readonly string[]
  /** A declared function, or its name as SQL writes it. */
  readonly execute: SqlSource | string
  /** Fires in sessions of the `origin` by default; `disabled`, in a `replica`, or `always`. */
  readonly state?: EventTriggerState
}

/** A declared event trigger. */
export class EventTriggerBuilder extends Declared {
  protected readonly kind = eventTriggers
  readonly object: EventTrigger
  readonly #uses: readonly Ref[]

  constructor(name: string, { on, tags, execute, state }: EventTriggerOptions) {
    super()
    const routine = checkedSql(`the function of event trigger ${name}`, execute, true)
    this.#uses = routine.uses
    this.object = eventTriggerObject(checkedName('event trigger', name), {
      event: on,
      ...(tags?.length && { tags: tags.map((tag) => tag.toUpperCase()) }),
      function: routine.text,
      ...(state && state !== 'origin' && { state }),
    })
  }

  protected override uses(): readonly Ref[] {
    return this.#uses
  }
}

/**
 * Declares an event trigger, which belongs to the whole database.
 *
 * @throws SchemaError for a name that PostgreSQL could not keep
 * @example export const guard = eventTrigger('guard', { on: 'sql_drop', tags: ['DROP TABLE'], execute: refuseDrops })
 */
export function eventTrigger(name: string, options: EventTriggerOptions): EventTriggerBuilder {
  return new EventTriggerBuilder(name, options)
}
