import type { HazardCode } from '../../src/hazards.js'
import { SchemaModel } from '../../src/model/schema-model.js'
import { block, code, inline } from '../../src/review/escape.js'
import { MARKER, reviewMarkdown } from '../../src/review/markdown.js'
import type { Review, ReviewedMigration, ReviewHazard } from '../../src/review/review.js'
import { table, text } from '../../src/schema.js'

/** What somebody may put into a name, a message, a file name or SQL. */
const HOSTILE = [
  '</details><script>alert(1)</script>',
  '<!-- --> -->',
  '``` \n```\n# heading\n- [x] @octocat closes #1',
  '`a` **b** _c_ ~~d~~ | e | [f](https://evil.example) ![g](x)',
  '$$ \\ & &lt; \u202e \u2028 \r\n www.evil.example GH-1',
  '````````',
]

const model = (name: string) =>
  new SchemaModel({ version: { number: 180000, major: 18 }, objects: table(name, { a: text() }).declarations().map(({ object }) => object), dependencies: [], unmanaged: [] })

function migrationWith(hostile: string, more: Partial<ReviewedMigration> = {}): ReviewedMigration {
  const after = model(hostile.slice(0, 40))
  const before = new SchemaModel({ ...after.toData(), objects: [] })
  const at = { file: hostile, line: 3 }
  return {
    revision: { revision: hostile, revises: [], dependsOn: [], branchLabels: [], message: hostile, file: hostile },
    edited: true,
    before,
    after,
    operations: [...after.objects.values()].map((object) => ({ operation: { type: 'create', object }, phase: 'contract' })),
    upgrade: [{ sql: hostile, transaction: 'outside', at, observed: { locks: [{ relation: hostile, mode: 'SHARE' }], reads: [hostile], rewrites: [], builds: [] } }],
    downgrade: [{ sql: Array.from({ length: 30 }, () => hostile).join('\n'), transaction: 'inside' }],
    hazards: [{ code: 'data-loss', object: hostile, message: hostile, instead: hostile, count: hostile, accepted: hostile, at }],
    advice: [{ code: 'data-loss', rule: 'x', severity: 'advice', object: hostile, message: hostile, instead: hostile, at }],
    proof: { result: 'failed', direction: 'downgrade', message: hostile, hint: hostile, at },
    ...more,
  }
}

function reviewOf(migrations: readonly ReviewedMigration[], more: Partial<Review> = {}): Review {
  return { engine: 'PostgreSQL 18', migrations, removed: [], problems: [], ...more }
}

const written = (review: Review) => reviewMarkdown(review, (file) => file)

/** The text without what is code, of which Markdown takes nothing for anything else. */
function withoutCode(markdown: string): string {
  const lines: string[] = []
  let fence: string | undefined
  for (const line of markdown.split('\n')) {
    if (fence !== undefined) {
      if (new RegExp(`^ {0,3}\`{${fence.length},}\\s*$`).test(line)) fence = undefined
      continue
    }
    fence = /^(`{3,})\w*$/.exec(line)?.[1]
    // Code in a line lasts until as many backticks as it begins with.
    if (fence === undefined) lines.push(line.replace(/(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)/g, '·'))
  }
  if (fence !== undefined) throw new Error('a block of code has no end')
  return lines.join('\n')
}

test.each(HOSTILE)('nothing of a migration becomes anything but text: %j', (hostile) => {
  const problems = [{ message: hostile, at: { file: hostile, line: 1 }, hint: hostile }]
  const safe = written(reviewOf([migrationWith('harmless')], { base: 'main', removed: ['file'], problems: [{ message: 'text', at: { file: 'file', line: 1 }, hint: 'text' }] }))
  const markdown = written(reviewOf([migrationWith(hostile)], { base: hostile, removed: [hostile], problems }))
  const shape = (text: string) =>
    withoutCode(text)
      .replace(/\(30 steps?\)/g, '')
      .replace(/harmless|\btext\b/g, '·')
      .split('\n')
      .filter((line) => line !== '')
  expect(shape(markdown)).toEqual(shape(safe))
  expect(withoutCode(markdown).match(/<[^>]*>/g)).toEqual(withoutCode(safe).match(/<[^>]*>/g))
  expect(markdown).not.toMatch(/[\u202a-\u202e\u2028\r]/)
})

test.each([
  ['plain', 'plain', '`plain`'],
  ['column app.users.email: it is', 'column app.users.email: it is', '`column app.users.email: it is`'],
  ['a `b`', '``a `b` ``', '`` a `b` ``'],
  ['_a_', '`_a_`', '`_a_`'],
  ['ping @octocat', '`ping @octocat`', '`ping @octocat`'],
  ['see http://x', '`see http://x`', '`see http://x`'],
])('%j in a line', (text, asText, asCode) => {
  expect(inline(text).replace(/^`` /, '``')).toBe(asText)
  expect(code(text)).toBe(asCode)
})

test('a block is longer fenced than anything in it', () => {
  expect(block('sql', 'a ````\n\tb')).toBe('`````sql\na ````\n  b\n`````')
})

const hazard = (code: HazardCode, object: string): ReviewHazard => ({ code, object, message: 'it hurts', instead: 'something else' })

test('a summary first; then hazards, never folded, and the long SQL folded', () => {
  const migration = migrationWith('one', {
    edited: false,
    hazards: [hazard('may-fail', 'a'), hazard('data-loss', 'b'), { ...hazard('data-loss', 'c'), accepted: 'nobody reads it' }, { ...hazard('irreversible', 'd'), allowed: true }],
    proof: { result: 'proven' },
  })
  const markdown = written(reviewOf([migration]))
  expect(markdown.split('\n').slice(0, 3)).toEqual([MARKER, '', '**1 migration, 1 change; 2 open hazards, the worst `data-loss`; contract: run it after the deploy, when no code of the release before runs any more**'])
  const folded = [...markdown.matchAll(/<details>[^]*?<\/details>/g)].join('\n')
  expect(folded).toContain('one\none')
  expect(folded).not.toContain('it hurts')
  expect(markdown).toContain('- ⚠️ **may-fail** `a`: it hurts\n  - instead: something else')
  expect(markdown).toContain('- ☑️ **data-loss** (accepted: nobody reads it) `c`: it hurts')
  expect(markdown).toContain('-- 1: SHARE on one, reads all of one; outside the transaction\none;')
})

test('a comment that would be too long for GitHub leaves out SQL, and no hazard', () => {
  const long = migrationWith('one', { upgrade: [{ sql: 'x'.repeat(70_000), transaction: 'inside' }], hazards: Array.from({ length: 50 }, (_, number) => hazard('may-fail', `object ${number}`)) })
  const markdown = written(reviewOf([long]))
  expect(markdown.length).toBeLessThan(60_000)
  expect(markdown).toContain('SQL is left out, since the comment would be too long; `autogen show one` prints it.')
  expect(markdown.match(/it hurts/g)).toHaveLength(50)
})
