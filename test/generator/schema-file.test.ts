import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { loadSchema } from '../../src/declaration/load.js'
import { format } from '../../src/generator/format.js'
import { renderSchemaFile } from '../../src/generator/schema-file.js'
import { jsonLiteral, LITERAL_NEWLINE, memberAccess, propertyName, sqlLiteral, stringLiteral } from '../../src/generator/schema-literals.js'
import { VariableNames } from '../../src/generator/variable-names.js'
import { refOf } from '../../src/model/object-ref.js'
import { SchemaModel } from '../../src/model/schema-model.js'
import type { Dependency, SchemaObject } from '../../src/model/schema-object.js'
import { sql } from '../../src/sql/template.js'

const NASTY = ['`', '\\', '${', '${process.exit(1)}', '*/', '//', '\r\n', '\r', '\n', '\u2028', '\u2029', "'", '"', '\u202e', '\ufeff', '\ue000', '\\u0041', '\\n', '$', '{', '}', 'é', '🐘', '{{x}}', '__proto__', ',', '(', ']', '  ', '.a(']

const text = fc.array(fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' }))).map((parts) => parts.join(''))
/** What PostgreSQL takes as a name. */
const name = text.map((text) => text.replaceAll('\0', '').replace(/\p{Surrogate}/gu, '')).filter((text) => text.length > 0 && Buffer.byteLength(text) <= 63)

function evaluate(code: string): unknown {
  return new Function('sql', `return ${code.replaceAll(LITERAL_NEWLINE, '\n')}`)((...parts: Parameters<typeof sql>) => sql(...parts).text)
}

function model(objects: SchemaObject[], dependencies: Dependency[] = [], unmanaged: SchemaModel['unmanaged'] = []): SchemaModel {
  return new SchemaModel({ version: { number: 180000, major: 18 }, objects, dependencies, unmanaged })
}

const schemaObject = (name: string): SchemaObject => ({ kind: 'schema', ref: refOf('schema', name), parent: null, id: { name }, attrs: {} })

const enumObject = (schema: string, name: string, labels: string[]): SchemaObject => ({
  kind: 'enum',
  ref: refOf('enum', schema, name),
  parent: null,
  id: { schema, name },
  attrs: { labels },
})

describe('text of a database never becomes code', () => {
  test('a string literal is the text', () => {
    fc.assert(fc.property(text, (text) => expect(evaluate(stringLiteral(text))).toBe(text)))
  })

  test('an sql literal is the text, line ends included', () => {
    fc.assert(fc.property(text, (text) => expect(evaluate(sqlLiteral(text))).toBe(text)))
  })

  test('any value is itself', () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(tie('value')), fc.dictionary(text, tie('value'), { noNullPrototype: true })),
    })).value
    fc.assert(fc.property(json, (value) => expect(evaluate(jsonLiteral(value))).toEqual(value)))
  })

  test('a property is the name', () => {
    fc.assert(
      fc.property(text, (name) => {
        expect(Object.keys(evaluate(`({ ${propertyName(name)}: 1 })`) as object)).toEqual([name])
        expect(evaluate(memberAccess(`({ ${propertyName(name)}: 'found' })`, name))).toBe('found')
      }),
    )
  })

  test('formatting changes no literal', () => {
    const value = fc.array(fc.tuple(text, text))
    fc.assert(
      fc.property(value, (pairs) => {
        const code = `[${pairs.map(([a, b]) => `[${stringLiteral(a)}, sql${sqlLiteral(b).slice(3)}]`).join(', ')}]`
        expect(evaluate(format(code))).toEqual(pairs)
      }),
    )
  })

  test('a whole file declares the same objects', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'schema-file-'))
    const labels = fc.uniqueArray(name, { maxLength: 4 })
    const enums = fc.uniqueArray(fc.tuple(name, name, labels), { maxLength: 8, selector: ([schema, name]) => `${schema} ${name}` })
    try {
      await fc.assert(
        fc.asyncProperty(enums, text, async (enums, identity) => {
          const objects = [
            ...[...new Set(enums.map(([schema]) => schema))].map(schemaObject),
            ...enums.map(([schema, name, labels]) => enumObject(schema, name, labels)),
          ]
          const file = path.join(folder, 'schema.ts')
          await writeFile(file, renderSchemaFile(model(objects, [], [{ type: 'operator', identity }])))
          const { declarations, scope } = await loadSchema([file], { cwd: folder })
          expect(scope).toMatchObject({ schemas: 'all' })
          expect(new Map(declarations.map(({ object }) => [object.ref, object]))).toEqual(new Map(objects.map((object) => [object.ref, object])))
        }),
        { numRuns: 60 },
      )
    } finally {
      await rm(folder, { recursive: true })
    }
  })
})

describe('what a file looks like', () => {
  test('header, imports, scope, exports in order of need', () => {
    const objects = [enumObject('app', 'order_status', ['pending', 'paid']), enumObject('app', 'color', ['red']), schemaObject('app')]
    const file = renderSchemaFile(model(objects, [{ from: objects[1]!.ref, to: objects[0]!.ref, auto: false }], [{ type: 'operator', identity: 'app.===\n' }]), {
      manage: { schemas: ['app'] },
    })
    expect(file.slice(file.indexOf('//\n'))).toBe(`//
// Not in this file, because objects of these kinds are not managed:
//   operator app.===\\n
import { manage, schema } from 'pg-autogen/schema'

export const scope = manage({ schemas: ['app'] })

export const app = schema('app')

export const orderStatus = app.enum('order_status', ['pending', 'paid'])
export const color = app.enum('color', ['red'])
`)
  })

  test('the same model in another order is the same file', () => {
    const objects = ['b', 'a', 'c'].flatMap((schema) => [schemaObject(schema), enumObject(schema, 'x', ['1']), enumObject(schema, 'y', ['1'])])
    expect(renderSchemaFile(model([...objects].reverse()))).toBe(renderSchemaFile(model(objects)))
  })

  test('names of variables', () => {
    const names = new VariableNames(['text'])
    expect(names.take([['order_items']])).toBe('orderItems')
    expect(names.take([['order_items'], ['shop', 'order_items']])).toBe('shopOrderItems')
    expect(names.take([['order_items'], ['shop', 'order_items']])).toBe('orderItems2')
    expect(names.take([['class']])).toBe('class_')
    expect(names.take([['text']])).toBe('text_')
    expect(names.take([['t']])).toBe('t_')
    expect(names.take([['USERS']])).toBe('users')
    expect(names.take([['Order Items!']])).toBe('orderItems3')
    expect(names.take([['1st']])).toBe('_1st')
    expect(names.take([['größe']])).toBe('größe')
    expect(names.take([['!?']])).toBe('_')
    expect(names.take([['createdAt']])).toBe('createdAt')
  })

  test('layout', () => {
    expect(format("f({a: 1,\n b: [1,2]})")).toBe('f({ a: 1, b: [1, 2] })')
    expect(format("app.table('users', {\nid: bigint().primaryKey(), email: text()}, (t) => [\ncheck('c', sql`${t.id} > 0`)])")).toBe(
      `app.table('users', {
  id: bigint().primaryKey(),
  email: text(),
}, (t) => [
  check('c', sql\`\${t.id} > 0\`),
])`,
    )
    const long = 'x'.repeat(50)
    expect(format(`text('${long}').default('${long}').comment('${long}')`)).toBe(`text('${long}')\n  .default('${long}')\n  .comment('${long}')`)
    expect(format(`f(['${long}', '${long}', '${long}'])`)).toBe(`f([\n  '${long}',\n  '${long}',\n  '${long}',\n])`)
  })
})
