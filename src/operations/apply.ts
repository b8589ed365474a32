import { attributesText, SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { subject, type Operation } from './operation.js'

/** A schema to which only a part of the operations was applied that lead to another one. */
export interface Applied {
  readonly model: SchemaModel
  /** Objects that are there without what they need. */
  readonly lacking: readonly { readonly object: Ref; readonly needs: Ref }[]
}

/**
 * The schema that some of the operations of `diff(from, to)` lead to. Parts share the fate of their whole: those of an object that is not created
 * are not created either, those of one that stays stay.
 *
 * @example applyOperations(live, declared, operations.filter(({ type }) => type !== 'drop'))
 */
export function applyOperations(from: SchemaModel, to: SchemaModel, operations: readonly Operation[]): Applied {
  const kept = new Map(operations.map((operation) => [subject(operation), operation]))
  const objects = new Map<Ref, SchemaObject>()
  // Where each comes from, which also knows what it needs.
  const origin = new Map<Ref, SchemaModel>()
  const put = (object: SchemaObject, model: SchemaModel) => {
    if (object.parent !== null && !objects.has(object.parent) && (from.get(object.parent) ?? to.get(object.parent))) return
    objects.set(object.ref, object)
    origin.set(object.ref, model)
  }
  for (const object of to.objects.values()) {
    const old = from.get(object.ref)
    const operation = kept.get(object.ref)
    if (operation?.type === 'create') put(operation.object, to)
    else if (operation?.type === 'alter') put(operation.to, to)
    else if (old && attributesText(old) === attributesText(object)) put(object, to)
    else if (old) put(old, from)
  }
  const stays = (ref: Ref): boolean => {
    const { parent } = from.get(ref)!
    const wholeIsDropped = parent !== null && from.get(parent) !== undefined && !to.get(parent)
    return wholeIsDropped ? stays(parent) : !kept.has(ref)
  }
  for (const object of from.objects.values()) if (!to.get(object.ref) && stays(object.ref)) put(object, from)
  const dependencies = [to, from].flatMap((model) => model.toData().dependencies.filter((dependency) => origin.get(dependency.from) === model))
  const lacking = [...origin].flatMap(([object, model]) =>
    model.needs(object).flatMap(({ to: needs, createOnly }) => (createOnly || objects.has(needs) ? [] : [{ object, needs }])),
  )
  return { model: new SchemaModel({ ...to.toData(), objects: [...objects.values()], dependencies: dependencies.filter(({ to: needs }) => objects.has(needs)) }), lacking }
}
