import { checkText, commentObject, targetOf, type Comment } from '../authoring/attachments.js'
import { Declared } from '../authoring/declared.js'
import { quoteLiteral } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { attachedTarget, TARGET_COLUMNS, TARGET_JOINS } from './attached-targets.js'
import { defineKind, PHASES } from './kind.js'

/** What CREATE DATABASE leaves on the schema `public`. */
const PUBLIC_SCHEMA_COMMENT = 'standard public schema'

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
      SELECT d.classoid, d.objoid, 0 AS objsubid, d.description, NULL AS standard
      FROM pg_shdescription d
      WHERE d.objoid >= 16384 AND d.classoid = 'pg_authid'::regclass
      UNION ALL
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
    SELECT ${TARGET_COLUMNS}, d.description, d.standard
    FROM described d${TARGET_JOINS}
    WHERE NOT (r.relkind = 'c' AND d.objsubid > 0) IS TRUE`,
  fromRow(row, context) {
    const found = attachedTarget(row, context)
    if (!found) return null
    const [text, standard] = row.slice(11) as [string | null, string | null]
    const more = { ...(found.column !== undefined && { column: found.column }), ...(standard !== null && { default: standard }) }
    return { object: commentObject(found.target, found.on, text, found.parent, more) }
  },
  create: (object) => [commentOn(object, object.attrs.text)],
  drop: (object) => [commentOn(object, object.id.default ?? null)],
  // PostgreSQL leaves the comment of a subscription behind.
  dropsImplicitly: ({ id }) => !id.on.startsWith('SUBSCRIPTION '),
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
