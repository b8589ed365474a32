import { readFileSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'

/** What a line of the password file must match. */
export interface Login {
  readonly host: string
  readonly port: number
  readonly database: string | undefined
  readonly user: string | undefined
}

/**
 * The password that psql would take from `$PGPASSFILE` or `~/.pgpass`: of the first line `host:port:database:user:password` that
 * matches, `*` matching anything. A file that others may read is ignored, as psql does.
 */
export function passwordFromFile(login: Login): string | undefined {
  const lines = readPrivate(process.env.PGPASSFILE || join(homedir(), '.pgpass'))?.split(/\r?\n/) ?? []
  const wanted = [login.host.startsWith('/') ? 'localhost' : login.host, String(login.port), login.database ?? '', login.user ?? '']
  for (const line of lines) {
    if (line.startsWith('#')) continue
    const fields = [...line.matchAll(/(?:^|:)((?:[^:\\]|\\.)*)/g)].map(([, field]) => field!)
    if (fields.length < 5) continue
    if (wanted.every((value, index) => fields[index] === '*' || unescaped(fields[index]!) === value)) return unescaped(fields[4]!)
  }
  return undefined
}

function unescaped(field: string): string {
  return field.replace(/\\(.)/g, '$1')
}

function readPrivate(file: string): string | undefined {
  try {
    if (process.platform !== 'win32' && (statSync(file).mode & 0o077) !== 0) return undefined
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
