import { checkedName, checkedSql, refuse } from '../authoring/checks.js'
import type { ElementTarget } from '../authoring/elements.js'
import { RelationElement } from '../authoring/relation-element.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { indexOutside, insideParentheses } from '../sql/scan.js'
import { statement } from '../sql/statement.js'
import type { SqlSource } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind, type PrintedCode, type Printer } from './kind.js'
import {
  createTrigger, on, setState, triggerObject, type OwnTriggerAttrs, type Trigger, type TriggerEvent, type TriggerState,
} from './trigger-ddl.js'

export type { Trigger, TriggerEvent, TriggerState } from './trigger-ddl.js'

const STATES: Readonly<Record<string, TriggerState>> = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' }

/** Bits of pg_trigger.tgtype. */
const BITS = { row: 1, before: 2, insteadOf: 64 } as const
const EVENTS: readonly (readonly [TriggerEvent, number])[] = [['insert', 4], ['delete', 8], ['update', 16], ['truncate', 32]]

/** Triggers of tables and views, constraint triggers among them. A partition's copies of its parent's triggers are part of those. */
export const triggers: Kind = defineKind<Trigger>({
  kind: 'trigger',
  phase: PHASES.trigger,
  catalog: 'pg_trigger',
  holdsExpressions: ({ attrs }) => 'when' in attrs,
  catalogQuery: () => `
    SELECT t.oid, 0, t.tgrelid, t.tgname, t.tgtype, t.tgfoid::regproc::text, t.tgenabled, original.tgenabled,
           CASE WHEN t.tgnargs > 0 THEN encode(t.tgargs, 'hex') END,
           CASE WHEN cardinality(t.tgattr::int2[]) > 0 THEN ARRAY(
             SELECT a.attname FROM unnest(t.tgattr::int2[]) WITH ORDINALITY u (number, place)
             JOIN pg_attribute a ON a.attrelid = t.tgrelid AND a.attnum = u.number ORDER BY u.place) END,
           t.tgoldtable, t.tgnewtable, CASE WHEN t.tgqual IS NOT NULL THEN pg_get_triggerdef(t.oid, false) END,
           t.tgconstraint, t.tgdeferrable, t.tginitdeferred, CASE WHEN t.tgconstrrelid <> 0 THEN t.tgconstrrelid::regclass::text END
    FROM pg_trigger t
    LEFT JOIN pg_trigger original ON original.oid = t.tgparentid AND t.tgparentid <> 0
    WHERE t.oid >= 16384 AND t.tgconstrindid = 0
      AND CASE WHEN t.tgparentid = 0 THEN NOT t.tgisinternal ELSE t.tgenabled <> original.tgenabled END
      AND NOT ${isMember('pg_trigger', 't.oid')}
    ORDER BY t.tgrelid, t.tgname`,
  fromRow: (row, context) => {
    const [, , relationOid, name, type, routine, state, original, args, columns, oldTable, newTable, definition, constraint, deferrable, deferred, from] =
      row as [
        number, number, number, string, number, string, string, string | null, string | null, string[] | null, string | null, string | null,
        string | null, number, boolean, boolean, string | null,
      ]
    const relation = context.objectAt('pg_class', relationOid) as SchemaObject<QualifiedName> | undefined
    if (!relation) return null
    const id = { schema: relation.id.schema, table: relation.id.name, name }
    const now = STATES[state]!
    if (original !== null) return { object: triggerObject(relation.ref, id, { copy: { state: now, original: STATES[original]! } }) }
    const attrs: OwnTriggerAttrs = {
      timing: type & BITS.insteadOf ? 'instead of' : type & BITS.before ? 'before' : 'after',
      events: EVENTS.filter(([, bit]) => type & bit).map(([event]) => event),
      ...(columns && { columns }),
      ...(type & BITS.row && { row: true }),
      ...(oldTable !== null && { oldTable }),
      ...(newTable !== null && { newTable }),
      ...(definition !== null && { when: whenOf(definition) }),
      function: routine,
      ...(args !== null && { args: argumentsOf(args) }),
      ...(constraint !== 0 && {
        constraint: { ...(deferrable && { deferrable: true }), ...(deferred && { initiallyDeferred: true }), ...(from !== null && { from }) },
      }),
      ...(now !== 'origin' && { state: now }),
    }
    return { object: triggerObject(relation.ref, id, attrs), aliases: constraint === 0 ? [] : [['pg_constraint', constraint]] }
  },
  create: (trigger) => {
    const { attrs } = trigger
    if ('copy' in attrs) return [setState(trigger, attrs.copy.state)]
    return [createTrigger(trigger, attrs, 'CREATE'), ...(attrs.state ? [setState(trigger, attrs.state)] : [])]
  },
  drop: (trigger) => ('copy' in trigger.attrs ? [setState(trigger, trigger.attrs.copy.original)] : [statement(`DROP TRIGGER ${on(trigger)}`)]),
  alter: (from, to) => {
    const [before, after] = [from.attrs, to.attrs]
    if ('copy' in before || 'copy' in after) return 'copy' in before && 'copy' in after ? { statements: [setState(to, after.copy.state)] } : 'replace'
    const { state: _, ...rest } = before
    const { state, ...others } = after
    if (JSON.stringify(rest) === JSON.stringify(others)) return { statements: [setState(to, state ?? 'origin')] }
    if (before.constraint || after.constraint) return 'replace'
    // A replaced trigger fires again as a new one does.
    return { statements: [createTrigger(to, after, 'CREATE OR REPLACE'), ...(state ? [setState(to, state)] : [])], elseReplace: true }
  },
  recognizedWhenRenamed: true,
  // A copy takes the new name of the trigger that it is a copy of.
  rename: (from, to) => ('copy' in from.attrs ? [] : [statement(`ALTER TRIGGER ${on(from)} RENAME TO ${quoteIdent(to.id.name)}`)]),
  address: (trigger) => ('copy' in trigger.attrs ? null : `TRIGGER ${on(trigger)}`),
  print: printTrigger,
})

