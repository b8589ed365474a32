import { refOf } from '../model/object-ref.js'
import type { Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'

export type TriggerEvent = 'insert' | 'delete' | 'update' | 'truncate'

/** When a trigger fires, by session_replication_role; `origin` is PostgreSQL's default. */
export type TriggerState = 'origin' | 'disabled' | 'replica' | 'always'

/** A trigger of its table. */
export interface OwnTriggerAttrs {
  readonly timing: 'before' | 'after' | 'instead of'
  readonly events: readonly TriggerEvent[]
  /** The columns of UPDATE OF. */
  readonly columns?: readonly string[]
  /** Fires for each row; for each statement where absent. */
  readonly row?: true
  readonly oldTable?: string
  readonly newTable?: string
  readonly when?: string
  /** Its name as SQL writes it. */
  readonly function: string
  readonly args?: readonly string[]
  readonly constraint?: { readonly deferrable?: true; readonly initiallyDeferred?: true; readonly from?: string }
  readonly state?: Exclude<TriggerState, 'origin'>
}

/** A partition's copy of a trigger of its parent, where it fires differently from there. */
export interface CopiedTriggerAttrs {
  readonly copy: { readonly state: TriggerState; readonly original: TriggerState }
}

export type Trigger = SchemaObject<RelationPart, OwnTriggerAttrs | CopiedTriggerAttrs>

export function triggerObject(relation: Ref, id: RelationPart, attrs: Trigger['attrs']): Trigger {
  return { kind: 'trigger', ref: refOf('trigger', id.schema, id.table, id.name), parent: relation, id, attrs }
}

/** `touch ON app.users` */
export function on({ id }: Trigger): string {
  return `${quoteIdent(id.name)} ON ${qualified(id.schema, id.table)}`
}

export function createTrigger(trigger: Trigger, attrs: OwnTriggerAttrs, verb: 'CREATE' | 'CREATE OR REPLACE'): Statement {
  const { timing, columns, row, oldTable, newTable, when, args = [], constraint } = attrs
  const events = attrs.events.map((event) => (event === 'update' && columns ? `UPDATE OF ${columns.map(quoteIdent).join(', ')}` : event.toUpperCase()))
  const deferral = [...(constraint?.deferrable ? ['DEFERRABLE'] : []), ...(constraint?.initiallyDeferred ? ['INITIALLY DEFERRED'] : [])]
  const tables = [
    ...(oldTable === undefined ? [] : [`OLD TABLE AS ${quoteIdent(oldTable)}`]),
    ...(newTable === undefined ? [] : [`NEW TABLE AS ${quoteIdent(newTable)}`]),
  ]
  const { schema, table, name } = trigger.id
  const lines = [
    `${verb} ${constraint ? 'CONSTRAINT ' : ''}TRIGGER ${quoteIdent(name)}`,
    `${timing.toUpperCase()} ${events.join(' OR ')} ON ${qualified(schema, table)}`,
    ...(constraint?.from ? [`FROM ${constraint.from}`] : []),
    ...(deferral.length > 0 ? [deferral.join(' ')] : []),
    ...(tables.length > 0 ? [`REFERENCING ${tables.join(' ')}`] : []),
    `FOR EACH ${row ? 'ROW' : 'STATEMENT'}`,
    ...(when === undefined ? [] : [`WHEN (${when})`]),
    `EXECUTE FUNCTION ${attrs.function}(${args.map(quoteLiteral).join(', ')})`,
  ]
  return statement(lines.join('\n  '))
}

const STATE_WORDS: Readonly<Record<TriggerState, string>> = {
  origin: 'ENABLE',
  disabled: 'DISABLE',
  replica: 'ENABLE REPLICA',
  always: 'ENABLE ALWAYS',
}

export function setState({ id }: Trigger, state: TriggerState): Statement {
  return statement(`ALTER TABLE ${qualified(id.schema, id.table)} ${STATE_WORDS[state]} TRIGGER ${quoteIdent(id.name)}`)
}
