import { checkedName } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { optionsChange, optionsClause, readOptions, sortedOptions, type ForeignOptions } from './foreign-options.js'
import { defineKind, PHASES } from './kind.js'

interface ForeignServerAttrs {
  readonly wrapper: string
  readonly type?: string
  readonly version?: string
  readonly options?: ForeignOptions
}

export type ForeignServerObject = SchemaObject<{ readonly name: string }, ForeignServerAttrs>

function serverObject(name: string, { wrapper, type, version, options }: ForeignServerAttrs): ForeignServerObject {
  const attrs = { wrapper, ...(type !== undefined && { type }), ...(version !== undefined && { version }), ...(options && { options }) }
  return { kind: 'foreign_server', ref: refOf('foreign_server', name), parent: null, id: { name }, attrs }
}

/** Foreign servers. */
export const foreignServers = defineKind<ForeignServerObject>({
  kind: 'foreign_server',
  phase: PHASES.routine + 2,
  catalog: 'pg_foreign_server',
  catalogQuery: () => `
    SELECT s.oid, 0, s.srvname, w.fdwname, s.srvtype, s.srvversion, s.srvoptions
    FROM pg_foreign_server s
    JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    WHERE s.oid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_foreign_server'::regclass AND e.objid = s.oid AND e.deptype = 'e')
    ORDER BY 3`,
  fromRow: ([, , name, wrapper, type, version, options]) => ({
    object: serverObject(name as string, {
      wrapper: wrapper as string,
      type: (type as string | null) ?? undefined,
      version: (version as string | null) ?? undefined,
      options: readOptions(options as string[] | null),
    }),
  }),
  dependencies: ({ attrs }) => [{ to: refOf('foreign_data_wrapper', attrs.wrapper), auto: false }],
  create: ({ id, attrs }) => {
    const clauses = [
      attrs.type !== undefined && `TYPE ${quoteLiteral(attrs.type)}`,
      attrs.version !== undefined && `VERSION ${quoteLiteral(attrs.version)}`,
      `FOREIGN DATA WRAPPER ${quoteIdent(attrs.wrapper)}`,
      optionsClause(attrs.options),
    ]
    return [statement([`CREATE SERVER ${quoteIdent(id.name)}`, ...clauses.filter(Boolean)].join(' '))]
  },
  drop: ({ id }) => [statement(`DROP SERVER ${quoteIdent(id.name)}`)],
  alter: (from, to) => {
    if (from.attrs.wrapper !== to.attrs.wrapper || from.attrs.type !== to.attrs.type) return 'replace'
    const { version } = to.attrs
    const clauses = [
      from.attrs.version === version ? '' : `VERSION ${version === undefined ? 'NULL' : quoteLiteral(version)}`,
      optionsChange(from.attrs.options, to.attrs.options),
    ]
    return { statements: [statement([`ALTER SERVER ${quoteIdent(to.id.name)}`, ...clauses.filter(Boolean)].join(' '))] }
  },
  rename: (from, to) => [statement(`ALTER SERVER ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  address: ({ id }) => `SERVER ${quoteIdent(id.name)}`,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('foreignServer')}(${printer.string(id.name)}, ${printer.literal(attrs)})`,
    variable: id.name,
  }),
})

export interface ForeignServerInput {
  /** Name of its foreign-data wrapper. */
  readonly wrapper: string
  readonly type?: string
  readonly version?: string
  /** What the wrapper wants to know. Passwords belong into user mappings. */
  readonly options?: ForeignOptions
}

class ForeignServer extends Declared {
  protected readonly kind = foreignServers
  readonly object: ForeignServerObject

  constructor(name: string, input: ForeignServerInput) {
    super()
    this.object = serverObject(name, { ...input, wrapper: checkedName('foreign-data wrapper', input.wrapper), options: sortedOptions(input.options) })
  }
}

/**
 * Declares a foreign server.
 *
 * @example
 * export const postgresFdw = extension('postgres_fdw')
 * export const archive = foreignServer('archive', { wrapper: 'postgres_fdw', options: { host: 'archive.internal', dbname: 'shop' } })
 */
export function foreignServer(name: string, options: ForeignServerInput): ForeignServer {
  return new ForeignServer(checkedName('foreign server', name), options)
}