/** The condition inside `WHEN (…)`; pg_get_expr cannot print it, because it is about two rows. */
function whenOf(definition: string): string {
  const when = ' WHEN ('
  return insideParentheses(definition, indexOutside(definition, when) + when.length - 1)
}

/** pg_trigger.tgargs: each argument followed by a zero byte. */
function argumentsOf(hex: string): string[] {
  return Buffer.from(hex, 'hex').toString('utf8').split('\0').slice(0, -1)
}

/** Code that declares a trigger in the callback of its relation. */
function printTrigger({ id, attrs }: Trigger, printer: Printer): PrintedCode {
  if ('copy' in attrs) {
    return { place: 'element', code: `${printer.use('triggerState')}(${printer.string(id.name)}, ${printer.string(attrs.copy.state)})` }
  }
  const { timing, events, columns, row, oldTable, newTable, when, args, constraint, state } = attrs
  const member = (key: string, value: unknown) => (value === undefined ? [] : [`${key}: ${printer.literal(value)}`])
  const members = [
    ...member(timing === 'instead of' ? 'insteadOf' : timing, events),
    ...member('of', columns),
    ...member('forEach', row && 'row'),
    ...member('oldTable', oldTable),
    ...member('newTable', newTable),
    ...(when === undefined ? [] : [`when: ${printer.sql(when)}`]),
    `execute: ${printer.variable(refOf('function', { signature: `${attrs.function}()` })) ?? printer.string(attrs.function)}`,
    ...member('args', args),
    ...member('constraint', constraint && (Object.keys(constraint).length > 0 ? constraint : true)),
    ...member('state', state),
  ]
  return { place: 'element', code: `${printer.use('trigger')}(${printer.string(id.name)}, { ${members.join(', ')} })` }
}

