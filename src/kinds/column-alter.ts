import type { QualifiedName, Ref, SchemaObject } from '../model/schema-object.js'
import { refOf } from '../model/object-ref.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import {
  addNotNull,
  alterRelation,
  identityText,
  isInherited,
  notNullName,
  secretsOf,
  setNotNull,
  setNotNullInUse,
  type Column,
  type ColumnAttrs,
  type Identity,
  type NotNull,
} from './column-ddl.js'
import { alterOptions } from './foreign-options.js'
import type { AlterContext, Alteration } from './kind.js'
import { alterLentNotNull, isDemanded, requiresItself } from './inherited-not-null.js'
import { defaultName } from './object-names.js'
import { attach, detach, isSamePlace, type PartitionAttrs } from './partition-ddl.js'
import { continueAfter, repositioning, sequenceChanges, type SequenceOptions } from './sequence-options.js'
import { optionStatements } from './storage-parameters.js'
import { typeChange } from './type-change.js'

/** How a column is altered in place; 'replace' where PostgreSQL has no way. */
export function alterColumn(from: Column, to: Column, context: AlterContext): Alteration | 'replace' {
  const [before, after] = [from.attrs, to.attrs]
  const { major } = context.version
  if (!before.generated && after.generated) return 'replace'
  if (before.generated && !after.generated && before.generated.virtual) return 'replace'
  if (before.generated && after.generated) {
    if (before.generated.virtual !== after.generated.virtual) return 'replace'
    if (before.generated.expression !== after.generated.expression && major < 17) return 'replace'
  }
  const parents = [...parentChanges(from, context), ...attributeChanges(from, to, context)]
  const follows = (part: (attrs: ColumnAttrs) => unknown) =>
    parents.some(([a, b]) => text(part(a)) === text(part(before)) && text(part(b)) === text(part(after)) && text(part(a)) !== text(part(b)))
  const retyped = (text(typeOf(before)) !== text(typeOf(after)) && !follows(typeOf)) || undefined

  const alter = `${alterRelation(to)} ALTER COLUMN ${quoteIdent(to.id.name)}`
  const only = `${alterRelation(to, true)} ALTER COLUMN ${quoteIdent(to.id.name)}`
  const statements: Statement[] = []
  const identity = text(before.identity) === text(after.identity) || follows((attrs) => attrs.identity) ? undefined : ([before.identity, after.identity] as const)
  if (identity?.[0] && (!identity[1] || (retyped && !mayBeIdentity(after.type)))) statements.push(statement(`${alter} DROP IDENTITY`))
  if (before.generated && !after.generated && !follows((attrs) => attrs.generated)) statements.push(statement(`${alter} DROP EXPRESSION`))
  if (retyped) statements.push(alterType(alter, before, after, (from as Column & { readonly using?: string }).using))
  if (
    before.generated &&
    after.generated &&
    before.generated.expression !== after.generated.expression &&
    !follows((attrs) => attrs.generated)
  ) {
    statements.push(statement(`${alter} SET EXPRESSION AS (${after.generated.expression})`))
  }
  const itself = originsOf(to, 'to', context).some((above) => requiresItself(from, to, above, context))
  if (itself || !follows((attrs) => nullness(attrs))) statements.push(...alterNotNull(from, to, alter, context))
  if (identity?.[1]) {
    if (!identity[0]) statements.push(statement(`${alter} ADD ${identityText(to)}`), continueNumbers(to))
    else statements.push(...alterIdentity(alter, from, to, context))
  }
  if (before.storage !== after.storage) statements.push(statement(`${only} SET STORAGE ${storageText(after, major)}`))
  if (before.compression !== after.compression) {
    statements.push(statement(`${only} SET COMPRESSION ${after.compression ?? 'default'}`))
  }
  if (before.statistics !== after.statistics) statements.push(statement(`${only} SET STATISTICS ${after.statistics ?? -1}`))
  statements.push(...optionStatements(only, before.options, after.options))
  statements.push(...alterOptions(only, before.foreign ?? {}, after.foreign ?? {}, secretsOf(context.authored(to))))
  return {
    statements,
    ...(retyped && { displaces: (dependent: SchemaObject) => !stays(dependent, from, to, context), elseReplace: true }),
    ...(retyped && isAnotherType(to, context) && { retypes: true }),
    ...(before.generated && after.generated && !retyped && { elseReplace: true }),
  }
}

