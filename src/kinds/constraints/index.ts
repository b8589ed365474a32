export { constraints } from './kind.js'
export { constraintObject, type Constraint, type ConstraintAttrs } from './attributes.js'
export { check, exclude, foreignKey, primaryKey, unique } from './builders.js'
export type {
  CheckBuilder, ColumnsReferenced, ExcludeBuilder, ForeignKeyBuilder, ForeignKeyOptions, KeyBuilder,
} from './builders.js'
