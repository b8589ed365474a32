/** The authoring API of `schema.ts`: one builder for every kind of object, and `sql` for anything by hand. */
export { sql, SqlText } from './sql/template.js'
