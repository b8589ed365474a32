import { refOf } from '../model/object-ref.js'
import type { Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, suffixed } from '../sql/identifiers.js'
import { inOwnTransaction, statement, type Statement } from '../sql/statement.js'
import { optionsClause, secretsAlone, type OptionsAttrs, type SecretSource, type SecretVariables } from './foreign-options.js'
import type { AlterContext } from './kind.js'
import { defaultName } from './object-names.js'
import { optionStatements, type StorageParameters } from './storage-parameters.js'

/** Options of the sequence behind an identity column, those that are not PostgreSQL's defaults. */
export interface IdentitySequence {
  /** Its name, when it is not `<table>_<column>_seq`. */
  readonly name?: string
  readonly start?: string
  readonly increment?: string
  readonly min?: string
  readonly max?: string
  readonly cache?: string
  readonly cycle?: true
  /** Whether its numbers may be lost in a crash, when that is not as with the rows of the table (PostgreSQL 15). */
  readonly unlogged?: boolean
}

export interface Identity extends IdentitySequence {
  readonly generated: 'always' | 'by default'
}

/** A NOT NULL constraint that is not the plain one with the default name (PostgreSQL 18). */
export interface NotNull {
  /** Its name, when it is not `<table>_<column>_not_null`. */
  readonly name?: string
  readonly noInherit?: true
  readonly notValid?: true
  /** Only parents declare it; then `name` is one that it does not have from the first of them, and nothing says `notValid`. */
  readonly inherited?: true
  /** It is valid although those of the parents are not. */
  readonly valid?: true
}

export interface ColumnAttrs {
  /** As format_type prints it. Absent for a column of a view. */
  readonly type?: string
  /** It comes from a parent of plain inheritance and is not declared by the table itself. */
  readonly inherited?: true
  /** Qualified, when it is not the type's own. */
  readonly collation?: string
  /** `'inherited'`: only the parents declare it, and it is as theirs are (PostgreSQL 18). */
  readonly notNull?: true | 'inherited' | NotNull
  readonly identity?: Identity
  readonly generated?: { readonly expression: string; readonly virtual?: true }
  readonly storage?: string
  readonly compression?: string
  readonly statistics?: number
  readonly options?: StorageParameters
  /** What the wrapper of a foreign table wants to know about it. */
  readonly foreign?: OptionsAttrs
  /** The kind of relation, when it is not a table: `VIEW`, `MATERIALIZED VIEW`. */
  readonly relation?: 'VIEW' | 'MATERIALIZED VIEW'
}

export interface Column extends SchemaObject<RelationPart, ColumnAttrs> {
  /** The composite type whose attribute it is, when its table is a typed one. Not compared. */
  readonly ofType?: Ref
  /** Where the values of its secret options come from. Not compared. */
  readonly variables?: SecretVariables
  /** It is NOT NULL only because the same column of a table above is (PostgreSQL 18). Not compared. */
  readonly lentNotNull?: true
}

/** `ALTER TABLE app.users`, or whatever relation has the column. */
export function alterRelation({ id, attrs }: Column, only = false): string {
  return `ALTER ${attrs.relation ?? 'TABLE'} ${only && !attrs.relation ? 'ONLY ' : ''}${qualified(id.schema, id.table)}`
}

/** Name, type and collation: what every definition of the column begins with. */
export function columnHead({ id, attrs }: Column): string {
  return `${quoteIdent(id.name)} ${attrs.type}${attrs.foreign?.options ? ` ${optionsClause(attrs.foreign.options)}` : ''}${attrs.collation ? ` COLLATE ${attrs.collation}` : ''}`
}

/** The definition of the column in CREATE TABLE and ADD COLUMN; `fragments` is its default. */
export function columnDefinition(column: Column, fragments: readonly string[]): string {
  const { attrs } = column
  return [
    columnHead(column),
    ...(attrs.compression ? [`COMPRESSION ${attrs.compression}`] : []),
    ...(attrs.generated ? [generatedText(attrs.generated)] : []),
    ...(attrs.identity ? [identityText(column)] : []),
    ...fragments,
    ...notNullText(attrs.notNull),
  ].join(' ')
}

/** What a definition of the column cannot hold, in every version. */
export function columnSettings(column: Column): Statement[] {
  const { id, attrs } = column
  const alter = `${alterRelation(column, true)} ALTER COLUMN ${quoteIdent(id.name)}`
  const { notNull } = attrs
  return [
    ...(attrs.compression && (attrs.relation || attrs.inherited) ? [statement(`${alter} SET COMPRESSION ${attrs.compression}`)] : []),
    ...(attrs.storage ? [statement(`${alter} SET STORAGE ${attrs.storage.toUpperCase()}`)] : []),
    ...(attrs.statistics === undefined ? [] : [statement(`${alter} SET STATISTICS ${attrs.statistics}`)]),
    ...optionStatements(alter, {}, attrs.options),
    ...secretsAlone(alter, attrs.foreign ?? {}, secretsOf(column)),
    ...(typeof notNull === 'object' && notNull.notValid ? [addNotNull(column, notNull)] : []),
  ]
}

/** Where the values of a column's secret options come from. */
export function secretsOf({ id, variables }: Column): SecretSource {
  return { names: [id.schema, id.table, id.name], variables }
}

export function generatedText({ expression, virtual }: NonNullable<ColumnAttrs['generated']>): string {
  return `GENERATED ALWAYS AS (${expression}) ${virtual ? 'VIRTUAL' : 'STORED'}`
}

