import { refOf } from '../../model/object-ref.js'
import type { QualifiedName, RelationPart, SchemaObject } from '../../model/schema-object.js'
import { qualified, quoteIdent } from '../../sql/identifiers.js'
import { statement } from '../../sql/statement.js'
import { constraintHazards } from './hazards.js'
import { defineKind, PHASES, type AlterContext, type Kind, type VersionNeed } from '../kind.js'
import { alterConstraint, constraintRef, originOf, renamedClone, replacedOrigin } from './alter.js'
import { partitionRef, type Constraint } from './attributes.js'
import { addConstraint, definition, tableOf } from './ddl.js'
import { addInUse, dropConstraint, locksAnother, succession, validateConstraint } from './in-use.js'
import { printConstraint } from './print.js'
import { constraintFromRow, constraintQuery } from './reflect.js'

/** Primary keys, unique, exclusion, check and foreign key constraints of tables. A key owns its index. */
export const constraints: Kind = defineKind<Constraint>({
  kind: 'constraint',
  phase: PHASES.constraint,
  // A partition that is attached later would get a key of its own; a foreign key may need an index that is no constraint's.
  phaseOf: ({ attrs, only }) => (attrs.type === 'foreign_key' ? PHASES.foreignKey : only ? PHASES.index + 0.7 : PHASES.constraint),
  catalog: 'pg_constraint',
  folds: ({ attrs, only, late, validated }) =>
    attrs.type !== 'foreign_key' &&
    !attrs.notValid &&
    !only &&
    !late &&
    !validated &&
    !attrs.cloned &&
    !(attrs.type === 'exclude' && attrs.tablespace) &&
    (!attrs.inheritsFrom || attrs.type === 'check'),
  holdsExpressions: ({ attrs }) => attrs.type === 'check' || attrs.type === 'exclude',
  // Both ends of a foreign key may change type, and between the two changes it may have no operator.
  followsAlteration: ({ attrs }, old, next) => attrs.type !== 'foreign_key' || (old.kind === 'column' && areComparable(old, next)),
  occupies: ({ id, attrs }) => (hasIndex(attrs.type) && id.name !== null ? [`relation ${qualified(id.schema, id.name)}`] : []),
  catalogQuery: constraintQuery,
  fromRow: constraintFromRow,
  versionNeeds,
  dependencies: (constraint) => {
    const { id, attrs } = constraint
    const made = (attrs.cloned && renamedClone(constraint) !== undefined) || (attrs.type === 'foreign_key' && attrs.inheritsFrom)
    return [
      ...(attrs.references ? [{ to: refOf('table', attrs.references.schema, attrs.references.name), auto: false }] : []),
      ...(attrs.local ? [] : (attrs.inheritsFrom ?? []).map((origin) => ({ to: constraintRef(origin), auto: true }))),
      ...(made || constraint.late ? [{ to: partitionRef(id), auto: false, createOnly: true as const }] : []),
    ]
  },
  create: (constraint, _parts, _fragments, context) => {
    const { id, attrs } = constraint
    if (constraint.validated) return [validateConstraint(constraint)]
    const old = (attrs.cloned || (attrs.type === 'foreign_key' && attrs.inheritsFrom)) && renamedClone(constraint)
    if (!old) return (context && addInUse(constraint, context)) ?? addConstraint(constraint)
    if (attrs.cloned) return [statement(`ALTER INDEX IF EXISTS ${qualified(id.schema, old)} RENAME TO ${quoteIdent(id.name!)}`)]
    return [statement(`ALTER TABLE ${tableOf(constraint)} RENAME CONSTRAINT ${quoteIdent(old)} TO ${quoteIdent(id.name!)}`)]
  },
  // A child of plain inheritance has its parents' checks without a word.
  fragment: (constraint) => (isInheritedOnly(constraint) ? '' : definition(constraint)),
  createsImplicitly: originOf,
  drop: (constraint, context) => [dropConstraint(constraint, context)],
  dropsImplicitly: (constraint, dropped, context) => {
    const { parent, id, attrs, attached } = constraint
    if (attrs.type === 'foreign_key') return attrs.inheritsFrom?.map(constraintRef).find(dropped) ?? !locksAnother(constraint, context)
    if (dropped(parent!)) return attached || (attrs.inheritsFrom && !attrs.local) ? parent! : true
    // What a partition took from its parent stays when it is detached, as does a check when its table is no longer a child.
    return !dropped(partitionRef(id)) && !isCutLoose(constraint, context)
  },
  // A partition that is detached keeps what it took from its parent, unless the parent loses it before.
  dropOrder: ({ parent, id, attrs, attached }, dropped) => {
    if (dropped(parent!) || !(attached || attrs.inheritsFrom)) return []
    const goesBefore = attrs.type === 'foreign_key' && attrs.inheritsFrom?.map(constraintRef).some(dropped)
    return [{ ref: partitionRef(id), first: !goesBefore }]
  },
  dropsAfterAlteration: ({ attrs, ofPartition }) => attrs.inheritsFrom !== undefined && !ofPartition,
  replacesParent: replacedOrigin,
  alter: alterConstraint,
  succeeds: succession,
  readsRows: true,
  recognizedWhenRenamed: true,
  rename: (from, to) => [
    statement(`ALTER TABLE ${tableOf(from)} RENAME CONSTRAINT ${quoteIdent(from.id.name!)} TO ${quoteIdent(to.id.name!)}`),
  ],
  authored: (declared, reflected) =>
    declared.attrs.type === 'check' ? { ...reflected, attrs: { ...reflected.attrs, expression: declared.attrs.expression } } : reflected,
  address: (constraint) => (constraint.id.name === null ? null : `CONSTRAINT ${quoteIdent(constraint.id.name)} ON ${tableOf(constraint)}`),
  indexes: ({ attrs }) => (hasIndex(attrs.type) ? { distinct: true } : undefined),
  // Code may rely on a key: ON CONFLICT, and what its index makes quick.
  onlyForbids: ({ attrs }) => attrs.type !== 'unique' && attrs.type !== 'primary_key',
  hazards: constraintHazards,
  print: printConstraint,
})

