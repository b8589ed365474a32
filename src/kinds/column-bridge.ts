import { dollarQuote, qualified, quoteIdent, suffixed } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import type { Column } from './column-ddl.js'
import { placeOf, undemanding } from './column-gradually.js'
import type { AlterContext, Bridge } from './kind.js'

/** A column keeps its old name by being two, which a trigger keeps alike whichever of them code writes. */
export function bridgeColumn(from: Column, to: Column, context: AlterContext): Bridge<Column> | string {
  if (from.attrs.type !== to.attrs.type || from.attrs.collation !== to.attrs.collation) return 'its type changes too'
  if (from.attrs.generated || to.attrs.generated || from.attrs.identity || to.attrs.identity) return 'PostgreSQL itself gives it its values'
  const place = placeOf(to, context)
  if (typeof place === 'string') return place
  if (place.key === from.id.name) return 'it is the primary key'
  const { schema, table, name } = to.id
  const begin = undemanding(to, name)
  const [old, next] = [quoteIdent(from.id.name), quoteIdent(name)]
  const [routine, trigger] = [qualified(schema, suffixed(`${table}_${name}`, '__both')), quoteIdent(suffixed(`zz_${name}`, '__both'))]
  // Of two rows, as they are stored, whatever operators their types have.
  const differ = (a: string, b: string) => `NOT ROW(${a})::record *= ROW(${b})::record`
  const body = `
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.${next} IS NULL THEN NEW.${next} := NEW.${old}; ELSE NEW.${old} := NEW.${next}; END IF;
  ELSIF ${differ(`NEW.${next}`, `OLD.${next}`)} THEN NEW.${old} := NEW.${next};
  ELSIF ${differ(`NEW.${old}`, `OLD.${old}`)} THEN NEW.${next} := NEW.${old};
  END IF;
  RETURN NEW;
END
`
  return {
    start: [
      statement(`CREATE FUNCTION ${routine}() RETURNS trigger LANGUAGE plpgsql AS ${dollarQuote(body)}`),
      statement(`CREATE TRIGGER ${trigger} BEFORE INSERT OR UPDATE ON ${place.table} FOR EACH ROW EXECUTE FUNCTION ${routine}()`),
    ],
    undo: [statement(`DROP TRIGGER ${trigger} ON ${place.table}`), statement(`DROP FUNCTION ${routine}()`), statement(`ALTER TABLE ${place.table} DROP COLUMN ${next}`)],
    copy: {
      ...place,
      begin,
      filled: { ...begin, attrs: { ...begin.attrs, ...(to.attrs.notNull !== undefined && { notNull: to.attrs.notNull }) } },
      forth: { column: name, value: old, where: `${next} IS NULL AND ${old} IS NOT NULL` },
      back: { column: from.id.name, value: next, where: differ(old, next) },
    },
  }
}
