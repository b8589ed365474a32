import { checkedName } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import {
  alterOptions, createWithOptions, declaredOptions, printOptions, readOptionsAttrs, withoutSecrets, type ForeignOptionsInput, type OptionsAttrs, type SecretVariables,
} from './foreign-options.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES } from './kind.js'

interface ForeignDataWrapperAttrs extends OptionsAttrs {
  /** Qualified name of the function, as SQL. */
  readonly handler?: string
  readonly validator?: string
}

export type ForeignDataWrapperObject = SchemaObject<{ readonly name: string; readonly variables?: SecretVariables }, ForeignDataWrapperAttrs>

function wrapperObject(id: ForeignDataWrapperObject['id'], { handler, validator, ...options }: ForeignDataWrapperAttrs): ForeignDataWrapperObject {
  const attrs = { ...(handler !== undefined && { handler }), ...(validator !== undefined && { validator }), ...options }
  return { kind: 'foreign_data_wrapper', ref: refOf('foreign_data_wrapper', id.name), parent: null, id, attrs }
}

/** Foreign-data wrappers of no extension. */
export const foreignDataWrappers = defineKind<ForeignDataWrapperObject>({
  kind: 'foreign_data_wrapper',
  phase: PHASES.routine + 1,
  catalog: 'pg_foreign_data_wrapper',
  catalogQuery: () => `
    SELECT w.oid, 0, w.fdwname, NULLIF(w.fdwhandler, 0)::regproc::text, NULLIF(w.fdwvalidator, 0)::regproc::text, ${withoutSecrets('w.fdwoptions')}
    FROM pg_foreign_data_wrapper w
    WHERE w.oid >= 16384
      AND NOT ${isMember('pg_foreign_data_wrapper', 'w.oid')}
    ORDER BY 3`,
  fromRow: ([, , name, handler, validator, options]) => ({
    object: wrapperObject({ name: name as string }, {
      handler: (handler as string | null) ?? undefined,
      validator: (validator as string | null) ?? undefined,
      ...readOptionsAttrs(options as string[] | null),
    }),
  }),
  create: (wrapper) => {
    const { id, attrs } = wrapper
    const clauses = [attrs.handler && `HANDLER ${attrs.handler}`, attrs.validator && `VALIDATOR ${attrs.validator}`]
    return createWithOptions([`CREATE FOREIGN DATA WRAPPER ${quoteIdent(id.name)}`, ...clauses.filter(Boolean)].join(' '), attrs, secretsOf(wrapper))
  },
  drop: ({ id }) => [statement(`DROP FOREIGN DATA WRAPPER ${quoteIdent(id.name)}`)],
  alter: (from, to, context) => {
    const head = `ALTER FOREIGN DATA WRAPPER ${quoteIdent(to.id.name)}`
    const functions = [
      from.attrs.handler === to.attrs.handler ? '' : to.attrs.handler ? `HANDLER ${to.attrs.handler}` : 'NO HANDLER',
      from.attrs.validator === to.attrs.validator ? '' : to.attrs.validator ? `VALIDATOR ${to.attrs.validator}` : 'NO VALIDATOR',
    ].filter(Boolean)
    return {
      statements: [
        ...(functions.length > 0 ? [statement([head, ...functions].join(' '))] : []),
        ...alterOptions(head, from.attrs, to.attrs, secretsOf(context.authored(to))),
      ],
    }
  },
  rename: (from, to) => [statement(`ALTER FOREIGN DATA WRAPPER ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: ({ id }) => `FOREIGN DATA WRAPPER ${quoteIdent(id.name)}`,
  authored: (declared, reflected) => ({ ...reflected, id: declared.id }),
  print: (wrapper, printer) => {
    const { handler, validator } = wrapper.attrs
    const options = printOptions(wrapper.attrs, secretsOf(wrapper), printer)
    const members = [
      handler !== undefined && `handler: ${printer.string(handler)}`,
      validator !== undefined && `validator: ${printer.string(validator)}`,
      options && `options: ${options}`,
    ].filter(Boolean)
    const { name } = wrapper.id
    const input = members.length > 0 ? `, { ${members.join(', ')} }` : ''
    return { place: 'export', code: `${printer.use('foreignDataWrapper')}(${printer.string(name)}${input})`, variable: name }
  },
})

function secretsOf({ id: { name, variables } }: ForeignDataWrapperObject) {
  return { names: [name], variables }
}

export interface ForeignDataWrapperInput {
  /** Name of the handler function, with its schema. */
  readonly handler?: string
  /** Name of the validator function, with its schema. */
  readonly validator?: string
  /** Keys and passwords as `secret('…')`. */
  readonly options?: ForeignOptionsInput
}

class ForeignDataWrapper extends Declared {
  protected readonly kind = foreignDataWrappers
  readonly object: ForeignDataWrapperObject

  constructor(name: string, options: ForeignDataWrapperInput) {
    super()
    const { attrs, variables } = declaredOptions(`foreign-data wrapper ${name}`, options.options)
    const { handler, validator } = options
    this.object = wrapperObject({ name, ...(variables && { variables }) }, { handler, validator, ...attrs })
  }
}

/**
 * Declares a foreign-data wrapper. Those of extensions come with their extension.
 *
 * @example export const files = foreignDataWrapper('files', { handler: 'public.file_fdw_handler' })
 */
export function foreignDataWrapper(name: string, options: ForeignDataWrapperInput = {}): ForeignDataWrapper {
  return new ForeignDataWrapper(checkedName('foreign-data wrapper', name), options)
}
