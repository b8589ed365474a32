import { splitScript } from '../../src/sql/split.js'

const split = (script: string) => splitScript(script).statements.map(({ sql }) => sql)

test('quotes, comments and parentheses hide semicolons', () => {
  expect(split(`select ';', "a;b"; -- no; end\nselect E'\\';', $$;$$, $x$ ; $$ ; $x$ /* ; /* ; */ ; */; create rule r as on insert to t do (select 1; select 2);`)).toEqual([
    `select ';', "a;b"`,
    `select E'\\';', $$;$$, $x$ ; $$ ; $x$ /* ; /* ; */ ; */`,
    'create rule r as on insert to t do (select 1; select 2)',
  ])
})

test('bodies of routines in BEGIN ATOMIC', () => {
  const routine = 'CREATE OR REPLACE FUNCTION f(a int) RETURNS int BEGIN ATOMIC SELECT CASE WHEN a > 1 THEN 1 END; SELECT 2; END'
  expect(split(`${routine}; BEGIN; COMMIT; END;`)).toEqual([routine, 'BEGIN', 'COMMIT', 'END'])
})

test('commands of psql, rows of COPY, positions', () => {
  const script = '\\restrict abc\n\nselect 1;\nCOPY t (a) FROM stdin;\n1;2\n\\.\n\nselect 2'
  const { statements, commands } = splitScript(script)
  expect(statements).toEqual([
    { sql: 'select 1', offset: script.indexOf('select 1') },
    { sql: 'select 2', offset: script.indexOf('select 2') },
  ])
  expect(commands).toEqual([{ name: '\\restrict', offset: 0 }])
})

test('nothing, and what never ends', () => {
  expect(split(' \n-- only a comment')).toEqual([])
  expect(split(';;')).toEqual([])
  expect(split("select 'abc")).toEqual(["select 'abc"])
  expect(split('select $$abc')).toEqual(['select $$abc'])
  expect(split('/* abc')).toEqual([])
})

test('commands of psql behind a statement end it where they send it', () => {
  const { statements, commands } = splitScript("select 'a' \\gexec\nselect 1 \\echo '; still'\n;\nselect 2;")
  expect(statements.map(({ sql }) => sql.split('\n')[0])).toEqual(["select 'a'", "select 1 \\echo '; still'", 'select 2'])
  expect(commands.map(({ name }) => name)).toEqual(['\\gexec', '\\echo'])
})