/** While another type takes the place of its own, it is of one under another name. */
function isAnotherType(to: Column, context: AlterContext): boolean {
  const before = (context.object('from', to.ref) as Column | undefined)?.attrs.type
  return before !== undefined && typeChange(before, to.attrs.type!, '', context.version.major).isAnother
}

function typeOf({ type, collation }: ColumnAttrs): unknown {
  return { type, collation }
}

function nullness({ notNull }: ColumnAttrs): boolean {
  return notNull !== undefined
}

function text(value: unknown): string | undefined {
  return JSON.stringify(value)
}

/** The same column of the tables it may come from. */
export function originsOf({ id }: Column, side: 'from' | 'to', context: AlterContext): Ref[] {
  const partition = context.object(side, refOf('partition', id.schema, id.table))
  const table = context.object(side, refOf('table', id.schema, id.table))
  const parents = [...((table?.attrs.inherits as QualifiedName[] | undefined) ?? []), ...(partition ? [partition.attrs.parent as QualifiedName] : [])]
  return parents.map(({ schema, name }) => refOf('column', schema, name, id.name))
}

/** What happens to the same column of its parents, whose alterations PostgreSQL carries over. */
function parentChanges(column: Column, context: AlterContext): (readonly [ColumnAttrs, ColumnAttrs])[] {
  return parentColumns(column, context).map(([a, b]) => [a.attrs, b.attrs] as const)
}

/** The same column of its parents, before and after, while it is below them. */
function parentColumns(column: Column, context: AlterContext): (readonly [Column, Column])[] {
  if (changesPlace(column, context)) return []
  const before = originsOf(column, 'from', context)
  return originsOf(column, 'to', context).flatMap((ref) => {
    const [a, b] = [context.object('from', ref), context.object('to', ref)] as [Column | undefined, Column | undefined]
    return before.includes(ref) && a && b && !context.replaced(ref) ? [[a, b] as const] : []
  })
}

/** Whether its table is a partition that is detached for a while. */
function changesPlace({ id }: Column, context: AlterContext): boolean {
  const ref = refOf('partition', id.schema, id.table)
  const [before, after] = (['from', 'to'] as const).map((side) => context.object(side, ref)?.attrs as PartitionAttrs | undefined)
  return before !== undefined && after !== undefined && (context.replaced(ref) || !isSamePlace(before, after))
}

/** What happens to the attribute of the composite type that it is. */
function attributeChanges({ id, ofType }: Column, to: Column, context: AlterContext): (readonly [ColumnAttrs, ColumnAttrs])[] {
  if (!ofType || ofType !== to.ofType || context.replaced(ofType)) return []
  const [before, after] = (['from', 'to'] as const).map((side) => {
    const attributes = context.object(side, ofType)?.attrs.attributes as { name: string; type: string; collation?: string }[] | undefined
    const attribute = attributes?.find(({ name }) => name === id.name)
    return attribute && { type: attribute.type, ...(attribute.collation && { collation: attribute.collation }) }
  })
  return before && after ? [[before, after]] : []
}

function alterType(alter: string, before: ColumnAttrs, after: ColumnAttrs, using?: string): Statement {
  const set = `${alter} SET DATA TYPE ${after.type}${after.collation ? ` COLLATE ${after.collation}` : ''}`
  if (after.generated || before.type === after.type) return statement(set)
  if (using !== undefined) return statement(`${set} USING ${using}`)
  const column = alter.slice(alter.lastIndexOf(' ALTER COLUMN ') + ' ALTER COLUMN '.length)
  const userDefined = [before.type!, after.type!].some((type) => type.includes('.'))
  return statement(set, [
    `${set} USING ${column}::${after.type}`,
    ...(userDefined ? [`${set} USING ${column}::text::${after.type}`] : []),
  ])
}

function mayBeIdentity(type: string | undefined): boolean {
  return type === 'smallint' || type === 'integer' || type === 'bigint'
}

/** Types among which PostgreSQL casts a constant default by itself, to what the new type would have read. */
const FAMILIES = [/^(smallint|integer|bigint)$/, /^character varying(\(\d+\))?$|^text$/, /^numeric(\(.*\))?$/]

