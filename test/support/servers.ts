import { randomBytes } from 'node:crypto'
import type { Database } from '../../src/database/database.js'
import { openPglite } from '../../src/database/pglite.js'
import { connectPostgres } from '../../src/database/postgres.js'
import { installedMajors } from '../../src/database/native.js'

/** Every major there is a server for. */
export const allMajors: readonly number[] = installedMajors(process.cwd()).filter((major) => major >= 14)

/** Whether everything runs on every engine. */
export const everywhere = process.env.AUTOGEN_TEST_ENGINES === 'all'

/** The majors most tests run on: the oldest and the newest, or all with AUTOGEN_TEST_ENGINES=all. */
export const majors: readonly number[] = everywhere ? allMajors : [...new Set([allMajors[0]!, allMajors.at(-1)!])]

/** The newest alone, for tests of what majors have alike and that take long, or all. */
export const newestMajor: readonly number[] = everywhere ? allMajors : majors.slice(-1)

/** The server of a major as `{ url }`: started when first asked for, shared by all test files, stopped after the last one. */
export async function server(major: number): Promise<{ url: string }> {
  const answer = await fetch(`${process.env.AUTOGEN_TEST_SERVERS}/${major}`)
  const text = await answer.text()
  if (!answer.ok) throw new Error(text)
  return { url: text }
}

/** The url of a new, empty database on the server of a major. */
export async function freshDatabase(major: number): Promise<string> {
  const { url } = await server(major)
  const name = `test_${randomBytes(6).toString('hex')}`
  const admin = await connectPostgres(url)
  try {
    await admin.executeAll([`CREATE DATABASE ${name} TEMPLATE template0`])
  } finally {
    await admin.close()
  }
  return url.replace('/postgres?', `/${name}?`)
}

/** A new, empty database of the embedded engine; the test closes it. */
export function freshPglite(extensions: readonly string[] = []): Promise<Database> {
  return openPglite({ extensions })
}

export type Engine = number | 'pglite'

/** What a test that must hold everywhere runs on: `describe.each(engines)('on %s', (engine) => …)`. */
export const engines: readonly Engine[] = [...majors, 'pglite']

/** The same for what a kind does with rows: on the embedded engine, which is one of these majors, only with AUTOGEN_TEST_ENGINES=all. */
export const dataEngines: readonly Engine[] = everywhere ? engines : majors

/** A session with a new, empty database of an engine; the test closes it. */
export async function freshSession(engine: Engine, extensions: readonly string[] = []): Promise<Database> {
  return engine === 'pglite' ? freshPglite(extensions) : freshServerDatabase(engine)
}

/** A session with a new, empty database on the server of a major; the test closes it. */
export async function freshServerDatabase(major: number): Promise<Database> {
  return connectPostgres(await freshDatabase(major))
}