/** Whether a child of plain inheritance loses all parents from which it has a check. */
function isCutLoose({ parent, attrs, ofPartition }: Constraint, context: AlterContext): boolean {
  const parents = (context.object('to', parent!)?.attrs.inherits ?? []) as readonly QualifiedName[]
  const isLeft = ({ schema, table }: RelationPart) => !parents.some((above) => above.schema === schema && above.name === table)
  return attrs.type === 'check' && attrs.inheritsFrom !== undefined && !ofPartition && attrs.inheritsFrom.every(isLeft)
}

function isInheritedOnly({ attrs, ofPartition }: Constraint): boolean {
  return attrs.inheritsFrom !== undefined && !attrs.local && !ofPartition
}

function versionNeeds({ attrs }: Constraint): VersionNeed[] {
  return [
    ...(attrs.nullsNotDistinct ? [[15, 'NULLS NOT DISTINCT'] as const] : []),
    ...(attrs.setColumns ? [[15, 'a list of columns for ON DELETE SET'] as const] : []),
    ...(attrs.period ? [[18, attrs.type === 'foreign_key' ? 'PERIOD in a foreign key' : 'WITHOUT OVERLAPS'] as const] : []),
    ...(attrs.notEnforced ? [[18, 'NOT ENFORCED'] as const] : []),
  ]
}

function hasIndex(type: Constraint['attrs']['type']): boolean {
  return type === 'primary_key' || type === 'unique' || type === 'exclude'
}

/** Types among which PostgreSQL compares by one operator family, so that a foreign key stays possible throughout. */
const FAMILIES = [/^(smallint|integer|bigint)$/, /^(character varying(\(\d+\))?|text)$/]

function areComparable(old: SchemaObject, next: SchemaObject): boolean {
  const [before, after] = [old, next].map(({ attrs }) => String((attrs as { readonly type?: string }).type))
  const base = (type: string | undefined) => type?.replace(/\(.*\)/, '')
  return base(before) === base(after) || FAMILIES.some((family) => family.test(before!) && family.test(after!))
}
