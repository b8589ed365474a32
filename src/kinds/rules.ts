import { checkedName, checkedSql } from '../authoring/checks.js'
import type { ElementTarget } from '../authoring/elements.js'
import { RelationElement } from '../authoring/relation-element.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { indexOutside, withoutSemicolon } from '../sql/scan.js'
import { statement, type Statement } from '../sql/statement.js'
import type { SqlSource, SqlText } from '../sql/template.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES, type Kind, type PrintedCode, type Printer } from './kind.js'

type RuleEvent = 'select' | 'insert' | 'update' | 'delete'
type RuleState = 'origin' | 'disabled' | 'replica' | 'always'

interface RuleAttrs {
  readonly event: RuleEvent
  readonly instead?: true
  readonly where?: string
  /** One statement, several in parentheses, or NOTHING. */
  readonly action: string
  readonly state?: Exclude<RuleState, 'origin'>
  /** The action in its author's words; never in a reflected object. */
  readonly written?: string
}

export type Rule = SchemaObject<RelationPart, RuleAttrs>

const EVENTS: Readonly<Record<string, RuleEvent>> = { 1: 'select', 2: 'update', 3: 'insert', 4: 'delete' }
const STATES: Readonly<Record<string, RuleState>> = { O: 'origin', D: 'disabled', R: 'replica', A: 'always' }
const STATE_WORDS: Readonly<Record<RuleState, string>> = {
  origin: 'ENABLE',
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
}

function ruleObject(relation: Ref, id: RelationPart, attrs: RuleAttrs): Rule {
  return { kind: 'rule', ref: refOf('rule', id.schema, id.table, id.name), parent: relation, id, attrs }
}

/** Rewrite rules, other than the ones that make views what they are. */
export const rules: Kind = defineKind<Rule>({
  kind: 'rule',
  phase: PHASES.rule,
  catalog: 'pg_rewrite',
  holdsExpressions: () => true,
  catalogQuery: () => `
    SELECT r.oid, 0, r.ev_class, r.rulename, r.ev_type, r.is_instead, r.ev_enabled, pg_get_ruledef(r.oid, false)
    FROM pg_rewrite r
    WHERE r.rulename <> '_RETURN' AND r.oid >= 16384
      AND NOT ${isMember('pg_rewrite', 'r.oid')}
    ORDER BY r.ev_class, r.rulename`,
  fromRow: (row, context) => {
    const [, , relationOid, name, event, instead, state, definition] = row as [number, number, number, string, string, boolean, string, string]
    const relation = context.objectAt('pg_class', relationOid) as SchemaObject<QualifiedName> | undefined
    if (!relation) return null
    const { where, action } = partsOf(definition, instead)
    const now = STATES[state]!
    const attrs: RuleAttrs = {
      event: EVENTS[event]!,
      ...(instead && { instead: true }),
      ...(where !== undefined && { where }),
      action,
      ...(now !== 'origin' && { state: now }),
    }
    return { object: ruleObject(relation.ref, { schema: relation.id.schema, table: relation.id.name, name }, attrs) }
  },
  create: (rule) => [createRule(rule, 'CREATE'), ...(rule.attrs.state ? [setState(rule, rule.attrs.state)] : [])],
  drop: (rule) => [statement(`DROP RULE ${on(rule)}`)],
  alter: (from, to, { authored }) => {
    const { state: oldState, ...before } = from.attrs
    const { state, written: _, ...after } = to.attrs
    return {
      statements: [
        ...(JSON.stringify(before) === JSON.stringify(after) ? [] : [createRule(authored(to), 'CREATE OR REPLACE')]),
        ...(oldState === state ? [] : [setState(to, state ?? 'origin')]),
      ],
      elseReplace: true,
    }
  },
  recognizedWhenRenamed: true,
  rename: (from, to) => [statement(`ALTER RULE ${on(from)} RENAME TO ${quoteIdent(to.id.name)}`)],
  authored: (declared, reflected) => ({ ...reflected, attrs: { ...reflected.attrs, written: declared.attrs.action } }),
  address: (rule) => `RULE ${on(rule)}`,
  print: printRule,
})