/** Whether something that depends on a column stays as it is while the column changes type. */
function stays(dependent: SchemaObject, from: Column, to: Column, context: AlterContext): boolean {
  // The same column of a child, which changes along.
  if (dependent.kind === 'column' && dependent.parent !== from.parent) return true
  if (dependent.kind !== 'column_default' || dependent.parent !== from.ref) return false
  const next = context.object('to', dependent.ref)
  if (!next || text(next.attrs) !== text(dependent.attrs)) return false
  return FAMILIES.some((family) => family.test(from.attrs.type!) && family.test(to.attrs.type!))
}

function alterNotNull(from: Column, to: Column, alter: string, context: AlterContext): Statement[] {
  const [before, after] = [isNotNullTaken(from, context) ? undefined : from.attrs.notNull, to.attrs.notNull]
  if (text(before) === text(after)) return []
  const partition = context.object('to', refOf('partition', to.id.schema, to.id.table)) as SchemaObject<unknown, PartitionAttrs> | undefined
  const [oldName, newName] = [carriedNotNullName(from, context), notNullName(to, to.attrs.notNull)]
  const [old, next] = [forms(before), forms(after)]
  const lent = before !== undefined && after !== undefined && context.version.major >= 18 && !partition ? alterLentNotNull(from, to, context) : undefined
  if (lent) return lent
  if (after === undefined || isInherited(after)) return before === undefined || isInherited(before) ? [] : [statement(`${alter} DROP NOT NULL`)]
  if (before === undefined) {
    const comesAlong = to.lentNotNull && parentColumns(from, context).some(([, above]) => nullness(above.attrs) && notNullName(above, above.attrs.notNull) === newName)
    if (comesAlong || isDemanded(to, context)) return []
    return context.inUse(to.parent!) ? setNotNullInUse(to, context.version.major, isNeededValid(to, context)) : [setNotNull(to)]
  }
  if (context.version.major < 18 || isInherited(before)) return []
  const statements: Statement[] = []
  const placed = partition && (context.object('from', partition.ref)?.attrs as PartitionAttrs | undefined)
  const stays = placed && !context.replaced(partition.ref) && isSamePlace(placed, partition.attrs)
  const renamed = renameNotNull(to, oldName, newName, { ...old, name: newName })
  const name = quoteIdent(newName)
  const validated = old.notValid && !next.notValid ? [statement(`${alterRelation(to)} VALIDATE CONSTRAINT ${name}`)] : []
  const remade = next.notValid && !old.notValid ? [statement(`${alter} DROP NOT NULL`), addNotNull(to, next)] : undefined
  if (stays && oldName !== newName) return apart(to, partition.attrs, remade ?? [renamed, ...validated])
  if (remade) return remade
  if (oldName !== newName) statements.push(renamed)
  if (old.noInherit !== next.noInherit) statements.push(statement(`${alterRelation(to)} ALTER CONSTRAINT ${name} ${next.noInherit ? 'NO INHERIT' : 'INHERIT'}`))
  return [...statements, ...validated]
}

/** Whether something that is created in the same migration asks for NOT NULL, and for a valid one. */
function isNeededValid({ id, attrs, parent }: Column, context: AlterContext): boolean {
  const isKey = ({ attrs }: SchemaObject<unknown, { readonly type?: string; readonly columns?: readonly string[] }>) =>
    attrs.type === 'primary_key' && attrs.columns?.includes(id.name) === true
  return attrs.identity !== undefined || context.children('to', parent!).some((child) => isKey(child as SchemaObject<unknown, { type?: string; columns?: string[] }>))
}

/** Whether a column loses NOT NULL along with the table above from which it has it. */
function isNotNullTaken(from: Column, context: AlterContext): boolean {
  return (
    from.lentNotNull === true &&
    parentColumns(from, context).some(([above, next]) => nullness(above.attrs) && (!nullness(next.attrs) || isNotNullTaken(above, context)))
  )
}

