import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { commentLine, sqlLiteral, stringLiteral } from '../../src/generator/literals.js'
import { migrationFileName, newRevisionId, renderMigration, writeMigration } from '../../src/generator/migration-file.js'
import { readMigration } from '../../src/revisions/directory.js'
import { outsideTransaction, statement } from '../../src/sql/statement.js'
import { sql } from '../../src/sql/template.js'

const NASTY = ['`', '\\', '${', '${process.exit(1)}', '*/', '//', '\r\n', '\r', '\n', ' \n', '\t\n', '\u2028', '\u2029', "'", '"', '\u202e', '\ufeff', '\u0000', '\\u0041', '\\n', 'é', '🐘', '\ud800', '\u{e0001}', '\u00a0', '{{facts}}', '$&']

const text = fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' }), fc.string())).map((parts) => parts.join(''))

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'migration-file-'))
})
afterAll(() => rm(folder, { recursive: true }))

const example = {
  revision: '8c1f0e5a2b7d',
  revises: ['41d3b0c9e6f2'],
  message: 'add last_login to users',
  upgrade: [
    {
      comments: ['+ column app.users.last_login — ACCESS EXCLUSIVE on app.users, metadata only'],
      statement: statement('ALTER TABLE app.users ADD COLUMN last_login timestamptz'),
    },
    {
      comments: ['+ index app.users_last_login_idx — SHARE UPDATE EXCLUSIVE on app.users, reads the table'],
      statement: outsideTransaction('CREATE INDEX CONCURRENTLY users_last_login_idx ON app.users (last_login)'),
    },
  ],
  downgrade: [
    { comments: [], statement: outsideTransaction('DROP INDEX CONCURRENTLY app.users_last_login_idx') },
    {
      comments: ['- column app.users.last_login — DATA LOSS: the values are gone'],
      statement: statement('ALTER TABLE app.users DROP COLUMN last_login'),
    },
  ],
}

test('the format', () => {
  expect(renderMigration(example)).toBe(`import { migration, sql } from 'pg-autogen'

export default migration({
  revision: '8c1f0e5a2b7d',
  revises: '41d3b0c9e6f2',
  message: 'add last_login to users',

  upgrade: (op) => {
    // + column app.users.last_login — ACCESS EXCLUSIVE on app.users, metadata only
    op.execute(sql\`ALTER TABLE app.users ADD COLUMN last_login timestamptz\`)
    // + index app.users_last_login_idx — SHARE UPDATE EXCLUSIVE on app.users, reads the table
    op.outsideTransaction(sql\`CREATE INDEX CONCURRENTLY users_last_login_idx ON app.users (last_login)\`)
  },

  downgrade: (op) => {
    op.outsideTransaction(sql\`DROP INDEX CONCURRENTLY app.users_last_login_idx\`)
    // - column app.users.last_login — DATA LOSS: the values are gone
    op.execute(sql\`ALTER TABLE app.users DROP COLUMN last_login\`)
  },
})
`)
})

test('bases, merges, labels, notes, and no downgrade', () => {
  const rendered = renderMigration({
    ...example,
    revises: [],
    branchLabels: ['expand'],
    dependsOn: ['aaaa', 'lib'],
    notes: ['Baseline.', 'Two lines.'],
    upgrade: [],
    downgrade: null,
  })
  expect(rendered).toBe(`import { migration, sql } from 'pg-autogen'

// Baseline.
// Two lines.
export default migration({
  revision: '8c1f0e5a2b7d',
  revises: null,
  message: 'add last_login to users',
  branchLabels: ['expand'],
  dependsOn: ['aaaa', 'lib'],

  upgrade: (op) => {
  },

  // no downgrade: this migration cannot be undone
})
`)
  expect(renderMigration({ ...example, revises: ['aaaa', 'bbbb'], upgrade: [], downgrade: [] })).toContain("revises: ['aaaa', 'bbbb'],")
})

test('a statement of several lines starts at the backtick and keeps its layout', () => {
  const sqlText = 'CREATE VIEW v AS\n  SELECT a,\n         b\n    FROM t'
  expect(renderMigration({ ...example, upgrade: [{ comments: [], statement: statement(sqlText) }] })).toContain(`    op.execute(sql\`${sqlText}\`)\n`)
})

