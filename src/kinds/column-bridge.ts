import { quoteIdent, quoteLiteral } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { grantAlike } from './bridge-grants.js'
import type { Column } from './column-ddl.js'
import { isMissing, isThere, keptInStep, placeOf, undemanding } from './column-gradually.js'
import type { AlterContext, Bridge } from './kind.js'

/** A column keeps its old name by being two, which a trigger keeps alike whichever of them code writes. */
export function bridgeColumn(from: Column, to: Column, context: AlterContext): Bridge<Column> | string {
  if (from.attrs.type !== to.attrs.type || from.attrs.collation !== to.attrs.collation) return 'its type changes too'
  if (from.attrs.generated || to.attrs.generated || from.attrs.identity || to.attrs.identity) return 'PostgreSQL itself gives it its values'
  const place = placeOf(to, context)
  if (typeof place === 'string') return place
  if (place.key === from.id.name) return 'it is the primary key'
  const dependents = context.neededBy('from', from.ref)
  if (dependents.some(({ kind }) => kind === from.kind)) return 'other columns are made from it'
  if (dependents.some(({ kind }) => kind === 'trigger')) return 'a trigger looks at it, and would not see what is written under the other name'
  const { name } = to.id
  const begin = undemanding(to, name)
  const [old, next] = [quoteIdent(from.id.name), quoteIdent(name)]
  // Of two rows, as they are stored, whatever operators their types have.
  const differ = (a: string, b: string) => `NOT ROW(${a})::record *= ROW(${b})::record`
  const body = `  IF TG_OP = 'INSERT' THEN
    IF ${isMissing(`NEW.${next}`)} THEN NEW.${next} := NEW.${old}; ELSE NEW.${old} := NEW.${next}; END IF;
  ELSIF ${differ(`NEW.${next}`, `OLD.${next}`)} THEN NEW.${old} := NEW.${next};
  ELSIF ${differ(`NEW.${old}`, `OLD.${old}`)} THEN NEW.${next} := NEW.${old};
  -- A row that is not filled yet may change its key, and be passed over.
  ELSIF ${isMissing(`NEW.${next}`)} THEN NEW.${next} := NEW.${old};
  ELSIF ${isMissing(`NEW.${old}`)} THEN NEW.${old} := NEW.${next};
  END IF;`
  const { start, stop } = keptInStep(to, '__both', body)
  const given = `SELECT a.privilege_type AS privilege, ${quoteLiteral(` (${next})`)} AS columns, a.grantee, a.is_grantable AS grantable
    FROM pg_catalog.pg_attribute c, aclexplode(c.attacl) a WHERE c.attrelid = ${quoteLiteral(place.table)}::regclass AND c.attname = ${quoteLiteral(from.id.name)}`
  const grants = dependents.some(({ kind }) => kind === 'privilege') ? [grantAlike(given, place.table, 'who may use the one column may use the other')] : []
  return {
    start: [...start, ...grants],
    undo: [...stop, statement(`ALTER TABLE ${place.table} DROP COLUMN ${next}`)],
    copy: {
      ...place,
      begin,
      filled: { ...begin, attrs: { ...begin.attrs, ...(to.attrs.notNull !== undefined && { notNull: to.attrs.notNull }) } },
      forth: { column: name, value: old, where: `${isMissing(next)} AND ${isThere(old)}` },
      back: { column: from.id.name, value: next, where: differ(old, next) },
    },
  }
}
