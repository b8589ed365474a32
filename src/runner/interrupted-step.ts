import type { Database } from '../database/database.js'
import type { Interruption } from './history.js'
import { effectOf, type Effect, type Standing } from './step-effect.js'

/**
 * Clears away, or finishes, what a statement outside a transaction left half done in an earlier run, of which `interruption` is the last word: it
 * `failed` in this statement, or was still `running` it, and may have come to its end. True when nothing is left to do. Statements that can simply
 * be run again are left alone.
 *
 * @example if (!(await settle(database, 'CREATE INDEX CONCURRENTLY a_b ON a (b)', interruption))) await run()
 */
export async function settle(database: Database, sql: string, { outcome, progress }: Interruption): Promise<boolean> {
  const mayHaveEnded = outcome === 'running'
  const effect = await effectOf(sql)
  switch (effect?.type) {
    case 'create index': {
      if (effect.index === undefined && progress === null) return false
      const known = progress === null ? [] : (JSON.parse(progress) as string[])
      const made = (await indexesOf(database, effect.table)).filter(({ name }) => (effect.index === undefined ? !known.includes(name) : name === effect.index))
      for (const { index } of made.filter(({ isValid }) => !isValid)) await database.executeAll([`DROP INDEX CONCURRENTLY ${index}`])
      return mayHaveEnded && made.some(({ isValid }) => isValid)
    }
    case 'drop index':
      return mayHaveEnded && !(await holds(database, 'SELECT WHERE pg_catalog.to_regclass($1) IS NOT NULL', effect.index))
    case 'reindex':
      for (const index of await leftOfRebuild(database, effect)) await database.executeAll([`DROP INDEX CONCURRENTLY ${index}`])
      return false
    case 'detach': {
      const [row] = await database.query(
        'SELECT inhdetachpending FROM pg_catalog.pg_inherits WHERE inhparent = pg_catalog.to_regclass($1) AND inhrelid = pg_catalog.to_regclass($2)',
        [effect.parent, effect.partition],
      )
      if (row?.[0] !== true) return mayHaveEnded && row === undefined
      await database.executeAll([`ALTER TABLE ${effect.parent} DETACH PARTITION ${effect.partition} FINALIZE`])
      return true
    }
    case 'add value':
      return mayHaveEnded && (await holds(database, 'SELECT FROM pg_catalog.pg_enum WHERE enumtypid = pg_catalog.to_regtype($1) AND enumlabel = $2', effect.enumType, effect.label))
    case 'create':
      return mayHaveEnded && (await holds(database, NAMED[effect.what], effect.name))
    case 'drop':
      return mayHaveEnded && !(await holds(database, NAMED[effect.what], effect.name))
    case 'add publication':
    case 'drop publication': {
      const [row] = await database.query(`SELECT subpublications ${fromSubscriptions}`, [effect.subscription])
      const has = (publication: string) => (row?.[0] as string[] | undefined)?.includes(publication) === (effect.type === 'add publication')
      return mayHaveEnded && row !== undefined && effect.publications.every(has)
    }
    default:
      return false
  }
}

/** What must be known of the state before a statement, to tell after an interruption what is of its making; undefined when nothing must. */
export async function noteBefore(database: Database, sql: string): Promise<string | undefined> {
  const effect = await effectOf(sql)
  if (effect?.type !== 'create index' || effect.index !== undefined) return undefined
  return JSON.stringify((await indexesOf(database, effect.table)).map(({ name }) => name))
}

async function indexesOf(database: Database, table: string): Promise<{ index: string; name: string; isValid: boolean }[]> {
  const rows = await database.query(
    `SELECT i.indexrelid::regclass::text, x.relname::text, i.indisvalid FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
     WHERE i.indrelid = pg_catalog.to_regclass($1)`,
    [table],
  )
  return rows.map(([index, name, isValid]) => ({ index, name, isValid }) as { index: string; name: string; isValid: boolean })
}

/** The indexes that a rebuild made or replaced and did not get to drop: the manual of REINDEX names their endings, of which a number keeps several apart. */
async function leftOfRebuild(database: Database, { of: { relation, schema } }: Extract<Effect, { type: 'reindex' }>): Promise<string[]> {
  const inSchema = schema === undefined ? 'true' : 'relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = $1)'
  const root = 'pg_catalog.to_regclass($1)'
  const rebuilt = relation === undefined ? `SELECT oid FROM pg_catalog.pg_class WHERE ${inSchema}` : `SELECT ${root}::oid AS oid UNION SELECT relid FROM pg_catalog.pg_partition_tree(${root})`
  const rows = await database.query(
    `WITH rebuilt AS (${rebuilt}),
       tables AS (SELECT oid FROM rebuilt UNION SELECT indrelid FROM pg_catalog.pg_index JOIN rebuilt ON oid = indexrelid)
     SELECT i.indexrelid::regclass::text FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class x ON x.oid = i.indexrelid
     WHERE NOT i.indisvalid AND x.relname ~ '_cc(new|old)[0-9]*$'
       AND (i.indrelid IN (SELECT oid FROM tables) OR i.indrelid IN (SELECT reltoastrelid FROM pg_catalog.pg_class JOIN tables USING (oid)))`,
    [relation ?? schema ?? []].flat(),
  )
  return rows.map(([index]) => index as string)
}

const fromSubscriptions =
  'FROM pg_catalog.pg_subscription WHERE subname = $1 AND subdbid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())'

/** Whether there is one of that name. */
const NAMED: Record<Standing, string> = {
  database: 'SELECT FROM pg_catalog.pg_database WHERE datname = $1',
  tablespace: 'SELECT FROM pg_catalog.pg_tablespace WHERE spcname = $1',
  subscription: `SELECT ${fromSubscriptions}`,
}

async function holds(database: Database, sql: string, ...parameters: string[]): Promise<boolean> {
  return (await database.query(sql, parameters)).length > 0
}
