import { MAX_NAME_BYTES } from '../../sql/identifiers.js'
import { sameName } from '../names.js'
import type { Rule } from '../rule.js'
import type { State } from '../state.js'
import { all, joined, listedName, nameOf, objectName, type NodeOf } from '../syntax.js'
import type { Piece } from '../unit.js'

/** What may be renamed under running code, which does not name it. */
const UNSEEN = new Set(['OBJECT_TABCONSTRAINT', 'OBJECT_DOMCONSTRAINT', 'OBJECT_INDEX', 'OBJECT_TRIGGER', 'OBJECT_RULE', 'OBJECT_POLICY', 'OBJECT_STATISTIC_EXT'])

/** What takes the name over comes next, and nothing says whether that is one transaction. */
const FOR_A_MOMENT = { severity: 'advice', message: 'unless both are one transaction, there is a moment without the old name', instead: 'BEGIN before it, and COMMIT behind what takes the name over' } as const

/** Rules about names that running code knows. */
export const nameRules: readonly Rule[] = [
  {
    rule: 'rename',
    code: 'breaks-code',
    severity: 'hazard',
    what: 'RENAME of a table, column, view, type, label of an enum, routine or schema',
    why: 'code of the previous release still uses the old name, and fails',
    instead: 'keep both for a release: a column that is kept in step, or a view under the old name in the same transaction',
    statements: {
      RenameStmt: ({ renameType = 'OBJECT_TABLE', relation, subname, object, newname }, state) => {
        if (UNSEEN.has(renameType)) return undefined
        const name = relation ? nameOf(relation) : object ? objectName(object) : (subname ?? '')
        if (relation && !state.isOld(name)) return undefined
        const old = renameType === 'OBJECT_COLUMN' ? joined([name, subname]) : name
        if (isCovered(old, state.restOfTransaction())) return undefined
        if (renameType === 'OBJECT_TYPE' && state.isMade('type', name)) return undefined
        if (renameType === 'OBJECT_COLUMN' && state.table(name).columns.get(subname ?? '')?.isNew) return undefined
        if (renameType === 'OBJECT_COLUMN' && isFree(name, newname ?? '', state)) return undefined
        return { object: `${relation ? joined([name, subname]) : name} → ${newname ?? ''}`, ...(isCovered(old, state.following().slice(0, 1)) && FOR_A_MOMENT) }
      },
      AlterEnumStmt: ({ typeName, oldVal, newVal }, state) =>
        oldVal !== undefined && !state.isMade('type', listedName(typeName)) && { object: `${listedName(typeName)}: ${oldVal} → ${newVal ?? ''}` },
    },
  },
  {
    rule: 'set-schema',
    code: 'breaks-code',
    severity: 'hazard',
    what: 'SET SCHEMA',
    why: 'code of the previous release looks for it where it was, and fails',
    instead: 'leave a view under the old name in the same transaction, until no running code uses it',
    statements: {
      AlterObjectSchemaStmt: ({ relation, object, newschema }, state) => {
        const name = relation ? nameOf(relation) : object ? objectName(object) : ''
        if (relation && (!state.isOld(name) || isCovered(name, state.restOfTransaction()))) return undefined
        return { object: `${name} → ${newschema ?? ''}` }
      },
    },
  },
  {
    rule: 'long-name',
    code: 'breaks-code',
    severity: 'advice',
    what: 'a name of more than 63 bytes',
    why: 'PostgreSQL cuts it off, so that two names may become one',
    instead: 'a shorter name',
    every: (_, __, { piece }) => {
      if (piece.sql.length < 32) return undefined
      const names = piece.sql.replace(/'(?:[^']|'')*'|\$(\w*)\$[\s\S]*?\$\1\$|--.*$/gm, '').match(/"(?:[^"\n]|""){32,}"|[\p{L}_][\p{L}\p{N}_$]{31,}/gu) ?? []
      const long = names.map((name) => name.replace(/^"(.*)"$/, '$1').replaceAll('""', '"')).find((name) => Buffer.byteLength(name) > MAX_NAME_BYTES)
      return long !== undefined && { object: long }
    },
  },
]

/** Whether the name was another column's until this script took it away: running code knows it as it will be. */
function isFree(table: string, column: string, { unit, position }: State): boolean {
  return unit.pieces.slice(0, position).some(({ type, node }) => {
    if (type === 'AlterTableStmt') {
      const { relation, cmds } = node as NodeOf<'AlterTableStmt'>
      return nameOf(relation) === table && all('AlterTableCmd', cmds).some(({ subtype, name }) => subtype === 'AT_DropColumn' && name === column)
    }
    if (type !== 'RenameStmt') return false
    const { relation, subname } = node as NodeOf<'RenameStmt'>
    return nameOf(relation) === table && subname === column
  })
}

/** Whether one of these statements gives the name to something else: a view, what replaces it, or the column that is swapped in. */
function isCovered(name: string, pieces: readonly Piece[]): boolean {
  return pieces.some(({ type, node }) => {
    if (type === 'ViewStmt') return sameName(nameOf((node as NodeOf<'ViewStmt'>).view), name)
    if (type === 'CreateEnumStmt') return sameName(listedName((node as NodeOf<'CreateEnumStmt'>).typeName), name)
    if (type === 'CreateDomainStmt') return sameName(listedName((node as NodeOf<'CreateDomainStmt'>).domainname), name)
    if (type === 'CompositeTypeStmt') return sameName(nameOf((node as NodeOf<'CompositeTypeStmt'>).typevar), name)
    if (type === 'CreateStmt') return sameName(nameOf((node as NodeOf<'CreateStmt'>).relation), name)
    if (type !== 'RenameStmt') return false
    const { renameType, relation, newname } = node as NodeOf<'RenameStmt'>
    return relation !== undefined && (renameType === 'OBJECT_COLUMN' ? joined([nameOf(relation), newname]) === name : sameName(joined([relation.schemaname, newname]), name))
  })
}
