import { isAddressIn } from '../authoring/attachments.js'
import type { Row } from '../database/database.js'
import { refOf } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import type { ReflectContext } from './kind.js'

/** What `attachedTarget` needs to know, the first eleven columns; `d` is a relation with classoid, objoid and objsubid. */
export const TARGET_COLUMNS = `d.objoid, d.objsubid, catalog.relname, r.relkind, n.nspname, coalesce(r.relname, cr.relname, ty.typname),
           a.attname, c.conname, coalesce(c.conrelid, o.refobjid), coalesce(c.conkey[1], o.refobjsubid), c.contypid`

export const TARGET_JOINS = `
    JOIN pg_class catalog ON catalog.oid = d.classoid
    LEFT JOIN pg_class r ON d.classoid = 'pg_class'::regclass AND r.oid = d.objoid
    LEFT JOIN pg_attribute a ON d.classoid = 'pg_class'::regclass AND a.attrelid = d.objoid AND a.attnum = d.objsubid AND a.attnum > 0
    LEFT JOIN pg_constraint c ON d.classoid = 'pg_constraint'::regclass AND c.oid = d.objoid
    LEFT JOIN pg_class cr ON cr.oid = c.conrelid
    LEFT JOIN pg_type ty ON d.classoid = 'pg_type'::regclass AND ty.oid = d.objoid
    LEFT JOIN pg_namespace n ON n.oid = coalesce(r.relnamespace, cr.relnamespace, ty.typnamespace)
    LEFT JOIN pg_depend o ON r.relkind = 'S' AND o.classid = 'pg_class'::regclass AND o.objid = r.oid AND o.deptype = 'i' AND o.refclassid = 'pg_class'::regclass`

/** Relations by pg_class.relkind, as COMMENT ON calls them and as refs to them begin. */
const RELATIONS: Record<string, readonly [words: string, kind: string]> = {
  r: ['TABLE', 'table'],
  p: ['TABLE', 'table'],
  f: ['FOREIGN TABLE', 'table'],
  v: ['VIEW', 'view'],
  m: ['MATERIALIZED VIEW', 'materialized_view'],
  S: ['SEQUENCE', 'sequence'],
  i: ['INDEX', 'index'],
  I: ['INDEX', 'index'],
}

/** What something is attached to. `column` is the name of a column that is no object of its own. */
export interface AttachedTarget {
  readonly target: Ref
  readonly on: string
  readonly parent: Ref
  readonly column?: string
}

/** The object that a row with TARGET_COLUMNS is about, or the part of one; undefined when no kind manages it. */
export function attachedTarget(row: Row, context: ReflectContext): AttachedTarget | undefined {
  const [oid, sub, catalog] = row as [number, number, string]
  const target = context.objectAt(catalog, oid, sub)
  const on = target && context.addressOf(target)
  const part = partOf(row, target, on, context)
  if (part !== null) return part
  return target && on && isAddressIn(catalog, on) ? { target: target.ref, on, parent: target.ref } : undefined
}

/**
 * What the catalogs know as something of its own while in a model it is a part of another object: columns of views, the index of
 * a key, the sequence of an identity column, the type of a table's rows, NOT NULL constraints. Null when it is itself in the model,
 * undefined when not even what it is a part of is.
 */
function partOf(row: Row, target: SchemaObject | undefined, on: string | null | undefined, context: ReflectContext): AttachedTarget | null | undefined {
  const [oid, , catalog, relkind, schema, relation, column, constraint, table, attnum, domain] = row as [
    number, number, string, string | null, string, string, string | null, string | null, number | null, number | null, number | null,
  ]
  if (column !== null) {
    if (target?.ref === refOf('column', schema, relation, column) && !target.attrs.relation) return null
    const whole = context.objectAt('pg_class', oid)
    return whole && { target: refOf('column', schema, relation, column), on: `COLUMN ${qualified(schema, relation, column)}`, parent: whole.ref, column }
  }
  const part = target ?? (table ? context.objectAt('pg_class', table, attnum ?? 0) : undefined)
  if (relkind !== null) {
    const [words, kind] = RELATIONS[relkind] ?? []
    const named = `${words} ${qualified(schema, relation)}`
    return words && part && on !== named ? { target: refOf(kind!, schema, relation), on: named, parent: part.ref } : null
  }
  if (catalog === 'pg_type' && target) {
    const name = qualified(schema, relation)
    return on === `TYPE ${name}` || on === `DOMAIN ${name}` ? null : { target: refOf('type', schema, relation), on: `TYPE ${name}`, parent: target.ref }
  }
  if (constraint === null || on?.startsWith('CONSTRAINT ')) return null
  const whole = domain ? context.objectAt('pg_type', domain) : undefined
  if (whole) {
    const named = `CONSTRAINT ${quoteIdent(constraint)} ON ${context.addressOf(whole)}`
    return { target: refOf('domain_constraint', whole.id.schema, whole.id.name, constraint), on: named, parent: whole.ref }
  }
  const named = `CONSTRAINT ${quoteIdent(constraint)} ON ${qualified(schema, relation)}`
  return part && { target: refOf('constraint', schema, relation, constraint), on: named, parent: part.ref }
}
