import type { Declaration } from '../authoring/declared.js'
import type { ServerVersion } from '../database/database.js'
import { SchemaError } from '../errors.js'
import { kindOf } from '../kinds/registry.js'
import { showPosition, titleOf } from './declared-model.js'
import { manyMore } from './failures.js'
import { originalPosition, readyPositions } from './original-position.js'

/**
 * Refuses declarations that the version of PostgreSQL they are meant for cannot express, before any SQL is made of them.
 *
 * @throws SchemaError with the place of the first one; the others are listed
 * @example await checkVersionNeeds(declarations, live.version)
 */
export async function checkVersionNeeds(declarations: readonly Declaration[], { major }: ServerVersion): Promise<void> {
  const tooNew = declarations.flatMap(({ object, at }) =>
    (kindOf(object).versionNeeds?.(object) ?? []).filter(([since]) => since > major).map(([since, what]) => ({ object, at, since, what })),
  )
  const [first, ...others] = tooNew
  if (!first) return
  await readyPositions()
  const also = others.map(({ object, at, since, what }) => `also ${titleOf(object)}${at ? ` (${showPosition(at)})` : ''}: ${what} (PostgreSQL ${since})`)
  throw new SchemaError(`${titleOf(first.object)}: ${first.what} needs PostgreSQL ${first.since} or later, and the database is ${major}`, {
    at: first.at && originalPosition(first.at),
    detail: manyMore(also).join('\n') || undefined,
    hint: 'leave it out of the schema, or upgrade the server first',
  })
}