export function identityText({ id, attrs }: Column): string {
  const { generated, name, ...options } = attrs.identity!
  const texts = [...(name === undefined ? [] : [`SEQUENCE NAME ${qualified(id.schema, name)}`]), ...sequenceOptions(options)]
  return `GENERATED ${generated.toUpperCase()} AS IDENTITY${texts.length > 0 ? ` (${texts.join(' ')})` : ''}`
}

/** In an order in which PostgreSQL can check each against the ones before. */
export function sequenceOptions(options: Omit<IdentitySequence, 'name'>): string[] {
  return [
    ...(options.unlogged === undefined ? [] : [options.unlogged ? 'UNLOGGED' : 'LOGGED']),
    ...(options.increment === undefined ? [] : [`INCREMENT BY ${options.increment}`]),
    ...(options.min === undefined ? [] : [`MINVALUE ${options.min}`]),
    ...(options.max === undefined ? [] : [`MAXVALUE ${options.max}`]),
    ...(options.start === undefined ? [] : [`START WITH ${options.start}`]),
    ...(options.cache === undefined ? [] : [`CACHE ${options.cache}`]),
    ...(options.cycle ? ['CYCLE'] : []),
  ]
}

/** Whether only parents of the table declare it. */
export function isInherited(notNull: ColumnAttrs['notNull']): boolean {
  return notNull === 'inherited' || (typeof notNull === 'object' && notNull.inherited === true)
}

function notNullText(notNull: ColumnAttrs['notNull']): string[] {
  if (notNull === undefined || notNull === 'inherited' || isInherited(notNull)) return []
  if (notNull === true) return ['NOT NULL']
  if (notNull.notValid) return []
  return [`${notNull.name === undefined ? '' : `CONSTRAINT ${quoteIdent(notNull.name)} `}NOT NULL${notNull.noInherit ? ' NO INHERIT' : ''}`]
}

export function notNullName({ id }: Column, notNull: ColumnAttrs['notNull']): string {
  return (typeof notNull === 'object' ? notNull.name : undefined) ?? defaultName(id.table, id.name, 'not_null')
}

/** A partitioned table that is replaced says the name of a NOT NULL constraint: partitions that go on hold it, so that PostgreSQL would choose another one. */
export function withNameOfNotNull(column: Column, context: AlterContext | undefined): Column {
  const { parent, attrs } = column
  const isReplaced = context?.object('from', parent!) !== undefined && context.object('to', parent!)?.attrs.partitionBy !== undefined
  if (!isReplaced || context.version.major < 18 || attrs.notNull === undefined || isInherited(attrs.notNull)) return column
  const given = typeof attrs.notNull === 'object' ? attrs.notNull : {}
  return { ...column, attrs: { ...attrs, notNull: { ...given, name: notNullName(column, attrs.notNull) } } }
}

/** The columns of other tables for whose NOT NULL constraints PostgreSQL would choose the name that this one has, as it does when a table is made like another one. */
export function namesakes({ ref, id, attrs: { notNull } }: Column): Ref[] {
  const name = (typeof notNull === 'object' && notNull.name) || ''
  const stem = name.endsWith('_not_null') ? name.slice(0, -'_not_null'.length) : ''
  return [...stem.matchAll(/_/g)].map(({ index }) => refOf('column', id.schema, stem.slice(0, index), stem.slice(index + 1))).filter((other) => other !== ref)
}

/** What makes an existing column NOT NULL. */
export function setNotNull(column: Column): Statement {
  const { notNull } = column.attrs
  if (typeof notNull === 'object') return addNotNull(column, notNull)
  return statement(`${alterRelation(column)} ALTER COLUMN ${quoteIdent(column.id.name)} SET NOT NULL`)
}

/**
 * NOT NULL for a column of a table that is in use, proven by a constraint that PostgreSQL checks while others read and write. Before
 * PostgreSQL 18, which has NOT NULL constraints that are not valid yet, that is a check, which SET NOT NULL trusts.
 * `neededValid`: what follows takes none that is not.
 */
export function setNotNullInUse(column: Column, major: number, neededValid: boolean): Statement[] {
  const { id, attrs } = column
  const given = typeof attrs.notNull === 'object' ? attrs.notNull : {}
  if (given.notValid || attrs.relation) return [setNotNull(column)]
  const alter = alterRelation(column)
  const name = major >= 18 ? notNullName(column, attrs.notNull) : suffixed(`${id.table}_${id.name}`, '__not_null')
  const validate = inOwnTransaction(`${alter} VALIDATE CONSTRAINT ${quoteIdent(name)}`)
  if (major >= 18) return [addNotNull(column, { ...given, name, notValid: true }), neededValid ? validate : { ...validate, late: true }]
  // While a check is there that they lack, PostgreSQL takes no new partitions: it comes after these.
  const proof = [
    statement(`${alter} ADD CONSTRAINT ${quoteIdent(name)} CHECK (${quoteIdent(id.name)} IS NOT NULL) NOT VALID`),
    validate,
    setNotNull(column),
    statement(`${alter} DROP CONSTRAINT ${quoteIdent(name)}`),
  ]
  return neededValid ? proof : proof.map((step) => ({ ...step, late: true as const }))
}

export function addNotNull(column: Column, { noInherit, notValid, name }: NotNull): Statement {
  const named = name === undefined ? '' : `CONSTRAINT ${quoteIdent(name)} `
  const options = `${noInherit ? ' NO INHERIT' : ''}${notValid ? ' NOT VALID' : ''}`
  return statement(`${alterRelation(column)} ADD ${named}NOT NULL ${quoteIdent(column.id.name)}${options}`)
}
