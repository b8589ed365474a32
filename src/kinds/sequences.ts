import { refuse } from '../authoring/checks.js'
import { ColumnReference } from '../authoring/column-reference.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { checkedQualifiedName, declaringCall, type NameInput } from '../authoring/names.js'
import { callerPosition } from '../authoring/position.js'
import { sequenceOwnershipObject } from '../authoring/sequence-ownership.js'
import type { SourcePosition } from '../errors.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName, Ref, RelationPart, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteLiteral } from '../sql/identifiers.js'
import { renameQualified } from '../sql/rename.js'
import { statement, type Statement } from '../sql/statement.js'
import { AS_SQL, SqlText, type SqlSource } from '../sql/template.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type AlterContext, type Kind } from './kind.js'
import { isMadeBySerial } from './serial-shorthand.js'
import { repositioning, sequenceChanges, sequenceClauses, sequenceOptions, sequenceParameters, type SequenceOptions } from './sequence-options.js'

export type SequenceObject = SchemaObject<QualifiedName, SequenceOptions & { readonly unlogged?: true }>

export function sequenceObject(id: QualifiedName, options: SequenceOptions = {}, unlogged = false): SequenceObject {
  return {
    kind: 'sequence',
    ref: refOf('sequence', id.schema, id.name),
    parent: null,
    id,
    attrs: { ...sequenceOptions(sequenceParameters(options)), ...(unlogged && { unlogged: true }) },
  }
}

/** Sequences of their own and those of serial columns; the sequence of an identity column is a part of the column. */
export const sequences: Kind = defineKind<SequenceObject>({
  kind: 'sequence',
  phase: PHASES.sequence,
  catalog: 'pg_class',
  occupies: ({ id }) => [`relation ${qualified(id.schema, id.name)}`],
  catalogQuery: () => `
    SELECT c.oid, 0, n.nspname, c.relname, c.relpersistence::text, format_type(s.seqtypid, NULL), s.seqincrement, s.seqmin, s.seqmax, s.seqstart,
           s.seqcache, s.seqcycle
    FROM pg_class c
    JOIN pg_sequence s ON s.seqrelid = c.oid
    JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND c.oid >= 16384 AND c.relpersistence <> 't'
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid AND e.deptype IN ('e', 'i'))`,
  fromRow: (row) => {
    const [, , schema, name, persistence, dataType, increment, min, max, start, cache, cycle] = row as [
      number, number, string, string, string, 'bigint', string, string, string, string, string, boolean,
    ]
    const [i, low, high, first, cached] = [increment, min, max, start, cache].map(BigInt) as [bigint, bigint, bigint, bigint, bigint]
    const options = sequenceOptions({ dataType, increment: i, min: low, max: high, start: first, cache: cached, cycle })
    return { object: sequenceObject({ schema, name }, options, persistence === 'u') }
  },
  versionNeeds: ({ attrs }) => (attrs.unlogged ? [[15, 'an unlogged sequence']] : []),
  create: ({ id, attrs }) => {
    const head = `CREATE ${attrs.unlogged ? 'UNLOGGED ' : ''}SEQUENCE ${qualified(id.schema, id.name)}`
    return [statement([head, ...sequenceClauses(attrs)].join(' '))]
  },
  drop: ({ id }) => [statement(`DROP SEQUENCE ${qualified(id.schema, id.name)}`)],
  alter: (from, to) => {
    const sequence = qualified(to.id.schema, to.id.name)
    const changes = sequenceChanges(from.attrs, to.attrs)
    const move = repositioning(from.attrs, to.attrs)
    const statements: Statement[] = []
    if (move?.type === 'advance') {
      statements.push(statement(`SELECT setval(${quoteLiteral(sequence)}, ${move.value}, false) FROM ${sequence} WHERE ${move.condition}`))
    } else if (move) changes.push('RESTART')
    if (changes.length > 0) statements.push(statement(`ALTER SEQUENCE ${sequence} ${changes.join(' ')}`))
    if (from.attrs.unlogged !== to.attrs.unlogged) statements.push(statement(`ALTER SEQUENCE ${sequence} SET ${to.attrs.unlogged ? 'UNLOGGED' : 'LOGGED'}`))
    return { statements }
  },
  // The sequence of a serial column gets another name when its table or column does.
  belongsTo: (parts) => {
    const owner = parts.find(({ kind }) => kind === 'sequence_ownership')?.attrs.column as RelationPart | undefined
    return owner && refOf('column', owner.schema, owner.table, owner.name)
  },
  rename: (from, to) => renameQualified('SEQUENCE', from.id, to.id),
  address: ({ id }) => `SEQUENCE ${qualified(id.schema, id.name)}`,
  dropLoses: ({ ref }, context) => (context && isContinued(ref, context) ? undefined : 'how far it has counted is gone'),
  hazards: goneFromCode,
  print: ({ id, attrs }, printer) => {
    if (isMadeBySerial(id, printer)) return { place: 'none', code: '' }
    const numbers = Object.fromEntries(
      Object.entries(attrs).map(([key, value]) => [key, typeof value === 'string' && key !== 'dataType' ? safeNumber(value) : value]),
    )
    const options = Object.keys(attrs).length > 0 ? `, ${printer.literal(numbers)}` : ''
    return { place: 'export', code: `${declaringCall(printer, id, 'sequence', 'sequence')}${options})`, variable: id.name }
  },
})

