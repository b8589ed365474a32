import { refOf } from '../../model/object-ref.js'
import type { QualifiedName, Ref, RelationPart } from '../../model/schema-object.js'
import { qualified, quoteIdent } from '../../sql/identifiers.js'
import { statement, type Statement } from '../../sql/statement.js'
import type { AlterContext, Alteration } from '../kind.js'
import { optionStatements } from '../storage-parameters.js'
import { indexPartitionRef, partitionRef, type Constraint, type ConstraintAttrs } from './attributes.js'
import { defaultForeignKeyName, defaultKeyName, tableOf } from './ddl.js'
import { swapKey, validateConstraint } from './in-use.js'

/** How a constraint is altered in place; 'replace' where PostgreSQL has no way. */
export function alterConstraint(from: Constraint, to: Constraint, context: AlterContext): Alteration | 'replace' {
  const [before, after] = [from.attrs, to.attrs]
  if (fixed(before) !== fixed(after)) return swapOrReplace(from, to, context)
  if (before.invalid !== after.invalid && after.invalid) return 'replace'
  if (before.cloned !== after.cloned && (after.cloned || staysBelow(to, context))) return 'replace'
  if (before.inheritsFrom && !before.local && (!after.inheritsFrom || after.local)) {
    return loses(before.inheritsFrom, from, context) ? 'replace' : { statements: [] }
  }
  if (after.inheritsFrom && !after.local) {
    // What was declared here remains local when a parent of plain inheritance declares it too.
    if (!before.inheritsFrom && !to.ofPartition && after.type === 'check') return 'replace'
    return { statements: before.notValid && !after.notValid && !followsOrigin(to, context) ? [validateConstraint(to, context)] : [] }
  }
  const statements: Statement[] = []
  const alter = `ALTER TABLE ${tableOf(to)}`
  const index = `ALTER INDEX ${qualified(to.id.schema, to.id.name!)}`
  const timing = before.deferrable !== after.deferrable || before.initiallyDeferred !== after.initiallyDeferred
  const enforcement = before.notEnforced !== after.notEnforced
  if (timing || enforcement) {
    if (after.type !== 'foreign_key' || (enforcement && context.version.major < 18)) return swapOrReplace(from, to, context)
    const words = [
      ...(timing ? [after.deferrable ? 'DEFERRABLE' : 'NOT DEFERRABLE'] : []),
      ...(timing && after.deferrable ? [after.initiallyDeferred ? 'INITIALLY DEFERRED' : 'INITIALLY IMMEDIATE'] : []),
      ...(enforcement ? [after.notEnforced ? 'NOT ENFORCED' : 'ENFORCED'] : []),
    ]
    // Enforcing anew checks the rows that are there.
    if (enforcement && !after.notEnforced && after.notValid) return 'replace'
    statements.push(statement(`${alter} ALTER CONSTRAINT ${quoteIdent(to.id.name!)} ${words.join(' ')}`))
  }
  if (!enforcement && before.notValid !== after.notValid) {
    if (after.notValid) return 'replace'
    statements.push(validateConstraint(to, context))
  }
  const parameters = optionStatements(index, before.with, after.with)
  if (parameters.length > 0 && context.object('to', to.parent!)?.attrs.partitionBy) return 'replace'
  statements.push(...parameters)
  if (before.tablespace !== after.tablespace) statements.push(statement(`${index} SET TABLESPACE ${quoteIdent(after.tablespace ?? 'pg_default')}`))
  return { statements }
}

function swapOrReplace(from: Constraint, to: Constraint, context: AlterContext): Alteration | 'replace' {
  const swapped = swapKey(from, to, context)
  return swapped ? { statements: swapped, elseReplace: true } : 'replace'
}

/** Whether a constraint it comes from is validated too, which validates it along. */
function followsOrigin({ attrs }: Constraint, context: AlterContext): boolean {
  return attrs.inheritsFrom!.some((origin) => {
    const [before, after] = (['from', 'to'] as const).map((side) => context.object(side, constraintRef(origin))?.attrs as ConstraintAttrs | undefined)
    return before?.notValid === true && after !== undefined && !after.notValid
  })
}

/** What no ALTER changes, as text. */
function fixed({ deferrable, initiallyDeferred, notValid, notEnforced, with: parameters, tablespace, invalid, cloned, inheritsFrom, local, ...rest }: ConstraintAttrs): string {
  return JSON.stringify(rest)
}

