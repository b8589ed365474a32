import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { refOf } from '../model/object-ref.js'
import { cutName, MAX_NAME_BYTES, qualified, quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { addNotNull, isInherited, notNullName, type Column, type ColumnAttrs, type NotNull } from './column-ddl.js'
import type { AlterContext } from './kind.js'
import { defaultName } from './object-names.js'

/** A NOT NULL constraint as PostgreSQL 18 has it: rows that it never looked at may be in a table whose constraint is not valid. */
export interface NotNullState {
  readonly name: string
  readonly valid: boolean
  /** The table itself declares it, be it beside its parents. */
  readonly local: boolean
}

type Side = 'from' | 'to'
type Lent = ReadonlyMap<string, NotNullState>

/**
 * The NOT NULL constraints that a table has from its parents of plain inheritance, by column: with the name of the first parent
 * that has one, and valid when one of theirs is.
 */
export function lentNotNulls(table: Ref, side: Side, context: AlterContext): Lent {
  const lent = new Map<string, NotNullState>()
  for (const { schema, name } of parentsOf(table, side, context)) {
    for (const [column, state] of passedOn(refOf('table', schema, name), side, context)) {
      const first = lent.get(column)
      lent.set(column, { name: first?.name ?? state.name, valid: state.valid || first?.valid === true, local: false })
    }
  }
  return lent
}

/** What a column's attribute stands for; undefined when nothing requires a value. */
export function notNullState({ id }: Column, notNull: ColumnAttrs['notNull'], lent: NotNullState | undefined): NotNullState | undefined {
  const { name, notValid, valid }: NotNull = typeof notNull === 'object' ? notNull : {}
  if (isInherited(notNull)) return lent && { name: name ?? lent.name, valid: valid ?? lent.valid, local: false }
  return notNull && { name: name ?? defaultName(id.table, id.name, 'not_null'), valid: !notValid, local: true }
}

/** What children of a table get from it. */
function passedOn(table: Ref, side: Side, context: AlterContext): Lent {
  const states = new Map(lentNotNulls(table, side, context))
  const children = context.children(side, table)
  for (const column of children.filter(({ kind }) => kind === 'column') as Column[]) {
    const { notNull } = column.attrs
    const state = notNullState(column, notNull, states.get(column.id.name))
    if (typeof notNull === 'object' && notNull.noInherit) states.delete(column.id.name)
    else if (state) states.set(column.id.name, state)
  }
  for (const { id, attrs } of children.filter((child) => child.attrs.type === 'primary_key')) {
    for (const column of (attrs.columns as readonly string[] | undefined) ?? []) {
      states.set(column, states.get(column) ?? { name: defaultName(id.table as string, column, 'not_null'), valid: true, local: true })
    }
  }
  return states
}

function parentsOf(table: Ref, side: Side, context: AlterContext): readonly QualifiedName[] {
  return (context.object(side, table)?.attrs.inherits as readonly QualifiedName[] | undefined) ?? []
}

/** Whether a column must be NOT NULL before its table gets a parent that demands it. */
export function isDemanded({ id, ref, parent, attrs: { notNull } }: Column, context: AlterContext): boolean {
  const before = context.object('from', ref) as Column | undefined
  if (!before || before.attrs.notNull !== undefined || notNull === undefined || isInherited(notNull)) return false
  const known = parentsOf(parent!, 'from', context).map(({ schema, name }) => refOf('table', schema, name))
  const gained = parentsOf(parent!, 'to', context).map(({ schema, name }) => refOf('table', schema, name)).filter((table) => !known.includes(table))
  return gained.some((table) => passedOn(table, 'to', context).has(id.name))
}

/**
 * Whether a column gets a NOT NULL of its own while the one above, which it `need`s, gets one too: PostgreSQL lets children keep
 * theirs under its own name when it comes first, and takes no second one afterwards.
 */
export function requiresItself(from: Column, to: Column, need: Ref, context: AlterContext): boolean {
  const { notNull } = to.attrs
  if (context.version.major < 18 || from.attrs.notNull !== undefined || notNull === undefined || isInherited(notNull)) return false
  if (context.object('to', refOf('partition', to.id.schema, to.id.table))) return false
  const [before, after] = (['from', 'to'] as const).map((side) => context.object(side, need) as Column | undefined)
  return before?.kind === 'column' && before.attrs.notNull === undefined && after?.attrs.notNull !== undefined
}

/** What comes before and after a statement. */
export interface Frame {
  readonly before: readonly Statement[]
  readonly after: readonly Statement[]
}

/** CREATE TABLE … INHERITS makes every constraint valid, with the name of the first parent's: what makes them what they shall be. */
export function notNullsOfNewChild({ ref, id }: SchemaObject<QualifiedName>, context: AlterContext): Frame {
  const states = new Map<string, NotNullState>()
  for (const [name, lent] of lentNotNulls(ref, 'to', context)) {
    const column = context.object('to', refOf('column', id.schema, id.name, name)) as Column | undefined
    const state = (column && notNullState(column, column.attrs.notNull, lent)) ?? lent
    if (column && isValidatedApart(column) && state.name === lent.name) continue
    if (!state.valid || (!state.local && state.name !== lent.name)) states.set(name, state)
  }
  const frames = [...states].map(([column, state]) => {
    const sources = sourcesOf(ref, column, context)
    const others = sources.filter((source) => !state.valid || notNullState(source, source.attrs.notNull, undefined)!.name !== state.name)
    return mayBeDropped(sources, others, state, context) ? { before: others.map(dropped), after: addedAgain(others, state) } : undefined
  })
  if (frames.every((frame) => frame !== undefined)) return { before: frames.flatMap(({ before }) => before), after: frames.flatMap(({ after }) => after) }
  return { before: [], after: remade(id, parentsOf(ref, 'to', context), states, []) }
}

/** Whether it becomes valid by a statement of its own, once all children of its parents are there. */
export function isValidatedApart({ attrs: { inherited, notNull } }: Column): boolean {
  return inherited === true && typeof notNull === 'object' && notNull.valid === true
}

/** What makes a constraint valid that those of the parents are not. */
export function validated(column: Column, context: AlterContext | undefined): Statement[] {
  if (!context || !isValidatedApart(column)) return []
  const { id, attrs, parent } = column
  const state = notNullState(column, attrs.notNull, lentNotNulls(parent!, 'to', context).get(id.name))
  return state ? [alter({ schema: id.schema, name: id.table }, `VALIDATE CONSTRAINT ${quoteIdent(state.name)}`)] : []
}

/** The columns of tables above that themselves declare the constraint, in the order in which PostgreSQL takes them. */
function sourcesOf(table: Ref, column: string, context: AlterContext): Column[] {
  const sources = parentsOf(table, 'to', context).flatMap(({ schema, name }) => {
    const above = context.object('to', refOf('column', schema, name, column)) as Column | undefined
    const notNull = above?.attrs.notNull
    if (typeof notNull === 'object' && notNull.noInherit) return []
    return notNull === undefined || isInherited(notNull) ? sourcesOf(refOf('table', schema, name), column, context) : [above!]
  })
  return [...new Set(sources)]
}

/** Whether the constraints of `others` can go for a moment, and nothing is read once more for that, and the name then comes from one of them all. */
function mayBeDropped(sources: readonly Column[], others: readonly Column[], wanted: NotNullState, context: AlterContext): boolean {
  const stateOf = (source: Column) => notNullState(source, source.attrs.notNull, undefined)!
  if (!wanted.local && !sources.some((source) => stateOf(source).name === wanted.name)) return false
  return others.every((source) => {
    const keys = context.children('to', source.parent!).filter(({ attrs }) => attrs.type === 'primary_key')
    const held = source.attrs.identity !== undefined || keys.some(({ attrs }) => (attrs.columns as readonly string[]).includes(source.id.name))
    return !held && (!stateOf(source).valid || context.object('from', source.parent!) === undefined)
  })
}

function dropped({ id }: Column): Statement {
  return alter({ schema: id.schema, name: id.table }, `ALTER COLUMN ${quoteIdent(id.name)} DROP NOT NULL`)
}

/** The one that gives the name comes first. Each says its name, since PostgreSQL would choose one that no child has. */
function addedAgain(sources: readonly Column[], { name }: NotNullState): Statement[] {
  const nameOf = (source: Column) => notNullName(source, source.attrs.notNull)
  const inOrder = [...sources.filter((source) => nameOf(source) === name), ...sources.filter((source) => nameOf(source) !== name)]
  return inOrder.map((source) => addNotNull(source, { ...formOf(source), name: nameOf(source) }))
}

function formOf({ attrs: { notNull } }: Column): NotNull {
  return typeof notNull === 'object' ? notNull : {}
}

/** How a constraint is altered that a table has from parents before and after; undefined when it is none of these. */
export function alterLentNotNull(from: Column, to: Column, context: AlterContext): Statement[] | undefined {
  const { id, parent } = to
  const lent = lentNotNulls(parent!, 'to', context).get(id.name)
  const before = notNullState(from, from.attrs.notNull, lentNotNulls(from.parent!, 'from', context).get(from.id.name))
  const wanted = notNullState(to, to.attrs.notNull, lent)
  if (!before || !wanted || !lent) return undefined
  const carried = carriedAlong(before, to, lent, context)
  const itself = { schema: id.schema, name: id.table }
  if (carried.name !== wanted.name || (carried.valid && !wanted.valid) || (carried.local && !wanted.local)) {
    const sources = sourcesOf(parent!, id.name, context)
    if (mayBeDropped(sources, sources, wanted, context)) {
      return [
        ...sources.map(dropped),
        ...(carried.local ? [dropped(to)] : []),
        ...(wanted.local ? [addNotNull(to, formOf(to))] : []),
        ...addedAgain(sources, wanted),
      ]
    }
    const unchecked = (context.children('from', from.parent!) as readonly Column[]).filter((column) => {
      if (column.kind !== 'column' || column.id.name === id.name) return false
      return notNullState(column, column.attrs.notNull, lentNotNulls(from.parent!, 'from', context).get(column.id.name))?.valid === false
    })
    return remade(itself, parentsOf(parent!, 'to', context), new Map([[id.name, wanted]]), unchecked.map((column) => column.id.name))
  }
  return [
    ...(wanted.local && !carried.local ? [alter(itself, `ALTER COLUMN ${quoteIdent(id.name)} SET NOT NULL`)] : []),
    ...(wanted.valid && !carried.valid ? [alter(itself, `VALIDATE CONSTRAINT ${quoteIdent(wanted.name)}`)] : []),
  ]
}

/** What has become of a constraint once those of the parents were altered. */
function carriedAlong(before: NotNullState, { id, parent }: Column, lent: NotNullState, context: AlterContext): NotNullState {
  const changes = parentsOf(parent!, 'to', context).flatMap(({ schema, name }) => {
    const table = refOf('table', schema, name)
    const [old, next] = (['from', 'to'] as const).map((side) => passedOn(table, side, context).get(id.name))
    return old && next && !context.replaced(table) ? [[old, next] as const] : []
  })
  // A valid constraint becomes one that is not by being dropped and added.
  const kept = changes.filter(([old, next]) => !old.valid || next.valid)
  if (kept.length === 0) return before.local ? before : lent
  const renamed = kept.find(([old]) => old.name === before.name)
  return { ...before, name: renamed?.[1].name ?? before.name, valid: before.valid || kept.some(([old, next]) => !old.valid && next.valid) }
}

/**
 * PostgreSQL alters a constraint that a table has from its parents only along with theirs: a stand-in takes their place until it
 * is what it shall be. `unchecked`: other columns of the table whose constraints are not valid.
 */
function remade(table: QualifiedName, parents: readonly QualifiedName[], states: ReadonlyMap<string, NotNullState>, unchecked: readonly string[]): Statement[] {
  if (states.size === 0) return []
  const place = standIn(table)
  const [itself, above] = [qualified(place.schema, place.name), parents.map(({ schema, name }) => qualified(schema, name))]
  const drop = (column: string) => `ALTER COLUMN ${quoteIdent(column)} DROP NOT NULL`
  const columns = [...states.keys()]
  return [
    statement(`CREATE TABLE ${itself} (LIKE ${qualified(table.schema, table.name)} INCLUDING CONSTRAINTS INCLUDING GENERATED)`),
    alter(place, [...columns, ...unchecked].map(drop).join(', ')),
    ...unchecked.map((column) => alter(place, `ADD NOT NULL ${quoteIdent(column)} NOT VALID`)),
    alter(table, `INHERIT ${itself}`),
    ...above.map((parent) => alter(table, `NO INHERIT ${parent}`)),
    alter(table, columns.map(drop).join(', ')),
    ...[...states].map(([column, { name, valid, local }]) =>
      alter(local ? table : place, `ADD CONSTRAINT ${quoteIdent(name)} NOT NULL ${quoteIdent(column)}${valid ? '' : ' NOT VALID'}`),
    ),
    ...above.map((parent) => alter(table, `INHERIT ${parent}`)),
    alter(table, `NO INHERIT ${itself}`),
    statement(`DROP TABLE ${itself}`),
  ]
}

function alter({ schema, name }: QualifiedName, clause: string): Statement {
  return statement(`ALTER TABLE ${qualified(schema, name)} ${clause}`)
}

/** A table that is a parent of another one for a while. */
export function standIn({ schema, name }: QualifiedName): QualifiedName {
  return { schema, name: `${cutName(name, MAX_NAME_BYTES - '__columns'.length)}__columns` }
}