/** The name of its NOT NULL constraint after those of the tables above were renamed, to whose children PostgreSQL passes that on. */
function carriedNotNullName(from: Column, context: AlterContext): string {
  const name = notNullName(from, from.attrs.notNull)
  if (!from.lentNotNull) return name
  for (const [a, b] of parentColumns(from, context)) {
    const [old, next] = [carriedFrom(a), carriedFrom(b)]
    // One that has another name than that above is renamed along with it, by being made anew.
    if (old !== undefined && next !== undefined && old !== next) return next
  }
  return name
}

function carriedFrom(above: Column): string | undefined {
  return nullness(above.attrs) ? notNullName(above, above.attrs.notNull) : undefined
}

/** PostgreSQL renames a constraint along with those of all children, which may have other names: then it is another constraint. */
function renameNotNull(column: Column, oldName: string, newName: string, form: NotNull): Statement {
  const table = alterRelation(column)
  const added = addNotNull(column, form).sql.slice(table.length)
  return statement(`${table} RENAME CONSTRAINT ${quoteIdent(oldName)} TO ${quoteIdent(newName)}`, [`${table} DROP CONSTRAINT ${quoteIdent(oldName)},${added}`])
}

/** A constraint that a partition has from its parent too is not renamed while it is one. */
function apart({ id }: Column, place: PartitionAttrs, statements: readonly Statement[]): Statement[] {
  const table = { schema: id.schema, name: id.table }
  return [detach(table, place), ...statements, ...attach(table, place)]
}

function forms(notNull: ColumnAttrs['notNull']): NotNull {
  return typeof notNull === 'object' ? notNull : {}
}

function alterIdentity(alter: string, from: Column, to: Column, context: AlterContext): Statement[] {
  const { id } = to
  const [before, after] = [from, to].map(({ attrs }) => ({ identity: attrs.identity!, options: optionsOf(attrs) })) as [Numbering, Numbering]
  const [oldName, newName] = [before, after].map(({ identity }) => identity.name ?? defaultName(id.table, id.name, 'seq')) as [string, string]
  const sequence = qualified(id.schema, newName)
  const sets = sequenceChanges(before.options, after.options)
    .filter((change) => !change.startsWith('AS '))
    .map((change) => `SET ${change}`)
  if (before.identity.generated !== after.identity.generated) sets.unshift(`SET GENERATED ${after.identity.generated.toUpperCase()}`)
  // ALTER TABLE SET LOGGED and UNLOGGED take the sequence along.
  const unlogged = after.identity.unlogged ?? context.object('to', to.parent!)?.attrs.unlogged === true
  const move = repositioning(before.options, after.options)
  if (move?.type === 'restart') sets.push('RESTART')
  return [
    ...(oldName === newName ? [] : [statement(`ALTER SEQUENCE ${qualified(id.schema, oldName)} RENAME TO ${quoteIdent(newName)}`)]),
    ...(move?.type === 'advance'
      ? [statement(`SELECT setval(${quoteLiteral(sequence)}, ${move.value}, false) FROM ${sequence} WHERE ${move.condition}`)]
      : []),
    ...(sets.length > 0 ? [statement(`${alter} ${sets.join(' ')}`)] : []),
    ...(before.identity.unlogged === after.identity.unlogged ? [] : [statement(`ALTER SEQUENCE ${sequence} SET ${unlogged ? 'UNLOGGED' : 'LOGGED'}`)]),
  ]
}

interface Numbering {
  readonly identity: Identity
  readonly options: SequenceOptions
}

function optionsOf({ identity, type }: ColumnAttrs): SequenceOptions {
  const { generated: _, name: __, unlogged: ___, ...options } = identity!
  return type === 'smallint' || type === 'integer' ? { dataType: type, ...options } : options
}

/** The rows that are there have numbers already: the sequence goes on after them. */
function continueNumbers({ id, attrs }: Column): Statement {
  const table = qualified(id.schema, id.table)
  const sequence = `pg_get_serial_sequence(${quoteLiteral(table)}, ${quoteLiteral(id.name)})`
  return continueAfter(sequence, table, quoteIdent(id.name), optionsOf(attrs))
}

function storageText({ storage, type }: ColumnAttrs, major: number): string {
  if (storage !== undefined) return storage.toUpperCase()
  if (major >= 16) return 'DEFAULT'
  return /^(numeric|inet|cidr)\b/.test(type!) && !type!.endsWith('[]') ? 'MAIN' : 'EXTENDED'
}
