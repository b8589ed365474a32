import { extensionVersion, type ExtensionVersionObject } from '../authoring/extension-version.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/** The version of an extension, which counts only where `schema.ts` names one: otherwise it is whatever the server has. */
export const extensionVersions: Kind = defineKind<ExtensionVersionObject>({
  kind: 'extension_version',
  phase: PHASES.extension,
  catalog: 'pg_extension.extversion',
  concern: 'versions',
  // An extension has no way back to most of its earlier versions: then it is created again.
  elseReplacesParent: true,
  folds: () => true,
  catalogQuery: () => `SELECT e.oid, 0, e.extname, e.extversion FROM pg_extension e WHERE e.oid >= 16384 AND e.extname <> 'plpgsql'`,
  fromRow: ([, , name, version]) => ({ object: extensionVersion(name as string, version as string) }),
  create: (object) => [updateTo(object)],
  fragment: ({ attrs }) => `VERSION ${quoteLiteral(attrs.version)}`,
  drop: () => [],
  alter: (_from, to) => ({ statements: [updateTo(to)], elseReplace: true }),
  address: () => null,
  print: () => ({ place: 'none', code: '' }),
})

function updateTo({ id, attrs }: ExtensionVersionObject) {
  return statement(`ALTER EXTENSION ${quoteIdent(id.name)} UPDATE TO ${quoteLiteral(attrs.version)}`)
}
