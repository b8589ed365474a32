import { cutName, MAX_NAME_BYTES, qualified, quoteIdent } from '../../sql/identifiers.js'
import { statement, type Statement } from '../../sql/statement.js'
import { defaultName } from '../object-names.js'
import { optionsText } from '../storage-parameters.js'
import type { Constraint, ConstraintAttrs } from './attributes.js'

/** Longer statements go on a second line. */
const LINE = 100

export function tableOf({ id }: Constraint): string {
  return qualified(id.schema, id.table)
}

/** The whole definition: `CONSTRAINT users_pkey PRIMARY KEY (id)`. */
export function definition({ id, attrs }: Constraint): string {
  return [
    ...(id.name === null ? [] : [`CONSTRAINT ${quoteIdent(id.name)}`]),
    body(attrs),
    ...(attrs.deferrable ? ['DEFERRABLE'] : []),
    ...(attrs.initiallyDeferred ? ['INITIALLY DEFERRED'] : []),
    ...(attrs.notEnforced ? ['NOT ENFORCED'] : []),
    ...(attrs.notValid ? ['NOT VALID'] : []),
  ].join(' ')
}

function body(attrs: ConstraintAttrs): string {
  switch (attrs.type) {
    case 'primary_key':
    case 'unique':
      return [
        `${attrs.type === 'unique' ? 'UNIQUE' : 'PRIMARY KEY'}${attrs.nullsNotDistinct ? ' NULLS NOT DISTINCT' : ''} (${list(attrs.columns!)}${attrs.period ? ' WITHOUT OVERLAPS' : ''})`,
        ...(attrs.include ? [`INCLUDE (${list(attrs.include)})`] : []),
        ...(attrs.with ? [`WITH (${optionsText(attrs.with)})`] : []),
        ...(attrs.tablespace ? [`USING INDEX TABLESPACE ${quoteIdent(attrs.tablespace)}`] : []),
      ].join(' ')
    case 'exclude':
      return attrs.definition!
    case 'check':
      return `CHECK (${attrs.expression})${attrs.noInherit ? ' NO INHERIT' : ''}`
    case 'foreign_key':
      return foreignKey(attrs)
  }
}

function foreignKey({ columns, references, match, onUpdate, onDelete, setColumns, period }: ConstraintAttrs): string {
  const { schema, name, columns: referenced } = references!
  return [
    `FOREIGN KEY (${list(columns!, period)})`,
    `REFERENCES ${qualified(schema, name)}${referenced ? ` (${list(referenced, period)})` : ''}`,
    ...(match ? [`MATCH ${match.toUpperCase()}`] : []),
    ...(onUpdate ? [`ON UPDATE ${onUpdate.toUpperCase()}`] : []),
    ...(onDelete ? [`ON DELETE ${onDelete.toUpperCase()}${setColumns ? ` (${list(setColumns)})` : ''}`] : []),
  ].join(' ')
}

/** Columns, of which the last may hold a period. */
export function list(columns: readonly string[], period = false): string {
  return columns.map((column, index) => `${period && index === columns.length - 1 ? 'PERIOD ' : ''}${quoteIdent(column)}`).join(', ')
}

/** The statements that add it to a table that is there. */
export function addConstraint(constraint: Constraint): Statement[] {
  const { id, attrs } = constraint
  const table = `ALTER TABLE ${constraint.only ? 'ONLY ' : ''}${tableOf(constraint)}`
  const text = `ADD ${definition(constraint)}`
  return [
    statement(table.length + text.length < LINE ? `${table} ${text}` : `${table}\n  ${text}`),
    ...(attrs.type === 'exclude' && attrs.tablespace && id.name !== null
      ? [statement(`ALTER INDEX ${qualified(id.schema, id.name)} SET TABLESPACE ${quoteIdent(attrs.tablespace)}`)]
      : []),
  ]
}

/** The name PostgreSQL gives to a key that was not named, while that name is free. */
export function defaultKeyName({ id, attrs, over }: Constraint): string {
  if (attrs.type === 'exclude') return defaultName(id.table, joined(over ?? []), 'excl')
  if (attrs.type === 'primary_key') return `${cutName(id.table, MAX_NAME_BYTES - '_pkey'.length)}_pkey`
  return defaultName(id.table, joined([...(attrs.columns ?? []), ...(attrs.include ?? [])]), 'key')
}

/** The name PostgreSQL gives to a foreign key that was not named, while that name is free. */
export function defaultForeignKeyName({ id, attrs }: Constraint): string {
  return defaultName(id.table, joined(attrs.columns!), 'fkey')
}

/** Names of columns as PostgreSQL joins them into the name of an index: no more than a name can hold anyway. */
function joined(names: readonly string[]): string {
  let text = ''
  for (const name of names) {
    text += `${text === '' ? '' : '_'}${cutName(name, MAX_NAME_BYTES)}`
    if (Buffer.byteLength(text) > MAX_NAME_BYTES) break
  }
  return text
}
