import { Chalk } from 'chalk'
import { SchemaModel } from '../../src/model/schema-model.js'
import type { SchemaObject } from '../../src/model/schema-object.js'
import type { Operation } from '../../src/operations/operation.js'
import { operationsText, rebuilt, type Reviewed } from '../../src/review/operations-text.js'
import { visible } from '../../src/review/visible.js'

const chalk = new Chalk({ level: 0 })

function object(ref: string, parent: string | null, attrs = {}, position?: number): SchemaObject {
  const name = ref.slice(ref.lastIndexOf('.') + 1)
  return { kind: ref.slice(0, ref.indexOf(':')), ref, parent, id: { name }, attrs, ...(position !== undefined && { position }) }
}

const table = object('table:app.users', 'schema:app')
const column = (name: string, attrs = {}, position = 1) => object(`column:app.users.${name}`, table.ref, attrs, position)
const model = (...objects: SchemaObject[]) => new SchemaModel({ version: { number: 180000, major: 18 }, objects, dependencies: [], unmanaged: [] })

function text(operations: Operation[], more: Partial<Reviewed> = {}): string {
  const from = model(table, ...operations.flatMap((each) => (each.type === 'drop' ? [each.object] : 'from' in each ? [each.from] : [])))
  const to = model(table, ...operations.flatMap((each) => (each.type === 'create' ? [each.object] : 'to' in each ? [each.to] : [])))
  return operationsText({ operations, steps: [], from, to, ...more }, chalk)
}

test('changes of parts stand under their table, in the order of its columns', () => {
  expect(
    text([
      { type: 'create', object: column('b', {}, 3) },
      { type: 'alter', from: column('a', { type: 'text', notNull: true }, 2), to: column('a', { type: 'citext' }, 2) },
      { type: 'drop', object: object('index:app.users_a', table.ref) },
    ]),
  ).toBe('  ~ table app.users\n      ~ column a: type text → citext, no longer not null\n      + column b\n      - index app.users_a')
})

test('attributes are written for people', () => {
  const from = column('id', { notNull: { name: 'other' }, identity: { generated: 'always', cycle: true }, labels: ['a', 'b'], body: 'x'.repeat(99) })
  const to = column('id', { notNull: true, labels: ['a'], body: 'y'.repeat(99) })
  expect(text([{ type: 'alter', from, to }])).toContain(
    '~ column id: not null (name other) → not null, identity (generated always, cycle) → none, labels (a, b) → (a), body changed',
  )
})

test('what looks the same on one line says where it differs', () => {
  const [from, to] = [column('f', { body: 'begin\r\nend' }), column('f', { body: 'begin\nend' })]
  expect(text([{ type: 'alter', from, to }])).toContain('~ column f: body changed in white space')
})

test('a member with a name is called by it', () => {
  const from = column('id', { columns: [{ name: 'name', opclass: 'gin_trgm_ops' }] })
  const to = column('id', { columns: [{ name: 'first_name', opclass: 'gin_trgm_ops' }] })
  expect(text([{ type: 'alter', from, to }])).toContain('columns ((name, opclass gin_trgm_ops)) → ((first_name, opclass gin_trgm_ops))')
})

test('a part that is renamed is named without its table', () => {
  expect(text([{ type: 'rename', from: column('a'), to: column('b') }])).toBe('  ~ table app.users\n      > column a to b')
})

test('a new table names its parts in one line', () => {
  const parts = Array.from({ length: 9 }, (_, n): Operation => ({ type: 'create', object: column(`c${n}`, {}, n) }))
  expect(text([{ type: 'create', object: table }, ...parts, { type: 'create', object: object(`comment:${table.ref}`, table.ref, { text: 'x' }) }])).toBe(
    '  + table app.users\n      9 columns: c0, c1, c2, c3, c4, c5, …; comment',
  )
})

test('what is created again names its reason, once for an object and its parts', () => {
  const view = object('view:app.v', 'schema:app')
  const comment = object(`comment:${view.ref}`, view.ref)
  const step = (ref: string) => ({ ref, action: 'create' as const, because: 'column:app.users.a', comments: [], hazards: [], statement: { sql: '', transaction: 'inside' as const } })
  const operations: Operation[] = [{ type: 'alter', from: column('a', { type: 'text' }), to: column('a', { type: 'citext' }) }]
  const reviewed = { operations, steps: [step(view.ref), step(comment.ref)], from: model(table, view, comment), to: model(table, view, comment) }
  expect(rebuilt(reviewed)).toEqual([{ object: 'view:app.v', because: 'column:app.users.a' }])
  expect(operationsText(reviewed, chalk)).toContain('  ↻ view app.v is created again, because of column app.users.a')
})

test('a loss of data stands under what loses it', () => {
  const dropped = column('phone')
  const step = {
    ref: dropped.ref,
    action: 'drop' as const,
    comments: [],
    hazards: [{ code: 'data-loss' as const, object: dropped.ref, message: 'column app.users.phone: the values are gone' }],
    statement: { sql: '', transaction: 'inside' as const },
  }
  expect(text([{ type: 'drop', object: dropped }], { steps: [step] })).toBe('  ~ table app.users\n      - column phone\n          ! DATA LOSS: the values are gone')
})

test('what a terminal would obey is written out', () => {
  expect(visible('a\nb\u001b[2J\u2028\u202e')).toBe('a\\nb\\u001b[2J\\u2028\\u202e')
})
