import { checkText, commentObject, isAddressIn, targetOf, type Comment } from '../authoring/attachments.js'
import { Declared } from '../authoring/declared.js'
import type { Row } from '../database/database.js'
import { refOf } from '../model/object-ref.js'
import type { SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { defineKind, PHASES, type ReflectContext } from './kind.js'

/** What CREATE DATABASE leaves on the schema `public`. */
const PUBLIC_SCHEMA_COMMENT = 'standard public schema'

/** Relations by pg_class.relkind, as COMMENT ON calls them and as their refs begin. */
const RELATIONS: Record<string, readonly [words: string, kind: string]> = {
  r: ['TABLE', 'table'],
  p: ['TABLE', 'table'],
  f: ['FOREIGN TABLE', 'foreign_table'],
  v: ['VIEW', 'view'],
  m: ['MATERIALIZED VIEW', 'materialized_view'],
  S: ['SEQUENCE', 'sequence'],
  i: ['INDEX', 'index'],
  I: ['INDEX', 'index'],
}

/**
 * Comments on objects of every kind. Extensions and the schema `public` come with a comment: for them an object exists only when
 * the comment is another one, or was taken away.
 */
export const comments = defineKind<Comment>({
  kind: 'comment',
  phase: PHASES.comment,
  catalog: 'pg_description',
  catalogQuery: () => `
    WITH described AS (
      SELECT d.classoid, d.objoid, d.objsubid, d.description, NULL AS standard
      FROM pg_description d
      WHERE d.objoid >= 16384 AND d.classoid <> 'pg_extension'::regclass
        AND (d.classoid = 'pg_namespace'::regclass AND d.objoid = (SELECT oid FROM pg_namespace WHERE nspname = 'public')) IS NOT TRUE
        AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.objsubid = 0 AND e.deptype = 'e')
      UNION ALL
      SELECT 'pg_extension'::regclass, e.oid, 0, d.description, v.comment
      FROM pg_extension e
      LEFT JOIN pg_available_extensions v ON v.name = e.extname
      LEFT JOIN pg_description d ON d.classoid = 'pg_extension'::regclass AND d.objoid = e.oid AND d.objsubid = 0
      WHERE e.oid >= 16384 AND d.description IS DISTINCT FROM v.comment
      UNION ALL
      SELECT 'pg_namespace'::regclass, n.oid, 0, d.description, '${PUBLIC_SCHEMA_COMMENT}'
      FROM pg_namespace n
      LEFT JOIN pg_description d ON d.classoid = 'pg_namespace'::regclass AND d.objoid = n.oid AND d.objsubid = 0
      WHERE n.nspname = 'public' AND d.description IS DISTINCT FROM '${PUBLIC_SCHEMA_COMMENT}')
    SELECT d.objoid, d.objsubid, catalog.relname, d.description, d.standard, r.relkind, n.nspname, coalesce(r.relname, cr.relname, ty.typname),
           a.attname, c.conname, coalesce(c.conrelid, o.refobjid), coalesce(c.conkey[1], o.refobjsubid), c.contypid
    FROM described d
    JOIN pg_class catalog ON catalog.oid = d.classoid
    LEFT JOIN pg_class r ON d.classoid = 'pg_class'::regclass AND r.oid = d.objoid
    LEFT JOIN pg_attribute a ON d.classoid = 'pg_class'::regclass AND a.attrelid = d.objoid AND a.attnum = d.objsubid AND a.attnum > 0
    LEFT JOIN pg_constraint c ON d.classoid = 'pg_constraint'::regclass AND c.oid = d.objoid
    LEFT JOIN pg_class cr ON cr.oid = c.conrelid
    LEFT JOIN pg_type ty ON d.classoid = 'pg_type'::regclass AND ty.oid = d.objoid
    LEFT JOIN pg_namespace n ON n.oid = coalesce(r.relnamespace, cr.relnamespace, ty.typnamespace)
    LEFT JOIN pg_depend o ON r.relkind = 'S' AND o.classid = 'pg_class'::regclass AND o.objid = r.oid AND o.deptype = 'i' AND o.refclassid = 'pg_class'::regclass
    WHERE NOT (r.relkind = 'c' AND d.objsubid > 0) IS TRUE`,
  fromRow(row, context) {
    const [oid, sub, catalog, text, standard] = row as [number, number, string, string | null, string | null]
    const more = standard === null ? {} : { default: standard }
    const target = context.objectAt(catalog, oid, sub)
    const on = target && context.addressOf(target)
    const part = partOf(row, target, on, context)
    if (part) return { object: commentObject(part.target, part.on, text, part.parent, { ...more, ...part.more }) }
    return target && on && isAddressIn(catalog, on) ? { object: commentObject(target.ref, on, text, target.ref, more) } : null
  },
  create: (object) => [commentOn(object, object.attrs.text)],
  drop: (object) => [commentOn(object, object.id.default ?? null)],
  alter: (_, to) => ({ statements: [commentOn(to, to.attrs.text)] }),
  address: () => null,
  print: ({ id, attrs, parent }, printer) => {
    const text = attrs.text === null ? 'null' : printer.string(attrs.text)
    const alone = () => ({ code: `${printer.use('comment')}(${printer.string(id.on)}, ${text})`, variable: `comment_on_${id.on}` })
    if (id.column === undefined && parent !== id.target) return { place: 'export', ...alone() }
    return {
      place: 'suffix',
      code: id.column === undefined ? `.comment(${text})` : `.columnComment(${printer.string(id.column)}, ${text})`,
      // Only when asked for: what it uses would be imported in vain.
      get alone() {
        return alone()
      },
    }
  },
})

function commentOn({ id }: Comment, text: string | null): Statement {
  return statement(`COMMENT ON ${id.on} IS ${text === null ? 'NULL' : quoteLiteral(text)}`)
}

interface Part {
  readonly target: string
  readonly on: string
  readonly parent: string
  readonly more?: { readonly column: string }
}

/**
 * What the catalogs know as something of its own while in a model it is a part of another object: columns of views, the index of
 * a key, the sequence of an identity column, the type of a table's rows, NOT NULL constraints. Undefined when the commented object is itself in the model.
 */
function partOf(row: Row, target: SchemaObject | undefined, on: string | null | undefined, context: ReflectContext): Part | undefined {
  const [oid, , catalog, , , relkind, schema, relation, column, constraint, table, attnum, domain] = row as [
    number, number, string, string, string | null, string | null, string, string, string | null, string | null, number | null, number | null, number | null,
  ]
  if (column !== null) {
    if (target?.parent && target.ref === refOf('column', schema, relation, column) && !target.attrs.relation) return undefined
    const whole = context.objectAt('pg_class', oid)
    return whole && { target: refOf('column', schema, relation, column), on: `COLUMN ${qualified(schema, relation, column)}`, parent: whole.ref, more: { column } }
  }
  const part = target ?? (table ? context.objectAt('pg_class', table, attnum ?? 0) : undefined)
  if (relkind !== null) {
    const [words, kind] = RELATIONS[relkind] ?? []
    const named = `${words} ${qualified(schema, relation)}`
    return words && part && on !== named ? { target: refOf(kind!, schema, relation), on: named, parent: part.ref } : undefined
  }
  if (catalog === 'pg_type' && target) {
    const name = qualified(schema, relation)
    return on === `TYPE ${name}` || on === `DOMAIN ${name}` ? undefined : { target: refOf('type', schema, relation), on: `TYPE ${name}`, parent: target.ref }
  }
  const whole = domain ? context.objectAt('pg_type', domain) : undefined
  if (constraint !== null && whole && !on?.startsWith('CONSTRAINT ')) {
    const named = `CONSTRAINT ${quoteIdent(constraint)} ON ${context.addressOf(whole)}`
    return { target: refOf('domain_constraint', whole.id.schema, whole.id.name, constraint), on: named, parent: whole.ref }
  }
  if (constraint !== null && table && !on?.startsWith('CONSTRAINT ')) {
    const named = `CONSTRAINT ${quoteIdent(constraint)} ON ${qualified(schema, relation)}`
    return part && { target: refOf('constraint', schema, relation, constraint), on: named, parent: part.ref }
  }
  return undefined
}

class CommentBuilder extends Declared {
  protected readonly kind = comments

  constructor(readonly object: Comment) {
    super()
  }
}

/**
 * A comment on something that has no builder of its own to hang it on: `on` as COMMENT ON writes it.
 *
 * @example export const note = comment('INDEX app.users_pkey', 'kept small')
 */
export function comment(on: string, text: string | null): Declared {
  return new CommentBuilder(commentObject(targetOf(on), on, checkText(text), null))
}