test('space at the end of a line is written so that no editor strips it', () => {
  expect(sqlLiteral('a  \nb\t\nc ')).toBe('sql`a \\x20\nb\\t\nc `')
})

describe('whatever stands in the SQL', () => {
  test('its literal reads back as the same text', () => {
    fc.assert(
      fc.property(text, (original) => {
        const read = new Function('sql', `return ${sqlLiteral(original)}`) as (tag: typeof sql) => { text: string }
        expect(read(sql).text).toBe(original)
        expect((new Function(`return ${stringLiteral(original)}`) as () => string)()).toBe(original)
      }),
      { numRuns: 2_000 },
    )
  })

  test('a comment stays one comment', () => {
    fc.assert(
      fc.property(text, (comment) => {
        const run = new Function(`let untouched = true\n${commentLine(comment)}\nreturn untouched`) as () => boolean
        expect(run()).toBe(true)
        expect(commentLine(comment)).not.toMatch(/[\r\n\u2028\u2029]/)
      }),
      { numRuns: 500 },
    )
  })

  test('the whole file reads back as the same migration', async () => {
    const steps = fc.array(fc.record({ comments: fc.array(text, { maxLength: 2 }), sql: text.filter((each) => each.trim() !== ''), outside: fc.boolean() }), { maxLength: 8 })
    await fc.assert(
      fc.asyncProperty(text, steps, steps, async (message, upgrade, downgrade) => {
        const rendered = (each: { comments: string[]; sql: string; outside: boolean }) => ({
          comments: each.comments,
          statement: each.outside ? outsideTransaction(each.sql) : statement(each.sql),
        })
        const revision = newRevisionId()
        const file = await writeMigration(folder, {
          revision,
          message,
          text: renderMigration({ revision, revises: [], message, upgrade: upgrade.map(rendered), downgrade: downgrade.map(rendered), notes: [message] }),
        })
        const read = await readMigration(file)
        expect(read).toMatchObject({ revision, revises: [], message, file })
        expect(read.upgrade.map((step) => step.sql)).toEqual(upgrade.map((each) => each.sql))
        expect(read.downgrade!.map((step) => step.type)).toEqual(downgrade.map((each) => (each.outside ? 'outside' : 'execute')))
      }),
      { numRuns: 40 },
    )
  })
})

describe('the file', () => {
  const date = new Date('2026-01-31T09:30:15Z')

  test('is named by date, time, revision and message', () => {
    const name = (message: string, fileTemplate?: string) => migrationFileName({ revision: '8c1f0e5a2b7d', message, date, fileTemplate })
    expect(name('Add last_login to "Üsers"!')).toBe('20260131_0930_8c1f0e5a2b7d_add_last_login_to_users.ts')
    expect(name('')).toBe('20260131_0930_8c1f0e5a2b7d.ts')
    expect(name('../../etc/passwd')).toBe('20260131_0930_8c1f0e5a2b7d_etc_passwd.ts')
    expect(name('x'.repeat(200))).toHaveLength(30 + 40)
    expect(name('a b', '{revision}-{slug}')).toBe('8c1f0e5a2b7d-a_b.ts')
    expect(() => name('x', '{year}_{slug}')).toThrow('the file template has no part {year}')
    expect(() => name('x', '../{slug}')).toThrow('the file template gives "../x", which is not a name for a migration file')
  })

  test('appears whole, and never over another', async () => {
    const inside = join(folder, 'new', 'deeper')
    const file = { revision: 'aaaa', message: 'one', text: 'first', date }
    const path = await writeMigration(inside, file)
    expect(path).toBe(join(inside, '20260131_0930_aaaa_one.ts'))
    await expect(writeMigration(inside, { ...file, text: 'second' })).rejects.toThrow(`${path} exists already`)
    expect(await readFile(path, 'utf8')).toBe('first')
    expect(await readdir(inside)).toEqual(['20260131_0930_aaaa_one.ts'])
  })

  test('gets an id of its own', () => {
    expect(newRevisionId()).toMatch(/^[0-9a-f]{12}$/)
    expect(newRevisionId()).not.toBe(newRevisionId())
  })
})
