import { tableMembers } from '../../src/kinds/column-members.js'
import { SchemaError } from '../../src/errors.js'
import {
  bigint, columnDefault, integer, jsonb, numeric, schema, sql, table, text, timestamptz, type, varchar, type Insert, type Row,
} from '../../src/schema.js'

const app = schema('app')
const status = app.enum('status', ['open', 'paid'])
const users = app.table('users', {
  id: bigint().generatedAlwaysAsIdentity().primaryKey(),
  email: text().notNull(),
  nickname: text(),
  tags: text().array().notNull().default([]),
  settings: jsonb<{ theme: string }>().notNull().default({ theme: 'dark' }),
  status: status().notNull().default('open'),
  score: numeric(5, 2).generatedAlwaysAs(sql`1.5`),
  comment: text(),
})

test('rows and new rows have the types of the columns', () => {
  const row: Row<typeof users> = {
    id: '1', email: 'a@b', nickname: null, tags: ['x'], settings: { theme: 'dark' }, status: 'paid', score: null, comment: null,
  }
  const smallest: Insert<typeof users> = { email: 'a@b' }
  // @ts-expect-error the email is required
  const none: Insert<typeof users> = {}
  // @ts-expect-error PostgreSQL refuses a value for the id
  const numbered: Insert<typeof users> = { email: 'a@b', id: '1' }
  // @ts-expect-error the enum has no such label
  expect(() => status().default('lost')).not.toThrow()
  expect([row, smallest, none, numbered]).toHaveLength(4)
})

test('columns stand for their names in SQL', () => {
  expect(sql`select ${users.email} from ${users} where ${users.columns.comment} is null`.text).toBe(
    'select users.email from app.users where comment is null',
  )
  const elements: string[] = []
  app.table('t', { 'Spaced Name': integer() }, (t) => {
    elements.push(sql`${t['Spaced Name']} > 0`.text)
    return []
  }).declarations()
  expect(elements).toEqual(['"Spaced Name" > 0'])
})

test('columns named like a method are in `columns`', () => {
  expect(users.columns.comment.name).toBe('comment')
  expect([...tableMembers]).toEqual(expect.arrayContaining(['comment', 'columns', 'at', 'kind', 'owner', 'partitionBy', 'toString']))
  expect(tableMembers).not.toContain('email')
})

test('a partition has the columns of its parent, a child those of its parents', () => {
  const events = app.table('events', { at: timestamptz().notNull(), kind: text() }).partitionByRange('at')
  const partition = events.partition('events_2024', { from: '2024-01-01', to: sql`MAXVALUE` })
  expect(partition.at).toBeDefined()
  expect(partition.columns.at.name).toBe('at')
  expect(partition.object.attrs.partitionOf).toEqual({
    parent: { schema: 'app', name: 'events' },
    bound: "FOR VALUES FROM ('2024-01-01') TO (MAXVALUE)",
  })
  const admins = app.table('admins', { level: integer() }).inherits(users)
  const row: Pick<Row<typeof admins>, 'email' | 'level'> = { email: 'a@b', level: null }
  expect([admins.email.name, admins.level.name, row.level]).toEqual(['email', 'level', null])
})

test('a table refers to itself and to tables further down', () => {
  const nodes = table('nodes', { id: bigint().primaryKey(), parent: bigint().references(() => nodes.id), tree: bigint().references(() => trees.id, { onDelete: 'cascade' }) })
  const trees = table('trees', { id: bigint().primaryKey() })
  const references = nodes.declarations().flatMap(({ object }) => object.attrs.references ?? [])
  expect(references).toEqual([
    { schema: 'public', name: 'nodes', columns: ['id'] },
    { schema: 'public', name: 'trees', columns: ['id'] },
  ])
})

test('one column can be used in several tables', () => {
  const created = timestamptz().notNull().default(sql`now()`).unique()
  const [a, b] = [table('a', { created }), table('b', { created })]
  expect(a.declarations().map(({ object }) => object.ref).filter((ref) => ref.includes('public.b'))).toEqual([])
  expect(b.declarations().map(({ object }) => object.ref)).toContain('column:public.b.created')
})

test.each<[string, () => unknown, RegExp]>([
  ['a column that there is not', () => (users as never as { emial: unknown }).emial, /table app\.users has no column emial/],
  ['a column that the callback does not have', () => table('t', { a: integer() }, (t) => [(t as never as { b: never }).b]).declarations(), /has no column b/],
  ['a partition key that is no column', () => table('t', { a: integer() }).partitionByRange('b' as never), /has no column b/],
  ['a column without a type', () => table('t', { a: 'integer' as never }), /column public\.t\.a is not made by a type/],
  ['no columns', () => table('t', undefined as never), /table public\.t has no columns/],
  ['an empty name', () => table('', {}), /a table has an empty name/],
  ['a name that PostgreSQL would cut', () => table('ü'.repeat(32), {}), /longer than 63 bytes/],
  ['a column name that PostgreSQL would cut', () => table('t', { ['x'.repeat(64)]: integer() }), /longer than 63 bytes/],
  ['a name with NUL', () => table('a\0b', {}), /NUL/],
  ['something else among the elements', () => table('t', { a: integer() }, () => [42 as never]).declarations(), /not a part of a table/],
  ['an empty list of values', () => table('t', { a: integer() }).partition('p', { in: [] }), /has no values/],
  ['a default that is nothing', () => text().default(undefined as never), /the default is undefined/],
  ['a default beside an identity', () => (integer().generatedAlwaysAsIdentity() as never as { default(value: number): unknown }).default(1), /cannot have a default/],
  ['a length that is none', () => varchar(0), /length of varchar/],
  ['a step of an identity that is no number', () => bigint().generatedAlwaysAsIdentity({ increment: 'x' }), /not a whole number/],
  ['an unknown option of an identity', () => bigint().generatedAlwaysAsIdentity({ startWith: 1 } as never), /startWith is no option of an identity column/],
  ['an empty type', () => type(' '), /a type is empty/],
  ['a default that is no SQL', () => columnDefault('v', 'a', 'open' as never), /not SQL/],
])('refuses %s', (_, declare, message) => {
  expect(declare).toThrow(SchemaError)
  expect(declare).toThrow(message)
})
