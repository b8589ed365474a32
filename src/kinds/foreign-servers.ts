import { checkedName } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import {
  alterOptions, createWithOptions, declaredOptions, printOptions, readOptionsAttrs, withoutSecrets, type ForeignOptionsInput, type OptionsAttrs, type SecretVariables,
} from './foreign-options.js'
import { isMember } from './extension-members.js'
import { defineKind, PHASES } from './kind.js'

interface ForeignServerAttrs extends OptionsAttrs {
  readonly wrapper: string
  readonly type?: string
  readonly version?: string
}

export type ForeignServerObject = SchemaObject<{ readonly name: string; readonly variables?: SecretVariables }, ForeignServerAttrs>

function serverObject(id: ForeignServerObject['id'], { wrapper, type, version, ...options }: ForeignServerAttrs): ForeignServerObject {
  const attrs = { wrapper, ...(type !== undefined && { type }), ...(version !== undefined && { version }), ...options }
  return { kind: 'foreign_server', ref: refOf('foreign_server', id.name), parent: null, id, attrs }
}

/** Foreign servers. */
export const foreignServers = defineKind<ForeignServerObject>({
  kind: 'foreign_server',
  phase: PHASES.routine + 2,
  catalog: 'pg_foreign_server',
  catalogQuery: () => `
    SELECT s.oid, 0, s.srvname, w.fdwname, s.srvtype, s.srvversion, ${withoutSecrets('s.srvoptions')}
    FROM pg_foreign_server s
    JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
    WHERE s.oid >= 16384
      AND NOT ${isMember('pg_foreign_server', 's.oid')}
    ORDER BY 3`,
  fromRow: ([, , name, wrapper, type, version, options]) => ({
    object: serverObject({ name: name as string }, {
      wrapper: wrapper as string,
      type: (type as string | null) ?? undefined,
      version: (version as string | null) ?? undefined,
      ...readOptionsAttrs(options as string[] | null),
    }),
  }),
  dependencies: ({ attrs }) => [{ to: refOf('foreign_data_wrapper', attrs.wrapper), auto: false }],
  create: (server) => {
    const { id, attrs } = server
    const clauses = [
      attrs.type !== undefined && `TYPE ${quoteLiteral(attrs.type)}`,
      attrs.version !== undefined && `VERSION ${quoteLiteral(attrs.version)}`,
      `FOREIGN DATA WRAPPER ${quoteIdent(attrs.wrapper)}`,
    ]
    return createWithOptions([`CREATE SERVER ${quoteIdent(id.name)}`, ...clauses.filter(Boolean)].join(' '), attrs, secretsOf(server))
  },
  drop: ({ id }) => [statement(`DROP SERVER ${quoteIdent(id.name)}`)],
  alter: (from, to, context) => {
    if (from.attrs.wrapper !== to.attrs.wrapper || from.attrs.type !== to.attrs.type) return 'replace'
    const { version } = to.attrs
    const head = `ALTER SERVER ${quoteIdent(to.id.name)}`
    const sameVersion = from.attrs.version === version
    return {
      statements: [
        ...(sameVersion ? [] : [statement(`${head} VERSION ${version === undefined ? 'NULL' : quoteLiteral(version)}`)]),
        ...alterOptions(head, from.attrs, to.attrs, secretsOf(context.authored(to))),
      ],
    }
  },
  rename: (from, to) => [statement(`ALTER SERVER ${quoteIdent(from.id.name)} RENAME TO ${quoteIdent(to.id.name)}`)],
  authored: (declared, reflected) => ({ ...reflected, id: declared.id }),
  address: ({ id }) => `SERVER ${quoteIdent(id.name)}`,
  print: (server, printer) => {
    const { wrapper, type, version } = server.attrs
    const options = printOptions(server.attrs, secretsOf(server), printer)
    const members = [
      `wrapper: ${printer.string(wrapper)}`,
      type !== undefined && `type: ${printer.string(type)}`,
      version !== undefined && `version: ${printer.string(version)}`,
      options && `options: ${options}`,
    ]
    const { name } = server.id
    return { place: 'export', code: `${printer.use('foreignServer')}(${printer.string(name)}, { ${members.filter(Boolean).join(', ')} })`, variable: name }
  },
})

function secretsOf({ id: { name, variables } }: ForeignServerObject) {
  return { names: [name], variables }
}

export interface ForeignServerInput {
  /** Name of its foreign-data wrapper. */
  readonly wrapper: string
  readonly type?: string
  readonly version?: string
  /** What the wrapper wants to know; keys and passwords as `secret('…')`. */
  readonly options?: ForeignOptionsInput
}

class ForeignServer extends Declared {
  protected readonly kind = foreignServers
  readonly object: ForeignServerObject

  constructor(name: string, input: ForeignServerInput) {
    super()
    const { attrs, variables } = declaredOptions(`foreign server ${name}`, input.options)
    const { wrapper, type, version } = input
    this.object = serverObject({ name, ...(variables && { variables }) }, { wrapper: checkedName('foreign-data wrapper', wrapper), type, version, ...attrs })
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
