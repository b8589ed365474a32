import { sequenceOwnershipObject, type SequenceOwnershipObject } from '../authoring/sequence-ownership.js'
import { refOf } from '../model/object-ref.js'
import { qualified } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { isMadeBySerial } from './serial-shorthand.js'

/** Which column a sequence belongs to: it is dropped with it. */
export const sequenceOwnerships: Kind = defineKind<SequenceOwnershipObject>({
  kind: 'sequence_ownership',
  phase: PHASES.attachment,
  catalog: 'pg_depend',
  catalogQuery: () => `
    SELECT d.objid, 0, d.refobjid, d.refobjsubid
    FROM pg_depend d
    JOIN pg_sequence s ON s.seqrelid = d.objid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'a' AND d.refobjsubid > 0 AND d.objid >= 16384`,
  fromRow: ([sequence, , relation, number], context) => {
    const owned = context.objectAt('pg_class', sequence as number)
    const column = context.objectAt('pg_class', relation as number, number as number)
    return owned && column ? { object: sequenceOwnershipObject(owned.id, column.id) } : null
  },
  dependencies: ({ attrs: { column } }) => [{ to: refOf('column', column.schema, column.table, column.name), auto: true }],
  create: (object) => [ownedBy(object)],
  drop: ({ id }) => [statement(`ALTER SEQUENCE ${qualified(id.schema, id.name)} OWNED BY NONE`)],
  // A sequence that stays must be set free before its column goes, or it goes with it.
  dropsImplicitly: ({ parent }, dropped) => dropped(parent!),
  alter: (_from, to) => ({ statements: [ownedBy(to)] }),
  address: () => null,
  print: ({ id, attrs: { column } }, printer) => {
    if (isMadeBySerial(id, printer)) return { place: 'none', code: '' }
    const table = printer.variable(refOf('table', column.schema, column.table))
    return { place: 'suffix', code: `.ownedBy(${table ? `() => ${printer.member(table, column.name)}` : printer.literal(column)})` }
  },
})

function ownedBy({ id, attrs: { column } }: SequenceOwnershipObject) {
  return statement(`ALTER SEQUENCE ${qualified(id.schema, id.name)} OWNED BY ${qualified(column.schema, column.table, column.name)}`)
}