/** Whether the column that owns it becomes an identity column, which goes on after the numbers that are there. */
function isContinued(sequence: Ref, context: AlterContext): boolean {
  const owned = context.children('from', sequence).find(({ kind }) => kind === 'sequence_ownership')?.attrs.column as RelationPart | undefined
  const column = owned && context.object('to', refOf('column', owned.schema, owned.table, owned.name))
  return column?.attrs.identity !== undefined
}

/** A number where JavaScript has it exactly. */
function safeNumber(text: string): number | string {
  return Number.isSafeInteger(Number(text)) ? Number(text) : text
}

/** Options of a declared sequence; numbers beyond 2^53 as bigint or text. */
export interface SequenceInput {
  dataType?: 'smallint' | 'integer' | 'bigint'
  increment?: number | bigint | string
  min?: number | bigint | string
  max?: number | bigint | string
  start?: number | bigint | string
  cache?: number | bigint | string
  cycle?: boolean
  /** Not written to the log, and set back after a crash (PostgreSQL 15). */
  unlogged?: boolean
}

/** A declared sequence; stands for its name in sql`…`. */
export class Sequence extends Declared implements SqlSource {
  protected readonly kind = sequences

  #owner: (() => { readonly column: RelationPart; readonly ref: Ref }) | undefined
  #ownedAt: SourcePosition | undefined

  constructor(readonly object: SequenceObject) {
    super()
  }

  /**
   * The column it belongs to: it is dropped with it.
   *
   * @example invoiceNumbers.ownedBy(() => invoices.number)
   */
  ownedBy(column: RelationPart | (() => ColumnReference)): this {
    this.#ownedAt = callerPosition()
    this.#owner = () => {
      const reference = typeof column === 'function' ? column() : column
      const { schema, table, name } =
        reference instanceof ColumnReference ? { schema: reference.table.schema, table: reference.table.name, name: reference.name } : reference
      return { column: { schema, table, name }, ref: refOf('column', schema, table, name) }
    }
    return this
  }

  protected override parts(): readonly Declaration[] {
    if (!this.#owner) return []
    const { column, ref } = this.#owner()
    return [{ object: sequenceOwnershipObject(this.object.id, column), at: this.#ownedAt, uses: [ref] }]
  }

  [AS_SQL](): SqlText {
    return new SqlText(qualified(this.object.id.schema, this.object.id.name), [this.object.ref])
  }
}

/**
 * Declares a sequence, in `public` for a bare name. The column of a `serial()` brings its own.
 *
 * @throws SchemaError for options that are no whole numbers or contradict each other
 * @example export const invoiceNumbers = sequence('invoice_numbers', { start: 1000, cache: 10 })
 */
export function sequence(name: NameInput, options: SequenceInput = {}): Sequence {
  const id = checkedQualifiedName('sequence', name)
  const { unlogged = false, ...rest } = options
  return new Sequence(sequenceObject(id, checkedOptions(`sequence ${id.schema}.${id.name}`, rest), unlogged))
}

/** Options as text, or an error that says which one is wrong; `what` names the sequence. */
export function checkedOptions(what: string, { dataType, cycle, ...numbers }: Omit<SequenceInput, 'unlogged'>): SequenceOptions {
  const texts: Record<string, string> = {}
  for (const [key, value] of Object.entries(numbers)) {
    if (value === undefined) continue
    const text = String(value)
    if (!/^-?\d+$/.test(text) || (typeof value === 'number' && !Number.isSafeInteger(value))) {
      refuse(`the option ${key} of ${what} is ${text}, not a whole number`, 'write numbers beyond 2^53 as bigint: 9223372036854775807n')
    }
    texts[key] = String(BigInt(text))
  }
  if (texts.increment === '0') refuse(`the increment of ${what} is 0`, 'give an increment other than 0')
  if (dataType !== undefined && !['smallint', 'integer', 'bigint'].includes(dataType)) {
    refuse(`the data type of ${what} is ${String(dataType)}`, 'sequences are of smallint, integer or bigint')
  }
  return { ...(dataType && dataType !== 'bigint' && { dataType }), ...texts, ...(cycle && { cycle: true }) }
}
