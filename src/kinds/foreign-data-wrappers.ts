import { checkedName } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { optionsChange, optionsClause, readOptions, sortedOptions, type ForeignOptions } from './foreign-options.js'
import { defineKind, PHASES } from './kind.js'

interface ForeignDataWrapperAttrs {
  /** Qualified name of the function, as SQL. */
  readonly handler?: string
  readonly validator?: string
  readonly options?: ForeignOptions
}

export type ForeignDataWrapperObject = SchemaObject<{ readonly name: string }, ForeignDataWrapperAttrs>

function wrapperObject(name: string, { handler, validator, options }: ForeignDataWrapperAttrs): ForeignDataWrapperObject {
  const attrs = { ...(handler !== undefined && { handler }), ...(validator !== undefined && { validator }), ...(options && { options }) }
  return { kind: 'foreign_data_wrapper', ref: refOf('foreign_data_wrapper', name), parent: null, id: { name }, attrs }
}

/** Foreign-data wrappers of no extension. */
export const foreignDataWrappers = defineKind<ForeignDataWrapperObject>({
  kind: 'foreign_data_wrapper',
  phase: PHASES.routine + 1,
  catalog: 'pg_foreign_data_wrapper',
  catalogQuery: () => `
    SELECT w.oid, 0, w.fdwname, NULLIF(w.fdwhandler, 0)::regproc::text, NULLIF(w.fdwvalidator, 0)::regproc::text, w.fdwoptions
    FROM pg_foreign_data_wrapper w
    WHERE w.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_foreign_data_wrapper'::regclass AND e.objid = w.oid AND e.deptype = 'e')
    ORDER BY 3`,
  fromRow: ([, , name, handler, validator, options]) => ({
    object: wrapperObject(name as string, {
      handler: (handler as string | null) ?? undefined,
      validator: (validator as string | null) ?? undefined,
      options: readOptions(options as string[] | null),
    }),
  }),
  create: ({ id, attrs }) => {
    const clauses = [attrs.handler && `HANDLER ${attrs.handler}`, attrs.validator && `VALIDATOR ${attrs.validator}`, optionsClause(attrs.options)]
    return [statement([`CREATE FOREIGN DATA WRAPPER ${quoteIdent(id.name)}`, ...clauses.filter(Boolean)].join(' '))]
  },
  drop: ({ id }) => [statement(`DROP FOREIGN DATA WRAPPER ${quoteIdent(id.name)}`)],
  alter: (from, to) => {
    const clauses = [
      from.attrs.handler === to.attrs.handler ? '' : to.attrs.handler ? `HANDLER ${to.attrs.handler}` : 'NO HANDLER',
      from.attrs.validator === to.attrs.validator ? '' : to.attrs.validator ? `VALIDATOR ${to.attrs.validator}` : 'NO VALIDATOR',
      optionsChange(from.attrs.options, to.attrs.options),
    ]
    return { statements: [statement([`ALTER FOREIGN DATA WRAPPER ${quoteIdent(to.id.name)}`, ...clauses.filter(Boolean)].join(' '))] }
  },
  rename: (from, to) => [statement(`ALTER FOREIGN DATA WRAPPER ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: ({ id }) => `FOREIGN DATA WRAPPER ${quoteIdent(id.name)}`,
  print: ({ id, attrs }, printer) => {
    const options = Object.keys(attrs).length > 0 ? `, ${printer.literal(attrs)}` : ''
    return { place: 'export', code: `${printer.use('foreignDataWrapper')}(${printer.string(id.name)}${options})`, variable: id.name }
  },
})

export interface ForeignDataWrapperInput {
  /** Name of the handler function, with its schema. */
  readonly handler?: string
  /** Name of the validator function, with its schema. */
  readonly validator?: string
  readonly options?: ForeignOptions
}

class ForeignDataWrapper extends Declared {
  protected readonly kind = foreignDataWrappers
  readonly object: ForeignDataWrapperObject

  constructor(name: string, options: ForeignDataWrapperInput) {
    super()
    this.object = wrapperObject(name, { ...options, options: sortedOptions(options.options) })
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
