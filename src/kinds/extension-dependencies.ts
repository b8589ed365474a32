import { targetOf } from '../authoring/attachments.js'
import { checkedName, refuse } from '../authoring/checks.js'
import { Declared } from '../authoring/declared.js'
import { attachedRef, refOf } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { attachedTarget, TARGET_COLUMNS, TARGET_JOINS } from './attached-targets.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/** `on` is how SQL addresses what goes with the extension. */
export type ExtensionDependency = SchemaObject<{ readonly target: Ref; readonly on: string; readonly extension: string }, Record<string, never>>

function dependencyObject(target: Ref, on: string, extension: string, parent: Ref | null): ExtensionDependency {
  return { kind: 'extension_dependency', ref: attachedRef('extension_dependency', target, extension), parent, id: { target, on, extension }, attrs: {} }
}

/** Routines, triggers, materialized views and indexes that are dropped along with an extension of which they are no members. */
export const extensionDependencies: Kind = defineKind<ExtensionDependency>({
  kind: 'extension_dependency',
  phase: PHASES.comment,
  catalog: 'pg_depend',
  catalogQuery: () => `
    SELECT ${TARGET_COLUMNS}, x.extname
    FROM (SELECT classid AS classoid, objid AS objoid, objsubid, refobjid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND deptype = 'x') d
    JOIN pg_extension x ON x.oid = d.refobjid${TARGET_JOINS}`,
  fromRow(row, context) {
    const found = attachedTarget(row, context)
    return found ? { object: dependencyObject(found.target, found.on, row[11] as string, found.parent) } : null
  },
  dependencies: ({ id, parent }) => [
    { to: refOf('extension', id.extension), auto: true },
    ...(parent === null ? [] : [{ from: parent, to: refOf('extension', id.extension), auto: true, dropOnly: true as const }]),
  ],
  create: ({ id }) => [dependsOn(id, '')],
  drop: ({ id }) => [dependsOn(id, 'NO ')],
  // What stays must be set free before the extension goes, or it goes with it.
  dropsImplicitly: ({ parent }, dropped) => parent !== null && dropped(parent),
  alter: () => ({ statements: [] }),
  address: () => null,
  print: ({ id }, printer) => ({
    place: 'export',
    code: `${printer.use('extensionDependency')}(${printer.string(id.on)}, ${printer.string(id.extension)})`,
    variable: `${id.extension}_needed_by_${id.on}`,
  }),
})

function dependsOn({ on, extension }: ExtensionDependency['id'], no: string): Statement {
  const routine = on.replace(/^AGGREGATE (.*)\(\*\)$/s, 'ROUTINE $1()').replace(/^AGGREGATE /, 'ROUTINE ')
  return statement(`ALTER ${routine} ${no}DEPENDS ON EXTENSION ${quoteIdent(extension)}`)
}

class ExtensionDependencyBuilder extends Declared {
  protected readonly kind = extensionDependencies

  constructor(readonly object: ExtensionDependency) {
    super()
  }
}

/**
 * Says that something goes when an extension is dropped, as `ALTER … DEPENDS ON EXTENSION` does. `on` is a routine, trigger,
 * materialized view or index as SQL addresses it.
 *
 * @example export const withPostgis = extensionDependency('FUNCTION app.area(integer)', 'postgis')
 */
export function extensionDependency(on: string, extension: string): Declared {
  if (!/^(FUNCTION|PROCEDURE|AGGREGATE|TRIGGER|MATERIALIZED VIEW|INDEX) /.test(on)) {
    refuse(`${JSON.stringify(on)} cannot depend on an extension`, "only what begins with FUNCTION, PROCEDURE, AGGREGATE, TRIGGER, MATERIALIZED VIEW or INDEX: 'INDEX app.users_pkey'")
  }
  return new ExtensionDependencyBuilder(dependencyObject(targetOf(on), on, checkedName('extension', extension), null))
}
