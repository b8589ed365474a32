import type { Printer } from '../kinds/kind.js'
import { refOf } from '../model/object-ref.js'
import type { QualifiedName } from '../model/schema-object.js'
import { checkedName } from './checks.js'

/** How builders take the name of an object that lives in a schema: a bare name is one in `public`. */
export type NameInput = string | QualifiedName

/** Both parts of a name, checked; a bare name is one in `public`. `what` says of which kind of object, such as `enum`. */
export function checkedQualifiedName(what: string, name: NameInput): QualifiedName {
  if (typeof name !== 'object' || name === null) return { schema: 'public', name: checkedName(what, name) }
  return { schema: checkedName('schema', name.schema), name: checkedName(what, name.name) }
}

/**
 * The beginning of the call that declares an object of a schema, up to its first argument: `app.enum('status'` where the schema
 * has a variable, otherwise `enumType('status'` or `enumType({ schema: 'app', name: 'status' }`.
 */
export function declaringCall(printer: Printer, { schema, name }: QualifiedName, method: string, builder: string): string {
  const variable = printer.variable(refOf('schema', schema))
  if (variable) return `${variable}.${method}(${printer.string(name)}`
  return `${printer.use(builder)}(${schema === 'public' ? printer.string(name) : printer.literal({ schema, name })}`
}

/** The code of a callback that gives the elements of a relation, whose columns it takes where one of them is named. */
export function callbackCode(elements: readonly string[]): string {
  const lines = elements.map((code) => `${code},`)
  return `${lines.some((line) => /\bt[.[]/.test(line)) ? '(t)' : '()'} => [\n${lines.join('\n')}\n]`
}
