import type { ColumnDef, CreateStmt } from 'libpg-query'
import type { HazardCode } from '../../hazards.js'
import type { Found, Rule } from '../rule.js'
import { all, as, joined, listedName, nameOf, typeOf, type TypeText } from '../syntax.js'

/** Rules about types that are hard to get away from once there are rows. */
export const typeRules: readonly Rule[] = [
  choice('integer-column', 'table-rewrite', 'a column of type integer or smallint', 'a key of it runs out at 2 billion rows, and a wider type then rewrites the table', 'bigint', ({ name }) => ['int4', 'int2', 'serial', 'serial4', 'smallserial', 'serial2'].includes(name)),
  choice('char-column', 'breaks-code', 'a column of type char(n)', 'values are filled up with blanks, which comparisons leave out and other code does not', 'text, with a CHECK of its length', ({ name }) => name === 'bpchar'),
  choice('varchar-column', 'strong-lock', 'a column of type varchar(n)', 'a narrower length later checks every row while the table is locked', 'text, with a CHECK of its length', ({ name, sizes }) => name === 'varchar' && sizes.length > 0),
  choice('timestamp-column', 'breaks-code', 'a column of type timestamp without time zone', 'what it means depends on the time zone of whoever wrote it', 'timestamptz', ({ name }) => name === 'timestamp'),
  choice('rounded-time', 'breaks-code', 'a column of type timestamp(0) or timestamptz(0)', 'the seconds are rounded, so that a moment may fall into the next day', 'the type without a precision', ({ name, sizes }) => /^timestamp(tz)?$/.test(name) && sizes[0] === 0),
  choice('serial-column', 'privilege-change', 'a column of a serial type', 'its sequence has privileges and an owner of its own, which are forgotten', 'GENERATED ALWAYS AS IDENTITY', ({ name }) => /serial[248]?$/.test(name)),
  choice('money-column', 'breaks-code', 'a column of type money', 'what it shows and takes depends on lc_monetary of the session, and it knows one currency', 'numeric', ({ name }) => name === 'money'),
  choice('float-column', 'breaks-code', 'a column of type real or double precision', 'its values are rounded, so that sums and comparisons come out wrong', 'numeric, unless they are measurements', ({ name }) => name === 'float4' || name === 'float8'),
  {
    ...choice('json-type', 'breaks-code', 'a column of type json in a new table', 'json has no equality: DISTINCT, GROUP BY and UNION over it fail', 'jsonb', ({ name }) => name === 'json'),
    commands: {},
  },
  {
    rule: 'enum-type',
    code: 'irreversible',
    severity: 'advice',
    what: 'CREATE TYPE … AS ENUM',
    why: 'a label can be added later, but not taken away without a new type for every column',
    instead: 'a table of the values with a foreign key, where they change often',
    statements: { CreateEnumStmt: ({ typeName }) => ({ object: listedName(typeName) }) },
  },
]

function choice(rule: string, code: HazardCode, what: string, why: string, instead: string, is: (type: TypeText) => boolean): Rule {
  const found = (table: string, columns: readonly ColumnDef[]): Found | undefined => {
    const names = columns.filter(({ typeName }) => is(typeOf(typeName))).map(({ colname }) => colname)
    return names.length === 0 ? undefined : { object: names.length === 1 ? joined([table, names[0]]) : `${table} (${names.join(', ')})` }
  }
  return {
    rule,
    code,
    severity: 'advice',
    what,
    why,
    instead,
    statements: { CreateStmt: ({ relation, tableElts }: CreateStmt) => found(nameOf(relation), all('ColumnDef', tableElts)) },
    commands: {
      AT_AddColumn: ({ table, command }) => found(table, all('ColumnDef', command.def && [command.def])),
      AT_AlterColumnType: ({ table, command }) => found(table, [{ ...as('ColumnDef', command.def), colname: command.name ?? '' }]),
    },
  }
}
