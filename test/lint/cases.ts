/** Scripts of each rule: those in which it must speak up, and their counterparts without any hazard. */
export interface Cases {
  readonly unsafe: readonly string[]
  readonly safe: readonly string[]
}

const OLD_CHECK = 'ALTER TABLE app.users ADD CONSTRAINT c CHECK (email IS NOT NULL) NOT VALID;'

export const CASES: Readonly<Record<string, Cases>> = {
  'create-index': {
    unsafe: ['CREATE INDEX i ON app.users (email)', 'CREATE UNIQUE INDEX ON users (email)', 'CREATE INDEX IF NOT EXISTS i ON users USING gin (tags)', 'BEGIN; CREATE INDEX i ON users (a); COMMIT', 'BEGIN; CREATE TABLE t (a text); ROLLBACK; CREATE INDEX ON t (a)'],
    safe: ['CREATE INDEX CONCURRENTLY i ON app.users (email)', 'CREATE TABLE app.users (email text); CREATE INDEX i ON app.users (email)', 'CREATE INDEX i ON ONLY events (at)', 'CREATE TABLE t AS SELECT 1 AS a; CREATE INDEX ON t (a)', 'CREATE SCHEMA s CREATE TABLE t (a text); CREATE INDEX ON s.t (a)'],
  },
  'drop-index': {
    unsafe: ['DROP INDEX i', 'DROP INDEX IF EXISTS app.i, app.j'],
    safe: ['DROP INDEX CONCURRENTLY i', 'CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i'],
  },
  reindex: {
    unsafe: ['REINDEX INDEX i', 'REINDEX TABLE app.users', 'REINDEX SCHEMA app', 'REINDEX (CONCURRENTLY false) INDEX i', 'REINDEX (CONCURRENTLY 0) INDEX i'],
    safe: ['REINDEX INDEX CONCURRENTLY i', 'REINDEX (CONCURRENTLY) TABLE app.users'],
  },
  'index-gap': {
    unsafe: [
      'DROP INDEX CONCURRENTLY i; CREATE INDEX CONCURRENTLY i ON users (email, name)',
      'DROP INDEX CONCURRENTLY users_email; CREATE INDEX CONCURRENTLY users_email_new ON users (email)',
      'CREATE INDEX CONCURRENTLY a ON users (email); DROP INDEX CONCURRENTLY a; CREATE INDEX CONCURRENTLY b ON users (email, name)',
    ],
    safe: [
      'CREATE INDEX CONCURRENTLY i_new ON users (email, name); DROP INDEX CONCURRENTLY i; ALTER INDEX i_new RENAME TO i',
      'DROP INDEX CONCURRENTLY users_email; CREATE INDEX CONCURRENTLY orders_at ON orders (at)',
    ],
  },
  'failed-build': {
    unsafe: ['CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON users (email)', 'CREATE INDEX CONCURRENTLY ON users (email); CREATE INDEX CONCURRENTLY ON users (name)', 'SELECT 1; CREATE INDEX CONCURRENTLY i ON users (email)'],
    safe: ['CREATE INDEX CONCURRENTLY i ON users (email)', 'SET statement_timeout = 0; CREATE INDEX CONCURRENTLY ON users (email)', 'DROP INDEX CONCURRENTLY IF EXISTS j; CREATE INDEX CONCURRENTLY j ON users (email)', 'CREATE TABLE t (a bigint); CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)'],
  },
  'lost-index': {
    unsafe: ['DROP INDEX CONCURRENTLY i'],
    safe: ['CREATE INDEX CONCURRENTLY users_email_name ON users (email, name); DROP INDEX CONCURRENTLY users_by_email'],
  },
  'concurrent-under-timeout': {
    unsafe: ["SET statement_timeout = '5s'; CREATE INDEX CONCURRENTLY i ON users (email)", "SELECT set_config('lock_timeout', '2s', false); REINDEX INDEX CONCURRENTLY i"],
    safe: ["SET lock_timeout = '2s'; SET lock_timeout = 0; CREATE INDEX CONCURRENTLY i ON users (email)", "SET lock_timeout = '2s'; RESET lock_timeout; CREATE INDEX CONCURRENTLY i ON users (email)"],
  },
  'add-unique': {
    unsafe: ['ALTER TABLE users ADD CONSTRAINT u UNIQUE (email)', 'ALTER TABLE users ADD PRIMARY KEY (id)', 'ALTER TABLE users ADD COLUMN code text UNIQUE'],
    safe: ['CREATE UNIQUE INDEX CONCURRENTLY u ON users (email); ALTER TABLE users ADD CONSTRAINT u UNIQUE USING INDEX u', 'CREATE TABLE t (a int); ALTER TABLE t ADD UNIQUE (a)'],
  },
  'add-exclude': {
    unsafe: ['ALTER TABLE rooms ADD CONSTRAINT x EXCLUDE USING gist (during WITH &&)'],
    safe: ['CREATE TABLE rooms (during tstzrange, EXCLUDE USING gist (during WITH &&))'],
  },
  'add-foreign-key': {
    unsafe: ['ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id)', 'ALTER TABLE orders ADD COLUMN user_id bigint REFERENCES users'],
    safe: ['ALTER TABLE orders ADD CONSTRAINT f FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID; ALTER TABLE orders VALIDATE CONSTRAINT f', 'CREATE TABLE orders (user_id bigint REFERENCES users)'],
  },
  'add-check': {
    unsafe: ['ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0)', 'ALTER TABLE users ADD COLUMN age int CHECK (age > 0)'],
    safe: ['ALTER TABLE users ADD CONSTRAINT c CHECK (age > 0) NOT VALID', 'CREATE TABLE users (age int CHECK (age > 0))'],
  },
  'validate-under-lock': {
    unsafe: [
      'BEGIN; ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT c; COMMIT',
      'BEGIN; ALTER TABLE app.users ADD COLUMN a int; ALTER TABLE users VALIDATE CONSTRAINT c; COMMIT',
      'ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0) NOT VALID, VALIDATE CONSTRAINT c',
    ],
    safe: ['BEGIN; ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0) NOT VALID; COMMIT; BEGIN; ALTER TABLE users VALIDATE CONSTRAINT c; COMMIT'],
  },
  'set-not-null': {
    unsafe: [
      'ALTER TABLE app.users ALTER email SET NOT NULL',
      `${OLD_CHECK} ALTER TABLE app.users ALTER email SET NOT NULL`,
      `${OLD_CHECK} ALTER TABLE app.users VALIDATE CONSTRAINT c; ALTER TABLE app.users ALTER name SET NOT NULL`,
      'ALTER TABLE users ADD CONSTRAINT n NOT NULL email',
      'ALTER TABLE users VALIDATE CONSTRAINT users_age; ALTER TABLE users ALTER email SET NOT NULL',
      'ALTER TABLE users VALIDATE CONSTRAINT users_name_check; ALTER TABLE users ALTER name SET NOT NULL; ALTER TABLE users ALTER email SET NOT NULL; ALTER TABLE users DROP CONSTRAINT users_name_check',
    ],
    safe: [
      `${OLD_CHECK} ALTER TABLE app.users VALIDATE CONSTRAINT c; ALTER TABLE app.users ALTER email SET NOT NULL; ALTER TABLE app.users DROP CONSTRAINT c`,
      'ALTER TABLE users ADD CONSTRAINT c CHECK (a IS NOT NULL AND b > 0) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT c; ALTER TABLE users ALTER a SET NOT NULL',
      'ALTER TABLE users ADD CONSTRAINT n NOT NULL email NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT n; ALTER TABLE users ALTER email SET NOT NULL',
      'ALTER TABLE users VALIDATE CONSTRAINT users_email_check; ALTER TABLE users ALTER email SET NOT NULL; ALTER TABLE users DROP CONSTRAINT users_email_check',
      'ALTER TABLE users VALIDATE CONSTRAINT c; ALTER TABLE users ALTER email SET NOT NULL; ALTER TABLE users DROP CONSTRAINT c',
      'CREATE TABLE t (a int); ALTER TABLE t ALTER a SET NOT NULL',
    ],
  },
  'primary-key-index': {
    unsafe: ['ALTER TABLE users ADD CONSTRAINT p PRIMARY KEY USING INDEX i'],
    safe: [
      'CREATE UNIQUE INDEX CONCURRENTLY i ON users (id); ALTER TABLE users ADD CONSTRAINT c CHECK (id IS NOT NULL) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT c; ALTER TABLE users ADD CONSTRAINT p PRIMARY KEY USING INDEX i',
    ],
  },
  'foreign-key-index': {
    unsafe: ['CREATE TABLE orders (id bigint PRIMARY KEY, user_id bigint REFERENCES users)', 'CREATE TABLE orders (a int, b int, FOREIGN KEY (a, b) REFERENCES users (a, b))', 'CREATE TABLE orders (user_id bigint REFERENCES users); CREATE INDEX ON orders (user_id) WHERE user_id > 9'],
    safe: ['CREATE TABLE orders (user_id bigint REFERENCES users); CREATE INDEX ON orders (user_id)', 'CREATE TABLE profiles (user_id bigint PRIMARY KEY REFERENCES users)', 'CREATE TABLE m (a int REFERENCES x, b int, PRIMARY KEY (a, b))'],
  },
  'domain-constraint': {
    unsafe: ['ALTER DOMAIN positive ADD CONSTRAINT c CHECK (value > 0)', 'ALTER DOMAIN positive SET NOT NULL'],
    safe: ['ALTER DOMAIN positive ADD CONSTRAINT c CHECK (value > 0) NOT VALID; ALTER DOMAIN positive VALIDATE CONSTRAINT c'],
  },
  'strict-domain': { unsafe: ['CREATE DOMAIN positive AS int CHECK (value > 0)'], safe: ['CREATE DOMAIN number AS int'] },
  'drop-constraint': {
    unsafe: ['ALTER TABLE users DROP CONSTRAINT c', 'ALTER TABLE IF EXISTS users DROP CONSTRAINT IF EXISTS c', 'ALTER DOMAIN positive DROP CONSTRAINT c'],
    safe: [
      `${OLD_CHECK} ALTER TABLE app.users VALIDATE CONSTRAINT c; ALTER TABLE app.users ALTER email SET NOT NULL; ALTER TABLE app.users DROP CONSTRAINT c`,
      'ALTER TABLE users DROP CONSTRAINT p, ADD CONSTRAINT p PRIMARY KEY USING INDEX i',
      'ALTER TABLE users ADD a bigint; ALTER TABLE users ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT c; ALTER TABLE users ALTER a SET NOT NULL; ALTER TABLE users DROP CONSTRAINT c',
    ],
  },
  'drop-not-null': { unsafe: ['ALTER TABLE users ALTER email DROP NOT NULL', 'ALTER DOMAIN positive DROP NOT NULL'], safe: ['CREATE TABLE t (a int NOT NULL); ALTER TABLE t ALTER a DROP NOT NULL'] },
  'required-column': {
    unsafe: ['ALTER TABLE users ADD COLUMN a text NOT NULL', 'ALTER TABLE users ADD a text NOT NULL DEFAULT NULL', "CREATE TABLE t (a text); INSERT INTO t VALUES ('x'); ALTER TABLE t ADD b text NOT NULL"],
    safe: ["ALTER TABLE users ADD COLUMN a text NOT NULL DEFAULT ''", 'ALTER TABLE users ADD COLUMN a text', 'CREATE TABLE t (); ALTER TABLE t ADD COLUMN a text NOT NULL'],
  },
  'volatile-default': {
    unsafe: [
      'ALTER TABLE users ADD COLUMN a uuid DEFAULT gen_random_uuid()',
      'ALTER TABLE users ADD COLUMN a timestamptz DEFAULT clock_timestamp()',
      "ALTER TABLE users ADD COLUMN a bigint DEFAULT nextval('s')",
      'ALTER TABLE users ADD COLUMN a text DEFAULT app.own_function()',
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'select 1'; ALTER TABLE users ADD COLUMN a int DEFAULT f()",
    ],
    safe: [
      'ALTER TABLE users ADD COLUMN a timestamptz DEFAULT now()',
      'ALTER TABLE users ADD COLUMN a timestamptz DEFAULT CURRENT_TIMESTAMP',
      "ALTER TABLE users ADD COLUMN a jsonb DEFAULT '{}'::jsonb",
      "CREATE FUNCTION f() RETURNS int LANGUAGE sql IMMUTABLE AS 'select 1'; ALTER TABLE users ADD COLUMN a int DEFAULT f()",
      'ALTER TABLE users ADD COLUMN a uuid; ALTER TABLE users ALTER a SET DEFAULT gen_random_uuid()',
    ],
  },
  'generated-column': {
    unsafe: [
      'ALTER TABLE users ADD COLUMN a bigserial',
      'ALTER TABLE users ADD COLUMN a bigint GENERATED ALWAYS AS IDENTITY',
      'ALTER TABLE users ADD COLUMN a int GENERATED ALWAYS AS (b * 2) STORED',
      'CREATE DOMAIN positive AS int CHECK (value > 0); ALTER TABLE users ADD COLUMN a positive',
      'ALTER TABLE users ALTER a SET EXPRESSION AS (b * 3)',
    ],
    safe: ['ALTER TABLE users ADD COLUMN a int GENERATED ALWAYS AS (b * 2) VIRTUAL', 'CREATE TABLE t (id bigserial, b int GENERATED ALWAYS AS (1) STORED)', 'CREATE DOMAIN plain AS text; ALTER TABLE users ADD COLUMN a plain'],
  },
  'column-type': {
    unsafe: [
      'ALTER TABLE users ALTER COLUMN a TYPE bigint',
      'ALTER TABLE users ALTER COLUMN a TYPE text USING a::text',
      'ALTER TABLE users ADD COLUMN a varchar(50); ALTER TABLE users ALTER a TYPE varchar(20)',
      'ALTER TABLE users ADD COLUMN a text; ALTER TABLE users ALTER a TYPE text USING upper(a)',
      'ALTER TABLE users ADD COLUMN a int; ALTER TABLE users ALTER a TYPE bigint',
      'ALTER TABLE users ADD COLUMN a numeric(10, 2); ALTER TABLE users ALTER a TYPE numeric(12, 4)',
    ],
    safe: [
      'ALTER TABLE users ADD COLUMN a varchar(20); ALTER TABLE users ALTER a TYPE varchar(50); ALTER TABLE users ALTER a TYPE text',
      'ALTER TABLE users ADD COLUMN a numeric(10, 2); ALTER TABLE users ALTER a TYPE numeric(12, 2) USING a::numeric(12, 2)',
      'CREATE TABLE t (a int); ALTER TABLE t ALTER a TYPE bigint',
    ],
  },
  'json-column': { unsafe: ['ALTER TABLE users ADD COLUMN a json'], safe: ['ALTER TABLE users ADD COLUMN a jsonb'] },
  'drop-default': {
    unsafe: ['ALTER TABLE users ALTER a DROP DEFAULT', "ALTER TABLE users ADD a text NOT NULL DEFAULT ''; ALTER TABLE users ALTER a DROP DEFAULT", 'ALTER TABLE users ALTER a DROP IDENTITY'],
    safe: ["ALTER TABLE users ALTER a SET DEFAULT 'x'", "BEGIN; ALTER TABLE users ALTER a DROP DEFAULT; ALTER TABLE users ALTER a SET DEFAULT 'x'; COMMIT"],
  },
  'set-default': {
    unsafe: ['ALTER TABLE users ALTER a SET DEFAULT 1'],
    safe: ['ALTER TABLE users ADD a bigint; ALTER TABLE users ALTER a SET DEFAULT 1', `ALTER TABLE app.users ALTER email SET DEFAULT 'x'; ${OLD_CHECK} ALTER TABLE app.users VALIDATE CONSTRAINT c; ALTER TABLE app.users ALTER email SET NOT NULL`],
  },
  'add-identity': {
    unsafe: ['ALTER TABLE users ALTER id ADD GENERATED ALWAYS AS IDENTITY', 'ALTER TABLE users ALTER id SET GENERATED ALWAYS'],
    safe: ['ALTER TABLE users ALTER id SET GENERATED BY DEFAULT', 'ALTER TABLE users ALTER id ADD GENERATED BY DEFAULT AS IDENTITY (START WITH 900)', 'CREATE TABLE t (a bigint NOT NULL); ALTER TABLE t ALTER a ADD GENERATED ALWAYS AS IDENTITY'],
  },
  'drop-column': { unsafe: ['ALTER TABLE users DROP COLUMN a', 'ALTER TABLE IF EXISTS users DROP IF EXISTS a'], safe: ['CREATE TABLE t (a int); ALTER TABLE t DROP a', 'ALTER TABLE users ADD a int; ALTER TABLE users DROP a'] },
  'drop-table': { unsafe: ['DROP TABLE app.users', 'DROP MATERIALIZED VIEW totals', 'DROP FOREIGN TABLE f'], safe: ['CREATE TABLE t (a int); DROP TABLE t', 'CREATE TEMP TABLE t (a int); DROP TABLE t'] },
  'drop-database': { unsafe: ['DROP DATABASE app', 'DROP OWNED BY someone'], safe: ['SELECT 1'] },
  'drop-cascade': { unsafe: ['DROP VIEW v CASCADE', 'ALTER TABLE users DROP CONSTRAINT c CASCADE', 'DROP SCHEMA app CASCADE'], safe: ['ALTER TABLE users DROP CONSTRAINT c', 'CREATE VIEW v AS SELECT 1; DROP VIEW v CASCADE'] },
  'drop-object': {
    unsafe: ['DROP VIEW v', 'DROP FUNCTION f(int)', 'DROP TYPE mood', 'DROP SEQUENCE s', 'DROP SCHEMA app', 'DROP EXTENSION citext', 'DROP VIEW v; CREATE VIEW v AS SELECT 1', 'ALTER TYPE pair DROP ATTRIBUTE a'],
    safe: ['BEGIN; DROP VIEW app.v; CREATE VIEW app.v AS SELECT 1; COMMIT', 'CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$select 1$$; DROP FUNCTION f()', 'CREATE OR REPLACE VIEW v AS SELECT 1'],
  },
  truncate: { unsafe: ['TRUNCATE users', 'TRUNCATE TABLE a, b CASCADE'], safe: ['CREATE TABLE t (a int); TRUNCATE t'] },
  rename: {
    unsafe: ['ALTER TABLE users RENAME TO people', 'ALTER TABLE users RENAME a TO b', 'ALTER VIEW v RENAME TO w', "ALTER TYPE mood RENAME VALUE 'a' TO 'b'", 'ALTER SCHEMA a RENAME TO b', 'ALTER FUNCTION f() RENAME TO g'],
    safe: ['ALTER INDEX i RENAME TO j', 'ALTER TABLE users RENAME CONSTRAINT a TO b', 'BEGIN; ALTER TABLE users RENAME TO people; CREATE VIEW users AS SELECT * FROM people; COMMIT', 'CREATE TABLE t (a int); ALTER TABLE t RENAME a TO b',
      'BEGIN; ALTER TABLE users ADD a_new bigint; ALTER TABLE users RENAME a TO a_old; ALTER TABLE users RENAME a_new TO a; COMMIT',
      "BEGIN; ALTER TYPE app.mood RENAME TO mood__old; CREATE TYPE app.mood AS ENUM ('a'); DROP TYPE app.mood__old; COMMIT",
    ],
  },
  'duplicate-column': {
    unsafe: ['INSERT INTO t (a, b, a) VALUES (1, 2, 3)', 'UPDATE users SET a = 1, a = 2 WHERE id = 7', 'UPDATE users SET (a, b) = (1, 2), b = 3 WHERE id = 7', 'CREATE TABLE t (a bigint, "a" text)'],
    safe: ['INSERT INTO t (a, b) VALUES (1, 2)', 'UPDATE users SET a.x = 1, a.y = 2 WHERE id = 7', 'CREATE TABLE t (a bigint, "A" text)'],
  },
  'set-schema': { unsafe: ['ALTER TABLE users SET SCHEMA app', 'ALTER FUNCTION f() SET SCHEMA app'], safe: ['CREATE TABLE t (a int); ALTER TABLE t SET SCHEMA app'] },
  'long-name': { unsafe: [`CREATE TABLE ${'x'.repeat(64)} (a bigint)`, `CREATE VIEW "a${'é'.repeat(32)}" AS SELECT 1`, `CREATE TABLE "${'x'.repeat(63)}""y" (a bigint)`], safe: [`CREATE TABLE ${'x'.repeat(63)} (a bigint)`, `SELECT '${'x'.repeat(99)}'`] },
  'rewrite-table': {
    unsafe: ['VACUUM FULL users', 'VACUUM (FULL, ANALYZE) users', 'CLUSTER users USING i', 'ALTER TABLE users SET UNLOGGED', 'ALTER TABLE users SET TABLESPACE fast', 'ALTER TABLE users SET ACCESS METHOD heap', 'ALTER INDEX i SET TABLESPACE fast'],
    safe: ['VACUUM users', 'VACUUM (FULL false) users', 'VACUUM (FULL 0) users', 'ALTER TABLE users SET (fillfactor = 80)'],
  },
  'lock-table': { unsafe: ['BEGIN; LOCK TABLE users; COMMIT', 'BEGIN; LOCK users IN SHARE MODE; COMMIT'], safe: ['BEGIN; LOCK users IN ROW EXCLUSIVE MODE; COMMIT'] },
  'refresh-view': { unsafe: ['REFRESH MATERIALIZED VIEW totals', 'REFRESH MATERIALIZED VIEW totals WITH NO DATA'], safe: ['REFRESH MATERIALIZED VIEW CONCURRENTLY totals', 'CREATE MATERIALIZED VIEW m AS SELECT 1; REFRESH MATERIALIZED VIEW m'] },
  'trigger-lock': {
    unsafe: ['CREATE TRIGGER t BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION f()', 'DROP TRIGGER t ON app.users', 'CREATE RULE r AS ON INSERT TO users DO NOTHING', 'ALTER TABLE users ENABLE TRIGGER t'],
    safe: ['CREATE TABLE t (a int); CREATE TRIGGER x BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f()'],
  },
  'disable-trigger': { unsafe: ['ALTER TABLE users DISABLE TRIGGER ALL', 'ALTER TABLE users DISABLE TRIGGER t', 'ALTER TABLE users DISABLE RULE r'], safe: ['ALTER TABLE users ENABLE TRIGGER t'] },
  'attach-partition': {
    unsafe: ["ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')"],
    safe: [
      "ALTER TABLE events_1 ADD CONSTRAINT c CHECK (at >= '2026-01-01' AND at < '2026-02-01') NOT VALID; ALTER TABLE events_1 VALIDATE CONSTRAINT c; ALTER TABLE events ATTACH PARTITION events_1 FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')",
      'CREATE TABLE events_1 (LIKE events INCLUDING ALL); ALTER TABLE events ATTACH PARTITION events_1 DEFAULT',
    ],
  },
  'detach-partition': { unsafe: ['ALTER TABLE events DETACH PARTITION events_1'], safe: ['ALTER TABLE events DETACH PARTITION events_1 CONCURRENTLY', 'ALTER TABLE events DETACH PARTITION events_1 FINALIZE'] },
  'create-partition': { unsafe: ['CREATE TABLE events_1 PARTITION OF events DEFAULT'], safe: ['CREATE TABLE events (at date) PARTITION BY RANGE (at); CREATE TABLE events_1 PARTITION OF events DEFAULT'] },
  'delete-all': { unsafe: ['DELETE FROM users', 'DELETE FROM users WHERE 1 = 1', 'DELETE FROM users WHERE id = id', 'DELETE FROM users WHERE id = 7 OR true', 'DO $$ BEGIN DELETE FROM users WHERE id = users.id OR id = id; END $$', 'PREPARE p AS DELETE FROM users', 'EXPLAIN (ANALYZE) DELETE FROM users', 'WITH gone AS (DELETE FROM users RETURNING *) INSERT INTO log SELECT id FROM gone'], safe: ['DELETE FROM users WHERE id = 1', 'CREATE TABLE t (a int); DELETE FROM t', 'DELETE FROM users WHERE id = :id', 'EXPLAIN DELETE FROM users'] },
  'update-all': { unsafe: ['UPDATE users SET a = 1', 'UPDATE users SET a = 1 WHERE true', 'DO $$ BEGIN UPDATE users SET a = 1; END $$'], safe: ['UPDATE users SET a = 1 WHERE id = 7', 'UPDATE users SET a = 1 WHERE id BETWEEN 1 AND 1000'] },
  'change-under-lock': {
    unsafe: ['BEGIN; ALTER TABLE users ADD a int; UPDATE users SET a = 1 WHERE b > 0; COMMIT', 'BEGIN; ALTER TABLE users ADD a int; INSERT INTO log SELECT id FROM users; COMMIT', 'DO $$ BEGIN ALTER TABLE users ADD a int; DELETE FROM users WHERE b IS NULL; END $$'],
    safe: ['BEGIN; ALTER TABLE users ADD a int; COMMIT; UPDATE users SET a = 1 WHERE b > 0', 'BEGIN; ALTER TABLE users ADD a int; INSERT INTO log VALUES (1); UPDATE users SET a = 1 WHERE id = 7; COMMIT'],
  },
  'unbatched-change': {
    unsafe: ['UPDATE users SET a = 1 WHERE a IS NULL', 'DELETE FROM users WHERE at < now()', 'MERGE INTO users u USING x ON u.id = x.id WHEN MATCHED THEN DELETE'],
    safe: ['UPDATE users SET a = 1 WHERE id IN (1, 2)', 'DELETE FROM users WHERE id IN (SELECT id FROM users WHERE at < now() LIMIT 1000)', 'DELETE FROM users WHERE id = ANY ($1)', 'DO $$ DECLARE r users%ROWTYPE; BEGIN FOR r IN SELECT * FROM users LOOP UPDATE users SET a = 1 WHERE id = r.id; END LOOP; END $$', 'WITH few AS (SELECT id FROM users LIMIT 9) UPDATE users SET a = 1 FROM few WHERE users.id = few.id'],
  },
  'copy-table': { unsafe: ['CREATE TABLE t AS SELECT * FROM users', 'SELECT * INTO t FROM users'], safe: ['CREATE TABLE t AS SELECT 1 AS a'] },
  'not-in-transaction': {
    unsafe: ['BEGIN; CREATE INDEX CONCURRENTLY i ON users (a); COMMIT', 'BEGIN; DROP INDEX CONCURRENTLY i; COMMIT', 'BEGIN; VACUUM users; COMMIT', 'BEGIN; ALTER TABLE e DETACH PARTITION p CONCURRENTLY; COMMIT', 'BEGIN; REINDEX INDEX CONCURRENTLY i; COMMIT', 'BEGIN; ALTER SYSTEM SET x = 1; COMMIT'],
    safe: ['CREATE INDEX CONCURRENTLY i ON users (a)', 'BEGIN; SELECT 1; COMMIT; CREATE INDEX CONCURRENTLY i ON users (a)', 'BEGIN; ANALYZE users; COMMIT'],
  },
  'transaction-control': { unsafe: ['COMMIT', 'BEGIN; BEGIN; COMMIT'], safe: ['BEGIN; SAVEPOINT a; ROLLBACK TO a; COMMIT', 'START TRANSACTION; SELECT 1; END'] },
  uncommitted: { unsafe: ['BEGIN; SELECT 1'], safe: ['BEGIN; SELECT 1; ROLLBACK'] },
  'new-enum-value': {
    unsafe: ["BEGIN; ALTER TYPE mood ADD VALUE 'calm'; UPDATE users SET mood = 'calm' WHERE id = 1; COMMIT", "BEGIN; ALTER TYPE mood ADD VALUE 'calm'; ALTER TABLE users ALTER mood SET DEFAULT 'calm'; COMMIT"],
    safe: ["ALTER TYPE mood ADD VALUE 'calm'; UPDATE users SET mood = 'calm' WHERE id = 1", "BEGIN; CREATE TYPE mood AS ENUM ('sad'); ALTER TYPE mood ADD VALUE 'calm'; COMMIT"],
  },
  'unclear-transaction': {
    unsafe: ['ALTER TABLE a ADD b bigint; ALTER TABLE c ADD d bigint', 'CREATE TABLE t (a bigint); ALTER TABLE c ADD d bigint', 'CREATE TABLE t (a bigint); CREATE INDEX CONCURRENTLY i ON t (a); ALTER TABLE t ADD b bigint'],
    safe: ['ALTER TABLE a ADD b bigint', 'CREATE TABLE t (a bigint); CREATE INDEX ON t (a)', 'ALTER TABLE a ADD b bigint; CREATE INDEX CONCURRENTLY i ON a (b)', 'ALTER TABLE a ADD IF NOT EXISTS b bigint; ALTER TABLE a VALIDATE CONSTRAINT c', 'DO $$ BEGIN CREATE SCHEMA s; EXCEPTION WHEN duplicate_schema THEN NULL; END $$; ALTER TABLE a ADD b bigint', 'BEGIN; ALTER TABLE a ADD b bigint; ALTER TABLE c ADD d bigint; COMMIT', 'CREATE TABLE IF NOT EXISTS a (b bigint); DROP INDEX CONCURRENTLY IF EXISTS i', "SET lock_timeout = '2s'; ALTER TABLE a ADD b bigint"],
  },
  'held-lock': { unsafe: ['BEGIN; ALTER TABLE a ADD b bigint; ALTER TABLE c ADD d bigint; COMMIT', 'BEGIN; ALTER TABLE a ADD b bigint; SELECT count(*) FROM a; COMMIT', "SET LOCAL lock_timeout = '2s'; ALTER TABLE a ADD b bigint; ALTER TABLE c ADD d bigint"], safe: ['BEGIN; ALTER TABLE a ADD b bigint; ALTER TABLE a ADD c bigint; SELECT 1; COMMIT', 'BEGIN; ALTER TABLE a ADD b bigint; COMMIT', 'BEGIN; CREATE TABLE a (); ALTER TABLE a ADD b bigint; ALTER TABLE c ADD d bigint; COMMIT'] },
  'no-lock-timeout': { unsafe: ['ALTER TABLE a ADD b bigint', 'CREATE TABLE t (a bigint REFERENCES users)', "BEGIN; SET LOCAL lock_timeout = '2s'; SELECT 1; COMMIT; ALTER TABLE a ADD b bigint", "SET lock_timeout = '5min'; ALTER TABLE a ADD b bigint"], safe: ["SELECT set_config('lock_timeout', '1000', false); ALTER TABLE a ADD b bigint", "BEGIN; SET LOCAL lock_timeout = '2s'; ALTER TABLE a ADD b bigint; COMMIT", "SET lock_timeout = '2s'; ALTER TABLE a ADD b bigint", 'CREATE TABLE t (a bigint)', 'ALTER TABLE a VALIDATE CONSTRAINT c', 'CREATE INDEX CONCURRENTLY i ON users (a)'] },
  'no-statement-timeout': {
    unsafe: ["SET lock_timeout = '2s'; ALTER TABLE a ADD b bigint", "BEGIN; SET LOCAL lock_timeout = '2s'; ALTER TABLE a ADD b bigint; COMMIT"],
    safe: ["SET lock_timeout = '2s'; SET statement_timeout = '30s'; ALTER TABLE a ADD b bigint", "SET lock_timeout = '2s'; ALTER TABLE a VALIDATE CONSTRAINT c", 'ALTER TABLE a ADD b bigint'],
  },
  grant: { unsafe: ['GRANT SELECT ON users TO reader', 'GRANT SELECT ON users TO PUBLIC', 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO reader'], safe: ['CREATE TABLE t (a bigint); GRANT SELECT ON t TO reader'] },
  revoke: { unsafe: ['REVOKE SELECT ON users FROM reader'], safe: ['CREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$select 1$$; REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC'] },
  'change-owner': { unsafe: ['ALTER TABLE users OWNER TO someone', 'ALTER FUNCTION f() OWNER TO someone', 'ALTER VIEW v OWNER TO someone', 'REASSIGN OWNED BY a TO b'], safe: ['CREATE TABLE t (a bigint); ALTER TABLE t OWNER TO someone', 'CREATE VIEW v AS SELECT 1; ALTER VIEW v OWNER TO someone'] },
  'change-role': { unsafe: ['ALTER ROLE app SUPERUSER', 'DROP ROLE app', 'GRANT admin TO app'], safe: ['CREATE ROLE app; GRANT reader TO app'] },
  'row-security': {
    unsafe: ['ALTER TABLE users ENABLE ROW LEVEL SECURITY', 'ALTER TABLE users FORCE ROW LEVEL SECURITY', 'DROP POLICY p ON users', 'ALTER POLICY p ON users USING (true)', 'CREATE POLICY p ON users AS RESTRICTIVE USING (true)'],
    safe: ['CREATE TABLE t (a bigint); ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (true)'],
  },
  'replica-identity': { unsafe: ['ALTER TABLE users REPLICA IDENTITY FULL'], safe: ['CREATE TABLE t (a bigint); ALTER TABLE t REPLICA IDENTITY FULL'] },
  publication: { unsafe: ['CREATE PUBLICATION p FOR ALL TABLES', 'ALTER PUBLICATION p ADD TABLE users', 'DROP PUBLICATION p', 'DROP SUBSCRIPTION s'], safe: ['SELECT 1'] },
  'unlogged-table': { unsafe: ['CREATE UNLOGGED TABLE t (a bigint)'], safe: ['CREATE TABLE t (a bigint)'] },
  'no-primary-key': {
    unsafe: ['CREATE TABLE t (a bigint)', 'CREATE UNLOGGED TABLE t (a bigint UNIQUE)'],
    safe: ['CREATE TABLE t (a bigint PRIMARY KEY)', 'CREATE TABLE t (a bigint, b bigint, PRIMARY KEY (a, b))', 'CREATE TABLE t (a bigint); ALTER TABLE t ADD PRIMARY KEY (a)', 'CREATE TEMP TABLE t (a bigint)', 'CREATE TABLE e_1 PARTITION OF e DEFAULT', 'CREATE TABLE t (LIKE u INCLUDING ALL)', 'CREATE TABLE t AS SELECT 1 AS a'],
  },
  'dynamic-sql': {
    unsafe: ["DO $$ BEGIN EXECUTE 'DROP TABLE ' || name; END $$", "DO $$ BEGIN EXECUTE format('ALTER TABLE %I ADD a int', name); END $$", 'DO LANGUAGE plpython3u $$ plpy.execute("drop table t") $$', "SELECT 'DROP TABLE ' || relname FROM pg_class \\gexec"],
    safe: ["DO $$ BEGIN EXECUTE 'SELECT 1'; END $$", "DO $$ BEGIN EXECUTE format('COMMENT ON TABLE t IS %L', current_user); END $$",
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = %L', current_database(), '8MB'); END $$", 'DO $$ BEGIN IF true THEN PERFORM 1; END IF; END $$'],
  },
  'add-enum-value': { unsafe: ["ALTER TYPE mood ADD VALUE 'calm'", "ALTER TYPE app.mood ADD VALUE IF NOT EXISTS 'calm' BEFORE 'sad'"], safe: ["CREATE TYPE mood AS ENUM ('sad'); ALTER TYPE mood ADD VALUE 'calm'"] },
  'change-object': {
    unsafe: ['ALTER SEQUENCE s RESTART WITH 1', 'ALTER FUNCTION f() SECURITY DEFINER', "ALTER EXTENSION citext UPDATE TO '1.6'", 'ALTER DATABASE app SET work_mem = 1', 'ALTER ROLE app SET work_mem = 1', 'ALTER TABLE users ALTER a DROP EXPRESSION', 'ALTER TABLE users NO INHERIT people',
      'ALTER TABLE users INHERIT people', 'ALTER VIEW v SET (security_barrier = true)', 'ALTER VIEW v ALTER a SET DEFAULT 1', 'ALTER TYPE pair ADD ATTRIBUTE c int', 'ALTER EXTENSION citext DROP FUNCTION f()', 'CREATE OR REPLACE VIEW v AS SELECT 1', 'CREATE OR REPLACE FUNCTION f() RETURNS int LANGUAGE sql AS $$select 1$$', 'ALTER TABLE users ALTER CONSTRAINT c DEFERRABLE', 'ALTER TABLE users ALTER id RESTART WITH 5', 'CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()',
    ],
    safe: ['ALTER TABLE users ALTER id SET GENERATED BY DEFAULT', 'CREATE SEQUENCE s; ALTER SEQUENCE s OWNED BY users.id', 'CREATE VIEW v AS SELECT 1', 'CREATE TYPE pair AS (a int); ALTER TYPE pair ADD ATTRIBUTE b int', 'ALTER EXTENSION citext ADD FUNCTION f()', 'ALTER VIEW v OWNER TO CURRENT_USER -- autogen-ignore change-owner: it is ours'],
  },
  'foreign-call': { unsafe: ['CREATE EXTENSION IF NOT EXISTS citext', 'CALL tidy_up()', 'EXECUTE prepared'], safe: ['SELECT tidy_up()'] },
  'integer-column': { unsafe: ['CREATE TABLE t (a int, b smallint)', 'ALTER TABLE users ADD a integer'], safe: ['CREATE TABLE t (a bigint)'] },
  'char-column': { unsafe: ['CREATE TABLE t (a char(2))'], safe: ['CREATE TABLE t (a text)'] },
  'varchar-column': { unsafe: ['CREATE TABLE t (a varchar(20))'], safe: ['CREATE TABLE t (a varchar)'] },
  'timestamp-column': { unsafe: ['CREATE TABLE t (a timestamp)'], safe: ['CREATE TABLE t (a timestamptz)'] },
  'rounded-time': { unsafe: ['CREATE TABLE t (a timestamptz(0))', 'ALTER TABLE users ADD a timestamp(0)'], safe: ['CREATE TABLE t (a timestamptz, b timestamptz(3))'] },
  'money-column': { unsafe: ['CREATE TABLE t (a money)'], safe: ['CREATE TABLE t (a numeric)'] },
  'float-column': { unsafe: ['CREATE TABLE t (a real)', 'ALTER TABLE users ADD a double precision'], safe: ['CREATE TABLE t (a numeric)'] },
  'serial-column': { unsafe: ['CREATE TABLE t (a bigserial)'], safe: ['CREATE TABLE t (a bigint GENERATED ALWAYS AS IDENTITY)'] },
  'json-type': { unsafe: ['CREATE TABLE t (a json)'], safe: ['CREATE TABLE t (a jsonb)'] },
  'enum-type': { unsafe: ["CREATE TYPE mood AS ENUM ('sad')"], safe: ['CREATE TYPE pair AS (a int, b int)'] },
}
