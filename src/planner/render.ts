import type { Action } from '../differ/expand.js'
import type { OrderedAction } from '../differ/order.js'
import type { AlterContext } from '../kinds/kind.js'
import { kindOf } from '../kinds/registry.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import type { Statement } from '../sql/statement.js'

/**
 * The statements of one action. Children that `order` put into a create stand inside its text, at any depth; those that vanish
 * with a drop need no statement.
 *
 * @example statementsOf({ action: { type: 'create', object: users }, parts: [] }) // [{ sql: 'CREATE TABLE app.users (…)', … }]
 */
export function statementsOf({ action, parts }: OrderedAction, context?: AlterContext): readonly Statement[] {
  switch (action.type) {
    case 'create':
      return createStatements(action.object, createdObjects(parts), context)
    case 'drop': {
      const object = action.aside ?? action.object
      return kindOf(object).drop(object, context)
    }
    case 'alter':
      return action.alteration.statements
    case 'rename':
      return renameStatements(action.from, action.to)
  }
}

/** The statements that create an object with the given descendants written inside its text. */
export function createStatements(object: SchemaObject, descendants: readonly SchemaObject[], context?: AlterContext): readonly Statement[] {
  const childrenOf = new Map<Ref | null, SchemaObject[]>()
  for (const part of descendants) {
    const siblings = childrenOf.get(part.parent)
    if (siblings) siblings.push(part)
    else childrenOf.set(part.parent, [part])
  }
  const { parts, fragments } = folded(object.ref, childrenOf, context)
  return kindOf(object).create(object, parts, fragments, context)
}

function createdObjects(parts: readonly Action[]): SchemaObject[] {
  return parts.flatMap((part) => (part.type === 'create' ? [part.object] : []))
}

function folded(
  parent: Ref,
  childrenOf: ReadonlyMap<Ref | null, readonly SchemaObject[]>,
  context: AlterContext | undefined,
): { parts: readonly SchemaObject[]; fragments: readonly string[] } {
  const parts = childrenOf.get(parent) ?? []
  const fragments = parts.map((part) => {
    const kind = kindOf(part)
    if (!kind.fragment) throw new Error(`kind ${part.kind} folds but has no fragment`)
    const inner = folded(part.ref, childrenOf, context)
    return kind.fragment(part, inner.parts, inner.fragments, context)
  })
  return { parts, fragments }
}

function renameStatements(from: SchemaObject, to: SchemaObject): readonly Statement[] {
  const kind = kindOf(from)
  const moved = from.ref === to.ref ? kind.move?.(from, to) : undefined
  if (moved) return moved
  if (!kind.rename) throw new Error(`kind ${from.kind} cannot rename ${from.ref}`)
  return kind.rename(from, to)
}