interface TriggerDetails {
  /** The columns of UPDATE OF: `t.email`, or by name. */
  readonly of?: readonly (string | { readonly name: string })[]
  /** `statement` by default. */
  readonly forEach?: 'row' | 'statement'
  /** The name under which its function sees the rows as they were. */
  readonly oldTable?: string
  /** The name under which its function sees the rows as they are now. */
  readonly newTable?: string
  readonly when?: SqlSource
  /** A declared function, or its name as SQL writes it. */
  readonly execute: SqlSource | string
  readonly args?: readonly string[]
  /** A constraint trigger; `from` is the other table of its constraint. */
  readonly constraint?: boolean | { readonly deferrable?: boolean; readonly initiallyDeferred?: boolean; readonly from?: SqlSource | string }
  /** Fires in sessions of the `origin` by default; `disabled`, in a `replica`, or `always`. */
  readonly state?: TriggerState
}

type Events = TriggerEvent | readonly TriggerEvent[]

/** When the trigger fires, one of `before`, `after` and `insteadOf`; and what it does. */
export type TriggerOptions = TriggerDetails &
  (
    | { readonly before: Events; readonly after?: never; readonly insteadOf?: never }
    | { readonly after: Events; readonly before?: never; readonly insteadOf?: never }
    | { readonly insteadOf: Events; readonly before?: never; readonly after?: never }
  )

/** A declared trigger. */
export class TriggerElement extends RelationElement {
  protected readonly kind = triggers

  constructor(
    readonly name: string,
    readonly attrs: Trigger['attrs'],
    readonly mentions: readonly Ref[],
  ) {
    super()
  }

  protected objectOn({ schema, name, ref }: ElementTarget): Trigger {
    return triggerObject(ref, { schema, table: name, name: this.name }, this.attrs)
  }

  protected uses(): readonly Ref[] {
    return this.mentions
  }
}

/**
 * Declares a trigger, in the callback of its table or view.
 *
 * @throws SchemaError for a name that PostgreSQL could not keep and for a trigger without events
 * @example trigger('users_touch', { before: 'update', of: [t.email], forEach: 'row', execute: touch })
 */
export function trigger(name: string, options: TriggerOptions): TriggerElement {
  checkedName('trigger', name)
  const mentions: Ref[] = []
  const read = (what: string, source: SqlSource | string, plain = false) => {
    const { text, uses } = checkedSql(`${what} of trigger ${name}`, source, plain)
    mentions.push(...uses)
    return text
  }
  const timing = options.before ? 'before' : options.after ? 'after' : 'instead of'
  const wanted = [options.before ?? options.after ?? options.insteadOf ?? []].flat()
  const events = EVENTS.map(([event]) => event).filter((event) => wanted.includes(event))
  if (events.length === 0) refuse(`trigger ${name} has no events`, "say when it fires, such as before: ['insert', 'update']")
  const { when, constraint, state, args } = options
  const details = typeof constraint === 'object' ? constraint : {}
  const columns = options.of?.map((column) => checkedName('column', typeof column === 'string' ? column : column?.name))
  return new TriggerElement(
    name,
    {
      timing,
      events,
      ...(columns?.length && { columns }),
      ...(options.forEach === 'row' && { row: true }),
      ...(options.oldTable !== undefined && { oldTable: checkedName('transition table', options.oldTable) }),
      ...(options.newTable !== undefined && { newTable: checkedName('transition table', options.newTable) }),
      ...(when && { when: read('the condition', when) }),
      function: read('the function', options.execute, true),
      ...(args?.length && { args }),
      ...(constraint && {
        constraint: {
          ...((details.deferrable || details.initiallyDeferred) && { deferrable: true }),
          ...(details.initiallyDeferred && { initiallyDeferred: true }),
          ...(details.from && { from: read('the other table', details.from, true) }),
        },
      }),
      ...(state && state !== 'origin' && { state }),
    },
    mentions,
  )
}

/**
 * Declares, in the callback of a partition, that its copy of a trigger of its parent fires differently from there.
 *
 * @example triggerState('orders_audit', 'disabled')
 */
export function triggerState(name: string, state: TriggerState): TriggerElement {
  return new TriggerElement(checkedName('trigger', name), { copy: { state, original: 'origin' } }, [])
}
