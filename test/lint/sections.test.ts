import { lint } from '../../src/index.js'

const BUILD = 'CREATE INDEX CONCURRENTLY i ON users (email);'
const IN_TWO = 'ALTER TABLE users ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\nALTER TABLE users VALIDATE CONSTRAINT c;'

const hazards = async (text: string, file = 'a.sql') => (await lint({ file, text })).hazards.map(({ rule, at }) => `${at.line} ${rule}`)

test.each([
  ['goose', '-- +goose Up', '-- +goose NO TRANSACTION\n-- +goose Up'],
  ['dbmate', '-- migrate:up', '-- migrate:up transaction:false'],
  ['sql-migrate', '-- +migrate Up', '-- +migrate Up notransaction'],
  ['Liquibase', '--liquibase formatted sql\n--changeset me:1', '--liquibase formatted sql\n--changeset me:1 runInTransaction:false'],
  ['Atlas', '-- atlas:txmode file', '-- atlas:txmode none'],
])('what %s runs as one transaction is taken for one, unless the file says otherwise', async (_, one, apart) => {
  const lines = one.split('\n').length
  expect(await hazards(`${one}\n${BUILD}\n`)).toEqual([`${lines + 1} not-in-transaction`])
  expect(await hazards(`${one}\n${IN_TWO}\n`)).toEqual([`${lines + 2} validate-under-lock`])
  expect(await hazards(`${apart}\n${BUILD}\n`)).toEqual([])
  expect(await hazards(`${apart}\n${IN_TWO}\n`)).toEqual([])
})

test('a changeset of its own is a transaction of its own, on tables that are there by then', async () => {
  const text = '--liquibase formatted sql\n--changeset me:1\nCREATE TABLE t (a bigint);\nCREATE INDEX ON t (a);\n--changeset me:2\nCREATE INDEX ON t (a);\nALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;\n--changeset me:3\nALTER TABLE t VALIDATE CONSTRAINT c;\n'
  expect(await hazards(text)).toEqual(['6 create-index'])
})

test('files put one behind the other under their names are seen one after the other', async () => {
  const text = '-- 1.sql\nCREATE TABLE t (a text);\n-- file: db/2.sql\nALTER TABLE t ALTER a SET NOT NULL;\n'
  expect(await hazards(text)).toEqual(['4 set-not-null'])
  const proven = '-- 1.sql\nCREATE TABLE t (a text);\n-- 2.sql\nALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID;\n-- 3.sql\nALTER TABLE t VALIDATE CONSTRAINT c;\n-- 4.sql\nALTER TABLE t ALTER a SET NOT NULL;\n'
  expect(await hazards(proven)).toEqual([])
})

test('a comment inside a statement, or one that names no file alone, divides nothing', async () => {
  expect(await hazards('CREATE TABLE t (a text);\nCREATE FUNCTION f() RETURNS int LANGUAGE sql AS $$\n-- 2.sql\nselect 1 $$;\n-- see 2.sql\nCREATE INDEX ON t (a);\n')).toEqual([])
})

test('the way back takes away what the way there made; all else in it is advice, unless it is asked for', async () => {
  const text = '-- migrate:up\nCREATE TABLE t (a bigint);\nALTER TABLE users ADD b bigint;\n-- migrate:down\nDROP TABLE t;\nALTER TABLE users DROP b;\nDROP TABLE kept;\n'
  const { hazards: found, advice } = await lint({ file: 'a.sql', text })
  expect(found).toEqual([])
  expect(advice.filter(({ rule }) => rule.startsWith('drop')).map(({ at, rule }) => `${at.line} ${rule}`)).toEqual(['7 drop-table'])
  expect((await lint({ file: 'a.sql', text }, { downgrade: true })).hazards.map(({ object }) => object)).toEqual(['kept'])
  expect(await hazards('DROP TABLE t', '2_users.down.sql')).toEqual([])
  expect(await hazards('DROP TABLE t', '2_users.up.sql')).toEqual(['1 drop-table'])
})

test('an ignore holds in its own part', async () => {
  const { hazards: found, ignored, notes } = await lint({ file: 'a.sql', text: '-- migrate:up\n-- autogen-ignore drop-table: nobody reads it\nDROP TABLE a;\nDROP TABLE b;\n-- migrate:down\nSELECT 1;\n' })
  expect([found, ignored].map((list) => list.map(({ object }) => object))).toEqual([['b'], ['a']])
  expect(notes).toEqual([])
})

test('SET LOCAL says that something else began the transaction', async () => {
  expect(await hazards(`SET LOCAL lock_timeout = '2s';\n${IN_TWO}`)).toEqual(['3 validate-under-lock'])
  expect(await hazards(`SET lock_timeout = '2s';\n${IN_TWO}`)).toEqual([])
})

test('what an earlier file of a numbered row of them proves is a condition, not a proof', async () => {
  const scripts = [
    { file: 'db/1.sql', text: 'ALTER TABLE users ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID' },
    { file: 'db/2.sql', text: 'ALTER TABLE users VALIDATE CONSTRAINT c; ALTER TABLE users ADD CONSTRAINT d CHECK (b IS NOT NULL) NOT VALID; ALTER TABLE users VALIDATE CONSTRAINT d' },
    { file: 'db/3.sql', text: 'ALTER TABLE users ALTER b SET NOT NULL' },
  ]
  const { hazards: found, advice } = await lint(scripts)
  expect(found).toEqual([])
  expect(advice.find(({ rule }) => rule === 'set-not-null')).toMatchObject({ at: { file: 'db/3.sql' }, message: expect.stringContaining('db/2.sql was run before') })
  for (const file of ['other/3.sql', 'db/c.sql']) expect((await lint([scripts[1]!, { ...scripts[2]!, file }])).hazards.map(({ rule }) => rule)).toEqual(['set-not-null'])
})

test('placeholders of Flyway take the place of a word', async () => {
  const { hazards: found, errors } = await lint({ file: 'V1__a.sql', text: "ALTER TABLE ${schema}.users DROP COLUMN a;\nDO $$ BEGIN DROP TABLE ${schema.name}.b; END $$;" })
  expect(errors).toEqual([])
  expect(found.map(({ object }) => object)).toEqual(['schema.users.a', 'schema_name.b'])
})