function on({ id }: Rule): string {
  return `${quoteIdent(id.name)} ON ${qualified(id.schema, id.table)}`
}

/** Condition and action in `CREATE RULE … AS ON … TO … [WHERE …] DO [INSTEAD] …;`. A line may end behind DO. */
function partsOf(definition: string, instead: boolean): { where?: string; action: string } {
  const [doAt] = [' DO ', ' DO\n'].map((word) => indexOutside(definition, word)).filter((at) => at >= 0).sort((a, b) => a - b) as [number]
  const whereAt = indexOutside(definition.slice(0, doAt), ' WHERE ')
  const action = definition.slice(doAt + ' DO '.length).trim().slice(instead ? 'INSTEAD'.length : 0).replace(/;\s*$/, '').trim()
  return whereAt < 0 ? { action } : { where: definition.slice(whereAt + ' WHERE '.length, doAt).trim(), action }
}

function createRule({ id, attrs }: Rule, verb: 'CREATE' | 'CREATE OR REPLACE'): Statement {
  return statement(
    [
      `${verb} RULE ${quoteIdent(id.name)} AS`,
      `ON ${attrs.event.toUpperCase()} TO ${qualified(id.schema, id.table)}`,
      ...(attrs.where === undefined ? [] : [`WHERE ${attrs.where}`]),
      `DO ${attrs.instead ? 'INSTEAD ' : ''}${attrs.written ?? attrs.action}`,
    ].join('\n  '),
  )
}

function setState({ id }: Rule, state: RuleState): Statement {
  return statement(`ALTER TABLE ${qualified(id.schema, id.table)} ${STATE_WORDS[state]} RULE ${quoteIdent(id.name)}`)
}

function printRule({ id, attrs }: Rule, printer: Printer): PrintedCode {
  const members = [
    `on: ${printer.string(attrs.event)}`,
    ...(attrs.where === undefined ? [] : [`where: ${printer.sql(attrs.where)}`]),
    `${attrs.instead ? 'doInstead' : 'do'}: ${printer.sql(attrs.action)}`,
    ...(attrs.state ? [`state: ${printer.string(attrs.state)}`] : []),
  ]
  return { place: 'element', code: `${printer.use('rule')}(${printer.string(id.name)}, { ${members.join(', ')} })` }
}

interface RuleDetails {
  readonly on: RuleEvent
  readonly where?: SqlSource
  /** Fires in sessions of the `origin` by default; `disabled`, in a `replica`, or `always`. */
  readonly state?: RuleState
}

/** When a rule applies, and what happens then: also, or instead of the statement. */
export type RuleOptions = RuleDetails &
  ({ readonly do: SqlSource; readonly doInstead?: never } | { readonly doInstead: SqlSource; readonly do?: never })

/** A declared rewrite rule. */
export class RuleElement extends RelationElement {
  protected readonly kind = rules
  readonly #name: string
  readonly #attrs: RuleAttrs
  readonly #texts: readonly SqlText[]

  constructor(name: string, options: RuleOptions) {
    super()
    this.#name = checkedName('rule', name)
    const where = options.where && checkedSql(`the condition of rule ${name}`, options.where)
    const action = checkedSql(`the action of rule ${name}`, options.doInstead ?? options.do)
    this.#texts = where ? [where, action] : [action]
    this.#attrs = {
      event: options.on,
      ...(options.doInstead && { instead: true }),
      ...(where && { where: where.text }),
      action: withoutSemicolon(action.text),
      ...(options.state && options.state !== 'origin' && { state: options.state }),
    }
  }

  protected objectOn({ schema, name, ref }: ElementTarget): Rule {
    return ruleObject(ref, { schema, table: name, name: this.#name }, this.#attrs)
  }

  protected uses(): readonly Ref[] {
    return this.#texts.flatMap(({ uses }) => uses)
  }
}

/**
 * Declares a rewrite rule, in the callback of its table or view. Several statements stand in parentheses, with semicolons between.
 *
 * @throws SchemaError for a name that PostgreSQL could not keep and for an action that is not SQL
 * @example rule('users_keep', { on: 'delete', doInstead: sql`nothing` })
 */
export function rule(name: string, options: RuleOptions): RuleElement {
  return new RuleElement(name, options)
}
