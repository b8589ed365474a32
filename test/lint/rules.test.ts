import { readFileSync } from 'node:fs'
import { lint } from '../../src/index.js'
import { RULES } from '../../src/lint/rules/all.js'
import { CASES } from './cases.js'

/** A rule that speaks of migrations only is tested in migrations.test.ts. */
const OF_MIGRATIONS = ['no-downgrade']

const scripts = (side: 'unsafe' | 'safe') => Object.entries(CASES).flatMap(([rule, cases]) => cases[side].map((text) => [rule, text] as const))

test.each(scripts('unsafe'))('%s speaks up: %s', async (rule, text) => {
  const { hazards, advice, errors } = await lint(text)
  const { code, severity } = RULES.find((each) => each.rule === rule)!
  expect(errors).toEqual([])
  const found = (severity === 'hazard' ? hazards : [...hazards, ...advice]).filter((finding) => finding.rule === rule)
  expect(found[0]).toMatchObject({ rule, code, message: expect.stringMatching(/\w/), instead: expect.stringMatching(/\w/), object: expect.stringMatching(/\w/) })
})

test.each(scripts('safe'))('neither a hazard nor %s: %s', async (rule, text) => {
  const { hazards, advice, errors } = await lint(text)
  expect({ errors, hazards, advice: advice.filter((finding) => finding.rule === rule) }).toEqual({ errors: [], hazards: [], advice: [] })
})

test.each([
  ['a constraint that is made elsewhere may prove it', 'ALTER TABLE users VALIDATE CONSTRAINT c; ALTER TABLE users ALTER a SET NOT NULL', 'set-not-null'],
  ['a check that goes afterwards may have proven it', 'ALTER TABLE users ALTER a SET NOT NULL; ALTER TABLE users DROP CONSTRAINT c', 'set-not-null'],
  ['a column that takes over the name may hold the values', 'BEGIN; ALTER TABLE users DROP a; ALTER TABLE users RENAME a_new TO a; COMMIT', 'drop-column'],
  ['what a function puts together runs when it is called', "CREATE FUNCTION f(t text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE 'DROP TABLE ' || t; END $$", 'dynamic-sql'],
  ['a permissive policy only adds', 'CREATE POLICY p ON users USING (true)', 'row-security'],
])('%s: advice', async (_, text, rule) => {
  const { hazards, advice } = await lint(text)
  expect(hazards).toEqual([])
  expect(advice.map((finding) => finding.rule)).toContain(rule)
})

test.each([
  ["ALTER TABLE users ADD a text NOT NULL DEFAULT ''; ALTER TABLE users ALTER a DROP DEFAULT", 'drop-default'],
  ['GRANT SELECT ON users TO PUBLIC', 'grant'],
])('advice becomes a hazard where more is known: %s', async (text, rule) => {
  expect((await lint(text)).hazards.map((finding) => finding.rule)).toContain(rule)
})

test('every rule has scripts that try it, and stands in the documentation', () => {
  const docs = readFileSync(new URL('../../docs/lint.md', import.meta.url), 'utf8')
  expect(RULES.length).toBeGreaterThan(50)
  expect(RULES.map(({ rule }) => rule).filter((rule) => !CASES[rule] && !OF_MIGRATIONS.includes(rule))).toEqual([])
  expect(RULES.filter(({ rule, code, what, why, instead }) => ![`\`${rule}\``, `\`${code}\``, what, why, instead].every((text) => docs.includes(text))).map(({ rule }) => rule)).toEqual([])
  const rows = [...docs.slice(0, docs.indexOf('## Codes')).matchAll(/^\| `([a-z-]+)` \| `/gm)].map(([, rule]) => rule)
  expect(rows.toSorted()).toEqual(RULES.map(({ rule }) => rule).toSorted())
  expect(new Set(RULES.map(({ rule }) => rule)).size).toBe(RULES.length)
})
