import { checkedName, refuse } from '../authoring/checks.js'
import { targetOf } from '../authoring/attachments.js'
import { Declared } from '../authoring/declared.js'
import { attachedRef } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { attachedTarget, TARGET_COLUMNS, TARGET_JOINS } from './attached-targets.js'
import { changesRights } from './change-hazards.js'
import { defineKind, PHASES } from './kind.js'

export type SecurityLabel = SchemaObject<{ readonly target: Ref; readonly on: string; readonly provider: string }, { readonly label: string }>

function labelObject(target: Ref, on: string, provider: string, label: string, parent: Ref | null): SecurityLabel {
  return { kind: 'security_label', ref: attachedRef('security_label', target, provider), parent, id: { target, on, provider }, attrs: { label } }
}

/** Labels of security providers, such as those that mask or anonymize columns. */
export const securityLabels = defineKind<SecurityLabel>({
  kind: 'security_label',
  phase: PHASES.comment,
  catalog: 'pg_seclabel',
  catalogQuery: () => `
    SELECT ${TARGET_COLUMNS}, d.provider, d.label, d.shared
    FROM (
      SELECT classoid, objoid, objsubid, provider, label, false AS shared FROM pg_seclabel
      UNION ALL
      SELECT classoid, objoid, 0, provider, label, true FROM pg_shseclabel) d${TARGET_JOINS}
    WHERE d.objoid >= 16384
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.objsubid = 0 AND e.deptype = 'e')`,
  fromRow(row, context) {
    const found = attachedTarget(row, context)
    const [provider, label, shared] = row.slice(11) as [string, string, boolean]
    if (!found) return null
    return { object: labelObject(found.target, found.on, provider, label, found.parent), ...(shared && { aliases: [['pg_shseclabel', row[0] as number]] }) }
  },
  create: (object) => [labelOn(object, object.attrs.label)],
  drop: (object) => [labelOn(object, null)],
  alter: (_, to) => ({ statements: [labelOn(to, to.attrs.label)] }),
  address: () => null,
  hazards: changesRights,
  print: ({ id, attrs }, printer) => ({
    place: 'export',
    code: `${printer.use('securityLabel')}(${printer.string(id.on)}, ${printer.string(id.provider)}, ${printer.string(attrs.label)})`,
    variable: `${id.provider}_label_of_${id.on.toLowerCase()}`,
  }),
})

function labelOn({ id }: SecurityLabel, label: string | null): Statement {
  return statement(`SECURITY LABEL FOR ${quoteIdent(id.provider)} ON ${id.on} IS ${label === null ? 'NULL' : quoteLiteral(label)}`)
}

class SecurityLabelBuilder extends Declared {
  protected readonly kind = securityLabels

  constructor(readonly object: SecurityLabel) {
    super()
  }
}

/**
 * A label of a security provider on something that `on` names as SECURITY LABEL ON does.
 *
 * @example export const masked = securityLabel('COLUMN app.users.email', 'anon', 'MASKED WITH FUNCTION anon.fake_email()')
 */
export function securityLabel(on: string, provider: string, label: string): Declared {
  if (typeof label !== 'string' || label === '') refuse('a security label is empty', 'write what the provider is to read')
  return new SecurityLabelBuilder(labelObject(targetOf(on), on, checkedName('security provider', provider), label, null))
}
