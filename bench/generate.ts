/**
 * SQL of a schema of a given number of tables, each with about 10 columns, 2 indexes and 2 constraints; a tenth as many views,
 * functions, triggers and enums.
 */
export function generateSchema(tables: number): string[] {
  const statements: string[] = ['CREATE SCHEMA app']
  for (let n = 0; n < tables; n++) {
    const tenth = n % 10 === 0
    if (tenth) {
      statements.push(`CREATE TYPE app.status_${n} AS ENUM ('new', 'open', 'closed')`)
      statements.push(
        `CREATE FUNCTION app.touch_${n}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.updated_at := now(); RETURN NEW; END $$`,
      )
    }
    const parent = n === 0 ? 'id' : 'parent_id'
    statements.push(`CREATE TABLE app.table_${n} (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  parent_id bigint,
  name text NOT NULL,
  code character varying(30) NOT NULL DEFAULT 'none',
  amount numeric(12,2) DEFAULT 0,
  quantity integer NOT NULL DEFAULT 1,
  payload jsonb,
  active boolean NOT NULL DEFAULT true,
  status ${tenth ? `app.status_${n} NOT NULL DEFAULT 'new'` : 'text'},
  created_at timestamp with time zone NOT NULL DEFAULT now(),
  updated_at timestamp with time zone,
  CONSTRAINT table_${n}_quantity_positive CHECK (quantity > 0)
)`)
    statements.push(`CREATE INDEX table_${n}_name_idx ON app.table_${n} (name)`)
    statements.push(`CREATE INDEX table_${n}_open_idx ON app.table_${n} (${parent}, created_at DESC) WHERE active`)
    if (n > 0) {
      statements.push(`ALTER TABLE app.table_${n} ADD CONSTRAINT table_${n}_parent_fkey FOREIGN KEY (parent_id) REFERENCES app.table_${n - 1} (id)`)
    }
    if (tenth) {
      statements.push(`CREATE VIEW app.view_${n} AS SELECT id, name, amount * quantity AS total FROM app.table_${n} WHERE active`)
      statements.push(`CREATE TRIGGER touch BEFORE UPDATE ON app.table_${n} FOR EACH ROW EXECUTE FUNCTION app.touch_${n}()`)
    }
  }
  return statements
}
