import type { AlterTableCmd, AlterTableStmt, Constraint, IndexStmt } from 'libpg-query'
import type { Found, Rule, TableCommand } from '../rule.js'
import { shownSql, type State } from '../state.js'
import { all, as, constraintsOf, joined, listedName, nameOf, typeOf, words } from '../syntax.js'
import type { Piece } from '../unit.js'

/** Rules about constraints of tables and domains. */
export const constraintRules: readonly Rule[] = [
  {
    rule: 'add-unique',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'UNIQUE or PRIMARY KEY on a table that was there before, without USING INDEX',
    why: 'reads and writes of the table wait until its index is built; it fails when values occur twice',
    instead: 'CREATE UNIQUE INDEX CONCURRENTLY, then ALTER TABLE … ADD CONSTRAINT … UNIQUE USING INDEX …',
    commands: onConstraints(({ contype, conname, indexname, keys }, table, { command }) => {
      if ((contype !== 'CONSTR_UNIQUE' && contype !== 'CONSTR_PRIMARY') || indexname) return undefined
      const type = contype === 'CONSTR_UNIQUE' ? 'UNIQUE' : 'PRIMARY KEY'
      const name = conname ?? '<name>'
      return { object: table, instead: `CREATE UNIQUE INDEX CONCURRENTLY ${name} ON ${table} (${keys ? words(keys).join(', ') : as('ColumnDef', command.def)?.colname}); then ALTER TABLE ${table} ADD CONSTRAINT ${name} ${type} USING INDEX ${name}` }
    }),
  },
  {
    rule: 'add-exclude',
    code: 'strong-lock',
    severity: 'hazard',
    what: 'EXCLUDE on a table that was there before',
    why: 'reads and writes of the table wait until its index is built and every row is compared; PostgreSQL has no way around that',
    instead: 'add it to a new table that takes over from this one, or in a quiet hour',
    commands: onConstraints(({ contype }, table) => contype === 'CONSTR_EXCLUSION' && { object: table }),
  },
  {
    rule: 'add-foreign-key',
    code: 'long-scan',
    severity: 'hazard',
    what: 'a foreign key without NOT VALID on a table that was there before',
    why: 'writes of both tables wait while every row is looked up; it fails when one has no counterpart',
    instead: 'ADD CONSTRAINT … FOREIGN KEY … NOT VALID, then VALIDATE CONSTRAINT in a later transaction',
    commands: onConstraints((constraint, table, { statement }, state) =>
      constraint.contype === 'CONSTR_FOREIGN' && !constraint.skip_validation && { object: table, instead: inTwo(constraint, `FOREIGN KEY … REFERENCES ${nameOf(constraint.pktable)} …`, table, statement, state) },
    ),
  },
  {
    rule: 'add-check',
    code: 'long-scan',
    severity: 'hazard',
    what: 'CHECK without NOT VALID on a table that was there before',
    why: 'reads and writes of the table wait while every row is checked; it fails when one does not satisfy it',
    instead: 'ADD CONSTRAINT … CHECK (…) NOT VALID, then VALIDATE CONSTRAINT in a later transaction',
    commands: onConstraints((constraint, table, { statement }, state) =>
      constraint.contype === 'CONSTR_CHECK' && !constraint.skip_validation && { object: table, instead: inTwo(constraint, 'CHECK (…)', table, statement, state) },
    ),
  },
  {
    rule: 'validate-under-lock',
    code: 'long-scan',
    severity: 'hazard',
    what: 'VALIDATE CONSTRAINT in the transaction that added the constraint, or that locked the table in another way',
    why: 'every row is checked while the strong lock of the earlier statement is still held',
    instead: 'commit before it',
    commands: {
      AT_ValidateConstraint: ({ table, command, statement }, state) => {
        const added = state.table(table).constraints.get(command.name ?? '')
        const inSame = added?.addedIn !== undefined && added.addedIn === state.transaction
        const inStatement = all('AlterTableCmd', statement.cmds).some(({ subtype }) => subtype !== 'AT_ValidateConstraint')
        return (inSame || inStatement || state.locksOn(table).length > 0) && { object: `${table}.${command.name ?? ''}` }
      },
    },
  },
  {
    rule: 'set-not-null',
    code: 'long-scan',
    severity: 'hazard',
    what: 'SET NOT NULL without a validated CHECK (… IS NOT NULL)',
    why: 'reads and writes of the table wait while every row is checked; it fails when one holds NULL',
    instead: 'ADD CONSTRAINT … CHECK (… IS NOT NULL) NOT VALID, VALIDATE it in a later transaction, then SET NOT NULL and drop the check; since PostgreSQL 18 ADD CONSTRAINT … NOT NULL … NOT VALID and VALIDATE',
    commands: {
      AT_SetNotNull: ({ table, command }, state) => notNull(table, command.name ?? '', state),
      ...onConstraints(({ contype, skip_validation, keys }, table, { command }, state) => command.subtype === 'AT_AddConstraint' && contype === 'CONSTR_NOTNULL' && !skip_validation && notNull(table, words(keys)[0] ?? '', state)),
    },
  },
  {
    rule: 'primary-key-index',
    code: 'long-scan',
    severity: 'advice',
    what: 'PRIMARY KEY USING INDEX on columns that are not said to be NOT NULL',
    why: 'a column that may be NULL is made NOT NULL by it: reads and writes of the table wait while every row is checked',
    instead: 'make the columns NOT NULL before, through a validated check',
    commands: onConstraints(({ contype, indexname }, table, _, state) => {
      const columns = state.indexes.get(indexname ?? '')?.columns
      return contype === 'CONSTR_PRIMARY' && indexname !== undefined && !columns?.every((column) => isNotNull(table, column, state)) && { object: table }
    }),
  },
  {
    rule: 'foreign-key-index',
    code: 'long-scan',
    severity: 'advice',
    what: 'a foreign key of new columns without an index that begins with them',
    why: 'each DELETE or UPDATE of the table it refers to reads the whole table that refers to it',
    instead: 'CREATE INDEX on the referencing columns',
    statements: {
      CreateStmt: ({ relation, tableElts }, state) => {
        const unique = all('Constraint', tableElts).filter(({ contype }) => contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_UNIQUE').map(({ keys }) => words(keys))
        const own = all('Constraint', tableElts).filter(({ contype }) => contype === 'CONSTR_FOREIGN').map(({ fk_attrs }) => words(fk_attrs))
        const inline = all('ColumnDef', tableElts).filter((column) => isReference(constraintsOf(column))).map(({ colname = '' }) => [colname])
        return [...own, ...inline].filter((columns) => !unique.some((key) => key[0] === columns[0]) && !isIndexedLater(nameOf(relation), columns, state)).map((columns) => ({ object: `${nameOf(relation)} (${columns.join(', ')})` }))
      },
    },
    commands: {
      AT_AddColumn: ({ table, command }, state) => {
        const column = as('ColumnDef', command.def)
        return isReference(constraintsOf(column)) && !isIndexedLater(table, [column?.colname ?? ''], state) && { object: `${table}.${column?.colname}` }
      },
    },
  },
  {
    rule: 'domain-constraint',
    code: 'long-scan',
    severity: 'hazard',
    what: 'ALTER DOMAIN that adds a constraint without NOT VALID, or NOT NULL',
    why: 'every row of every table with a column of the domain is checked, while writes of these tables wait',
    instead: 'ALTER DOMAIN … ADD CONSTRAINT … NOT VALID, then VALIDATE CONSTRAINT in a later transaction',
    statements: {
      AlterDomainStmt: ({ subtype, typeName, def }, state) =>
        ((subtype === 'C' && !as('Constraint', def)?.skip_validation) || subtype === 'O') && !state.isMade('type', listedName(typeName)) && { object: listedName(typeName) },
    },
  },
  {
    rule: 'strict-domain',
    code: 'long-scan',
    severity: 'advice',
    what: 'CREATE DOMAIN with a constraint',
    why: 'a later change of the constraint checks every table that uses the domain, and a column of it that is added to a table rewrites the table',
    instead: 'a CHECK of the table',
    statements: {
      CreateDomainStmt: ({ domainname, constraints }) => all('Constraint', constraints).some(({ contype }) => contype === 'CONSTR_CHECK' || contype === 'CONSTR_NOTNULL') && { object: listedName(domainname) },
    },
  },
  {
    rule: 'drop-constraint',
    code: 'breaks-code',
    severity: 'advice',
    what: 'DROP CONSTRAINT of a table or domain, unless the script sets NOT NULL in place of it or adds it anew',
    why: 'nothing keeps it up any more: code may rely on it, and rows that break it keep it from coming back',
    instead: 'make sure that no code relies on it',
    statements: { AlterDomainStmt: ({ subtype, typeName, name }, state) => subtype === 'X' && !state.isMade('type', listedName(typeName)) && { object: joined([listedName(typeName), name]) } },
    commands: {
      AT_DropConstraint: ({ table, command, statement }, state) => {
        const isAddedAnew = all('AlterTableCmd', statement.cmds).some(({ def }) => as('Constraint', def)?.conname === command.name)
        const { columns, constraints } = state.table(table)
        const known = constraints.get(command.name ?? '')
        const isReplaced = known?.notNull.some((column) => columns.get(column)?.notNull) || [...columns.values()].some((column) => column.notNull && !column.isNew)
        return !isAddedAnew && !isReplaced && !(known && state.isDowngrade) && { object: joined([table, command.name]) }
      },
    },
  },
  {
    rule: 'drop-not-null',
    code: 'breaks-code',
    severity: 'advice',
    what: 'DROP NOT NULL of a column or domain',
    why: 'code of the previous release that reads the column may not expect NULL',
    instead: 'let the code bear NULL first, and deploy it',
    statements: { AlterDomainStmt: ({ subtype, typeName }, state) => subtype === 'N' && !state.isMade('type', listedName(typeName)) && { object: listedName(typeName) } },
    commands: { AT_DropNotNull: ({ table, command }) => ({ object: `${table}.${command.name}` }) },
  },
]

/** Commands that add a constraint, by itself or with a column. */
function onConstraints(check: (constraint: Constraint, table: string, command: TableCommand, state: State) => Found | false | undefined): NonNullable<Rule['commands']> {
  return {
    AT_AddConstraint: (command, state) => {
      const constraint = as('Constraint', command.command.def)
      return constraint && check(constraint, command.table, command, state)
    },
    AT_AddColumn: (command, state) => constraintsOf(as('ColumnDef', command.command.def)).flatMap((constraint) => check(constraint, command.table, command, state) || []),
  }
}

/** First for new rows only, then for those that are there. */
function inTwo({ conname }: Constraint, form: string, table: string, { cmds = [] }: AlterTableStmt, state: State): string {
  const name = conname ?? '<name>'
  const isAlone = cmds.length === 1 && conname !== undefined
  return `${isAlone ? shownSql(state) : `ALTER TABLE ${table} ADD CONSTRAINT ${name} ${form}`} NOT VALID; in a later transaction ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`
}

function notNull(table: string, column: string, state: State): Found | undefined {
  if (isNotNull(table, column, state)) return undefined
  const object = `${table}.${column}`
  const { constraints, validated } = state.table(table)
  const pending = [...constraints].find(([, each]) => each.notNull.includes(column))
  if (pending) return { object, instead: `ALTER TABLE ${table} VALIDATE CONSTRAINT ${pending[0]}, in a transaction before this one` }
  const dropped = droppedAfter(table, state)
  const others = notNullOf(table, state).filter((each) => each !== column)
  const mayProve = (constraint: string) => names(constraint, column) || !others.some((other) => names(constraint, other))
  // What is validated before and dropped afterwards was there for nothing else.
  if (validated.some((each) => dropped.includes(each) && mayProve(each))) return undefined
  const elsewhere = validated.find((each) => names(each, column)) ?? dropped.find(mayProve)
  if (elsewhere !== undefined) return { object, severity: 'advice', message: `the rows are not checked again only if ${elsewhere}, which is added elsewhere, is CHECK (${column} IS NOT NULL)`, instead: `make sure of it` }
  const earlier = provedBy(table, column, state.earlier)
  if (earlier !== undefined) return { object, severity: 'advice', message: `the rows are not checked again only if ${earlier} was run before`, instead: `make sure of it` }
  const name = `${column}_not_null`
  const recipe =
    (state.major ?? 0) >= 18
      ? `ADD CONSTRAINT ${name} NOT NULL ${column} NOT VALID; in a later transaction ALTER TABLE ${table} VALIDATE CONSTRAINT ${name}`
      : `ADD CONSTRAINT ${name} CHECK (${column} IS NOT NULL) NOT VALID; in a later transaction VALIDATE CONSTRAINT ${name}; then SET NOT NULL and DROP CONSTRAINT ${name}`
  return { object, instead: `ALTER TABLE ${table} ${recipe}` }
}

/** Whether the name of a constraint speaks of a column, as `users_email_not_null` does of email. */
function names(constraint: string, column: string): boolean {
  return `_${constraint}_`.includes(`_${column}_`)
}

/** The constraints of a table that go in the same script: one of them was the proof, when the script is the end of the recipe. */
function droppedAfter(table: string, state: State): string[] {
  return commandsOn(table, [state.piece, ...state.following()]).flatMap(({ subtype, name }) => (subtype === 'AT_DropConstraint' && name !== undefined ? [name] : []))
}

/** The columns of a table that the script makes NOT NULL. */
function notNullOf(table: string, { unit }: State): string[] {
  return commandsOn(table, unit.pieces).flatMap(({ subtype, name }) => (subtype === 'AT_SetNotNull' && name !== undefined ? [name] : []))
}

function commandsOn(table: string, pieces: readonly Piece[]): AlterTableCmd[] {
  return pieces.flatMap(({ type, node }) => {
    if (type !== 'AlterTableStmt') return []
    const { relation, cmds } = node as AlterTableStmt
    return nameOf(relation) === table ? all('AlterTableCmd', cmds) : []
  })
}

/** The script before this one that says so. */
function provedBy(table: string, column: string, state: State | undefined): string | undefined {
  if (!state) return undefined
  return state.tables.get(table) && isNotNull(table, column, state) ? state.unit.at.file : provedBy(table, column, state.earlier)
}

/** Whether the statements so far say so. */
function isNotNull(table: string, column: string, state: State): boolean {
  const { columns, constraints } = state.table(table)
  return columns.get(column)?.notNull === true || [...constraints.values()].some((each) => each.valid && each.notNull.includes(column))
}

function isReference(constraints: readonly Constraint[]): boolean {
  return constraints.some(({ contype }) => contype === 'CONSTR_FOREIGN') && !constraints.some(({ contype }) => contype === 'CONSTR_UNIQUE' || contype === 'CONSTR_PRIMARY')
}

function isIndexedLater(table: string, columns: readonly string[], state: State): boolean {
  return state.following().some(({ type, node }) => {
    if (type !== 'IndexStmt') return false
    const { relation, indexParams, whereClause } = node as IndexStmt
    const [first] = all('IndexElem', indexParams)
    return !whereClause && relation?.relname === table.split('.').at(-1) && columns.includes(first?.name ?? '')
  })
}

/** Exported for the rules about columns: a type is a domain that checks its values. */
export function isStrictDomain(type: Parameters<typeof typeOf>[0], state: State): boolean {
  return state.strictDomains.get(typeOf(type).name) === true
}
