import { checkedName } from '../authoring/checks.js'
import { Declared, type Declaration } from '../authoring/declared.js'
import { extensionVersion, type ExtensionVersionObject } from '../authoring/extension-version.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/** `schema` where it is not `public`; `fixed`: PostgreSQL cannot move it to another one. */
export type ExtensionObject = SchemaObject<{ readonly name: string; readonly fixed?: true }, { readonly schema?: string }>

export function extensionObject(name: string, schema = 'public', relocatable = true): ExtensionObject {
  return { kind: 'extension', ref: refOf('extension', name), parent: null, id: { name, ...(!relocatable && { fixed: true }) }, attrs: schema === 'public' ? {} : { schema } }
}

/** Extensions. PL/pgSQL, which every new database has, is none of them; what an extension creates belongs to it. */
export const extensions: Kind = defineKind<ExtensionObject>({
  kind: 'extension',
  mayComeAlong: true,
  phase: PHASES.extension,
  schemaOf: ({ attrs }) => attrs.schema ?? 'public',
  catalog: 'pg_extension',
  catalogQuery: () => `
    SELECT e.oid, 0, e.extname, n.nspname, e.extrelocatable
    FROM pg_extension e
    JOIN pg_namespace n ON n.oid = e.extnamespace
    WHERE e.oid >= 16384 AND e.extname <> 'plpgsql'`,
  fromRow: ([, , name, schema, relocatable]) => ({ object: extensionObject(name as string, schema as string, relocatable as boolean) }),
  dependencies: ({ attrs }) => (attrs.schema === undefined ? [] : [{ to: refOf('schema', attrs.schema), auto: false }]),
  create: ({ id, attrs }, _parts, [version]) => {
    const clauses = [attrs.schema !== undefined && `SCHEMA ${quoteIdent(attrs.schema)}`, version].filter(Boolean)
    return [statement([`CREATE EXTENSION ${quoteIdent(id.name)}`, ...clauses].join(' '))]
  },
  drop: ({ id }) => [statement(`DROP EXTENSION ${quoteIdent(id.name)}`)],
  alter: (_from, to) => ({ statements: [moveTo(to)], elseReplace: true }),
  move: (from, to) => (from.id.fixed ? undefined : [moveTo(to)]),
  address: ({ id }) => `EXTENSION ${quoteIdent(id.name)}`,
  print: ({ ref, id, attrs }, printer) => {
    const version = printer.children(ref).find((child): child is ExtensionVersionObject => child.kind === 'extension_version')?.attrs.version
    const options = attrs.schema === undefined && version === undefined ? '' : `, ${printer.literal({ schema: attrs.schema, version })}`
    return { place: 'export', code: `${printer.use('extension')}(${printer.string(id.name)}${options})`, variable: id.name }
  },
})

function moveTo({ id, attrs }: ExtensionObject) {
  return statement(`ALTER EXTENSION ${quoteIdent(id.name)} SET SCHEMA ${quoteIdent(attrs.schema ?? 'public')}`)
}

export interface ExtensionOptions {
  /** The schema its objects lie in, where that is not `public`; must be one that exists or is declared. */
  readonly schema?: string
  /** Compared only where it is given. */
  readonly version?: string
}

/** A declared extension. */
export class Extension extends Declared {
  protected readonly kind = extensions
  readonly object: ExtensionObject
  readonly #version: string | undefined

  constructor(name: string, options: ExtensionOptions) {
    super()
    this.object = extensionObject(name, options.schema)
    this.#version = options.version
  }

  protected override parts(): readonly Declaration[] {
    const version = this.#version
    return version === undefined ? [] : [{ object: extensionVersion(this.object.id.name, version), at: this.at, uses: [] }]
  }
}

/**
 * Declares an extension.
 *
 * @example
 * export const citext = extension('citext')
 * export const hstore = extension('hstore', { schema: 'extensions', version: '1.8' })
 */
export function extension(name: string, options: ExtensionOptions = {}): Extension {
  checkedName('extension', name)
  if (options.schema !== undefined) checkedName('schema', options.schema)
  if (options.version !== undefined) checkedName('extension version', options.version)
  return new Extension(name, options)
}