/** Whether its table is a partition after the migration. */
function staysBelow({ id }: Constraint, context: AlterContext): boolean {
  return context.object('to', partitionRef(id)) !== undefined
}

/** Whether a constraint vanishes with one of those it comes from, rather than being cut loose from their tables. */
function loses(origins: readonly RelationPart[], { id }: Constraint, context: AlterContext): boolean {
  const partition = context.object('to', partitionRef(id))
  const inherits = (context.object('to', refOf('table', id.schema, id.table))?.attrs.inherits ?? []) as readonly QualifiedName[]
  const parents = [...inherits, ...(partition ? [partition.attrs.parent as QualifiedName] : [])]
  return origins.some(
    (origin) =>
      parents.some(({ schema, name }) => schema === origin.schema && name === origin.table) &&
      !context.object('to', refOf('constraint', origin.schema, origin.table, origin.name)),
  )
}

/** With which other object PostgreSQL creates a constraint by itself; null when it has to be created on its own. */
export function originOf(constraint: Constraint, context: AlterContext, created: (ref: Ref) => boolean): Ref | null {
  const { id, attrs } = constraint
  const partition = partitionRef(id)
  const ifCreated = (ref: Ref) => (created(ref) ? ref : null)
  if (attrs.cloned) {
    if (renamedClone(constraint)) return null
    const attachment = context.object('to', indexPartitionRef(id.schema, id.name!))?.attrs as { readonly parent: RelationPart } | undefined
    const above = attachment && constraintRef(attachment.parent)
    const comesLater = above !== undefined && (context.object('to', above) as Constraint | undefined)?.late === true
    if (!above || (created(partition) && !comesLater)) return ifCreated(partition)
    return ifCreated(above)
  }
  if (!attrs.inheritsFrom || attrs.local || constraint.validated) return null
  const origins = attrs.inheritsFrom.map(constraintRef)
  if (attrs.type === 'foreign_key') {
    if (renamedClone(constraint)) return null
    return ifCreated(origins[0]!) ?? ifCreated(partition)
  }
  // A new partition is a table of its own first, which must have the check before it is attached.
  if (constraint.ofPartition) return created(partition) ? null : (origins.find(created) ?? null)
  // A child that is there when its parent gets a check that is not valid has it so too; one that is created later has it valid.
  const origin = origins.find(created) ?? null
  if (attrs.notValid && origin) return origin
  return created(constraint.parent!) ? constraint.parent : origin
}

/** The constraint of a table above that has to be replaced, because only then this one becomes what it shall be. */
export function replacedOrigin({ ref, id, attrs }: Constraint, context: AlterContext): Ref | false {
  const next = context.object('to', ref) as Constraint | undefined
  if (!next) return false
  const stays = (one: Ref) => context.object('from', one) !== undefined && context.object('to', one) !== undefined
  // A valid check becomes one that is not along with that of the parent it comes from.
  const loosened = attrs.type === 'check' && !attrs.notValid && next.attrs.notValid && next.attrs.inheritsFrom && !next.attrs.local
  if (loosened) return attrs.inheritsFrom?.map(constraintRef).find(stays) ?? false
  // A key that hangs on one above cannot be dropped by itself.
  if (Boolean(attrs.cloned) === Boolean(next.attrs.cloned) || !stays(partitionRef(id))) return false
  const attachment = context.object('from', indexPartitionRef(id.schema, id.name!))?.attrs as { readonly parent: RelationPart } | undefined
  const origin = attachment && constraintRef(attachment.parent)
  return origin !== undefined && stays(origin) && origin
}

/** The name under which PostgreSQL makes a constraint that has another one; undefined when it makes it as it is. */
export function renamedClone(constraint: Constraint): string | undefined {
  const { id, attrs } = constraint
  const byItself = attrs.cloned ? defaultKeyName(constraint) : (attrs.inheritsFrom?.[0]?.name ?? defaultForeignKeyName(constraint))
  const natural = attrs.cloned ? id.name!.startsWith(byItself) && /^\d*$/.test(id.name!.slice(byItself.length)) : id.name === byItself
  return natural ? undefined : byItself
}

export function constraintRef({ schema, table, name }: RelationPart): Ref {
  return refOf('constraint', schema, table, name)
}
