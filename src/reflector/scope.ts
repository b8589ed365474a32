import type { SchemaModel } from '../model/schema-model.js'

/** Which objects of a database a comparison is about. */
export interface Scope {
  restrict(model: SchemaModel): SchemaModel
}

export const everything: Scope = { restrict: (model) => model }
