import { attributesText, SchemaModel } from '../model/schema-model.js'

/**
 * The target with every object taken from `rebuilt` that is the same as there in some reading: PostgreSQL may print one expression in
 * two ways, depending on how often its text was read. `live` is the database itself, `rebuilt` the same state after it was
 * recreated in scratch; `settled`, where given, is the target recreated likewise.
 */
export function unify(target: SchemaModel, rebuilt: SchemaModel, live: SchemaModel | undefined, settled?: SchemaModel): SchemaModel {
  const data = target.toData()
  const objects = data.objects.map((object) => {
    const now = rebuilt.get(object.ref)
    if (!now) return object
    const wanted = attributesText(object)
    const same = (other: SchemaModel | undefined, text: string) => {
      const found = other?.get(object.ref)
      return found !== undefined && attributesText(found) === text
    }
    return same(live, wanted) || same(settled, attributesText(now)) ? now : object
  })
  return new SchemaModel({ ...data, objects })
}
