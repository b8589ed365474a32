import { declaredModel } from '../../src/declaration/declared-model.js'
import { diff } from '../../src/differ/diff.js'
import { plan } from '../../src/planner/plan.js'
import { authorsIntent } from '../../src/project/authors-intent.js'
import { foreignDataWrapper, foreignServer, integer, schema, secret, text } from '../../src/schema.js'

const app = schema('app')
const web = foreignDataWrapper('web')
const shop = foreignServer('shop', { wrapper: 'web' })

test('the variables that the author names reach the SQL, of a table and of its columns, new and altered', () => {
  const orders = (secrets: boolean) =>
    app
      .table('orders', { id: integer(), note: secrets ? text().settings({ foreign: { access_token: secret('NOTE_TOKEN') } }) : text() })
      .onServer(shop, secrets ? { api_key: secret('ORDERS_KEY') } : {})
  const customers = app.table('customers', { id: integer().settings({ foreign: { token: secret('ID_TOKEN') } }) }).onServer(shop, { api_key: secret('CUSTOMERS_KEY') })
  const before = [app, web, shop, orders(false)].flatMap((each) => each.declarations())
  const after = [app, web, shop, orders(true), customers].flatMap((each) => each.declarations())
  const [from, to] = [before, after].map((declarations) => declaredModel(declarations, { major: 14, number: 140000 }))
  const sql = plan(from!, to!, diff(from!, to!), authorsIntent(after)).map(({ statement }) => statement.sql)
  const variables = sql.join('\n').match(/(?<=autogen\.secret\.)\w+/g)
  expect([...new Set(variables)].sort()).toEqual(['CUSTOMERS_KEY', 'ID_TOKEN', 'NOTE_TOKEN', 'ORDERS_KEY'])
})
