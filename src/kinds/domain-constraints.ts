import { refOf } from '../model/object-ref.js'
import type { QualifiedName, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { defineKind, PHASES, type Kind } from './kind.js'

/** Identity of a domain's check; a name of null lets PostgreSQL choose. */
export interface DomainConstraintName {
  readonly schema: string
  readonly domain: string
  readonly name: string | null
}

export type DomainConstraintObject = SchemaObject<DomainConstraintName, { readonly expression: string; readonly notValid?: true }>

/** `ordinal` tells unnamed checks of one domain apart. */
export function domainConstraintObject(
  domain: QualifiedName,
  name: string | null,
  expression: string,
  notValid: boolean,
  ordinal = 0,
): DomainConstraintObject {
  return {
    kind: 'domain_constraint',
    ref: refOf('domain_constraint', domain.schema, domain.name, name ?? { signature: `#${ordinal}` }),
    parent: refOf('domain', domain.schema, domain.name),
    id: { schema: domain.schema, domain: domain.name, name },
    attrs: { expression, ...(notValid && { notValid: true }) },
  }
}

/** Checks of domains. */
export const domainConstraints: Kind = defineKind<DomainConstraintObject>({
  kind: 'domain_constraint',
  phase: PHASES.constraint,
  catalog: 'pg_constraint',
  // A column of a type that contains the domain, such as an array, cannot be checked: PostgreSQL refuses a new check then.
  elseReplacesParent: true,
  // CREATE DOMAIN takes no NOT VALID.
  folds: ({ attrs }) => !attrs.notValid,
  holdsExpressions: () => true,
  catalogQuery: () => `
    SELECT c.oid, 0, c.contypid, c.conname, pg_get_expr(c.conbin, 0), NOT c.convalidated
    FROM pg_constraint c
    WHERE c.contypid >= 16384 AND c.contype = 'c'
    ORDER BY c.contypid, c.conname`,
  fromRow: ([, , type, name, expression, notValid], context) => {
    const domain = context.objectAt('pg_type', type as number)
    return domain ? { object: domainConstraintObject(domain.id, name as string, expression as string, notValid as boolean) } : null
  },
  create: (object) => [
    statement(`ALTER DOMAIN ${domainOf(object)} ADD ${definition(object)}${object.attrs.notValid ? ' NOT VALID' : ''}`),
  ],
  fragment: (object) => definition(object),
  drop: (object) => [statement(`ALTER DOMAIN ${domainOf(object)} DROP CONSTRAINT ${quoteIdent(object.id.name!)}`)],
  alter: (from, to) => {
    if (from.attrs.expression !== to.attrs.expression || !from.attrs.notValid) return 'replace'
    return { statements: [statement(`ALTER DOMAIN ${domainOf(to)} VALIDATE CONSTRAINT ${quoteIdent(to.id.name!)}`)] }
  },
  recognizedWhenRenamed: true,
  rename: (from, to) => [
    statement(`ALTER DOMAIN ${domainOf(from)} RENAME CONSTRAINT ${quoteIdent(from.id.name!)} TO ${quoteIdent(to.id.name!)}`),
  ],
  authored: (declared, reflected) => ({ ...reflected, attrs: { ...reflected.attrs, expression: declared.attrs.expression } }),
  address: (object) => (object.id.name === null ? null : `CONSTRAINT ${quoteIdent(object.id.name)} ON DOMAIN ${domainOf(object)}`),
  onlyForbids: true,
  print: ({ id, attrs }, printer) => ({
    place: 'element',
    // The domain puts `domainCheck` before it where the check has more to it.
    code: `(${printer.string(id.name!)}, ${printer.sql(attrs.expression)}${attrs.notValid ? ', { notValid: true }' : ''})`,
  }),
})

function definition({ id, attrs }: DomainConstraintObject): string {
  return `${id.name === null ? '' : `CONSTRAINT ${quoteIdent(id.name)} `}CHECK (${attrs.expression})`
}

function domainOf({ id }: { readonly id: DomainConstraintName }): string {
  return qualified(id.schema, id.domain)
}
