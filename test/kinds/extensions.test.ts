import { SchemaError } from '../../src/errors.js'
import { extension, schema } from '../../src/schema.js'
import { diff } from '../../src/differ/diff.js'
import { elaborate } from '../../src/declaration/elaborate.js'
import { reflect } from '../../src/reflector/reflect.js'
import { scopeOf } from '../../src/reflector/scope.js'
import { engines, freshSession } from '../support/servers.js'

describe.each(engines)('on %s', (engine) => {
  test('a version counts only where it is declared', async () => {
    const database = await freshSession(engine, ['hstore'])
    const scratch = await freshSession(engine, ['hstore'])
    try {
      await database.executeAll([`CREATE EXTENSION hstore VERSION '1.7'`])
      const differences = async (declared: ReturnType<typeof extension>) => {
        const declarations = [...declared.declarations(), ...schema('public').declarations()]
        const scope = scopeOf(undefined, declarations.map(({ object }) => object), { versionSchema: 'autogen' })
        return diff(await reflect(database, scope), await elaborate(scratch, declarations, { scope }))
      }
      expect(await differences(extension('hstore'))).toEqual([])
      expect(await differences(extension('hstore', { version: '1.7' }))).toEqual([])
      expect(await differences(extension('hstore', { version: '1.8' }))).toMatchObject([
        { type: 'alter', from: { attrs: { version: '1.7' } }, to: { attrs: { version: '1.8' } } },
      ])
    } finally {
      await database.close()
      await scratch.close()
    }
  })
})

test('an extension without a name is refused', () => {
  expect(() => extension('')).toThrow(SchemaError)
})
