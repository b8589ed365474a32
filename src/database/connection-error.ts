import { DatabaseError } from '../errors.js'
import { isServerError } from './server-error.js'

/** Failures of the network, by the code Node gives them. */
const network: Readonly<Record<string, readonly [what: string, hint?: string]>> = {
  ECONNREFUSED: ['nothing accepts connections there', 'is the server running, and are host and port right?'],
  ENOENT: ['there is no such socket', 'is the server running, and is the socket directory right?'],
  EACCES: ['no permission to use this socket'],
  ENOTFOUND: ['unknown host', 'check the host name in the database url'],
  EAI_AGAIN: ['the host name cannot be looked up now', 'check the host name and the network'],
  ETIMEDOUT: ['no answer', 'check host, port and firewall'],
  EHOSTUNREACH: ['the host cannot be reached', 'check host and network'],
  ENETUNREACH: ['the network cannot be reached', 'check host and network'],
  ECONNRESET: ['the connection was reset', 'is this really a PostgreSQL server?'],
}

/** Refusals of the server while connecting, by SQLSTATE. */
const refusals: Readonly<Record<string, string>> = {
  '28P01': 'check user and password in the database url',
  '28000': 'check user, database and host against pg_hba.conf of the server; it may want sslmode=require',
  '3D000': 'create the database first, or check its name in the database url',
  '53300': 'the server has no free connection; raise max_connections or end idle sessions',
  '57P03': 'the server is starting up or shutting down; try again',
}

/** What went wrong while connecting, in words; `label` is the url without password, `password` is removed from all texts. */
export function connectionError(error: unknown, label: string, password: string | undefined): DatabaseError {
  const raw = error instanceof Error ? error.message : String(error)
  const clean = (text: string) => (password && password.length > 2 ? text.split(password).join('***') : text)
  const fail = (what: string, hint?: string, sqlState?: string, detail?: string) =>
    new DatabaseError(clean(`cannot connect to ${label}: ${what}`), { hint, sqlState, detail: detail && clean(detail) })

  if (isServerError(error) && error.code === '28000' && /does not exist/.test(raw)) return fail(raw, 'check the user in the database url, or create the role', error.code)
  if (isServerError(error)) return fail(error.message ?? raw, refusals[error.code!] ?? error.hint, error.code, error.detail)
  const code = (error as { code?: string } | null)?.code ?? ''
  const known = network[code]
  if (known) return fail(...known)
  if (/timeout expired/.test(raw)) return fail('no answer in time', 'check host, port and firewall, or raise connect_timeout in the database url')
  if (/does not support SSL/i.test(raw)) return fail('the server does not offer TLS', 'remove sslmode from the database url, or use sslmode=disable')
  if (/verify-ca requires/.test(raw)) return fail('sslmode=verify-ca has no authority to verify with', 'add sslrootcert=<file> to the database url')
  if (/CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|ERR_TLS|ERR_SSL|EPROTO/.test(code)) {
    return fail(`TLS failed: ${raw}`, 'name the authority with sslrootcert=<file> in the database url, or use sslmode=require, which does not verify')
  }
  if (/client password must be a (non-empty )?string/i.test(raw)) return fail('the server asks for a password', 'write it in the database url, or set PGPASSWORD')
  if (/terminated/.test(raw)) return fail('the connection was closed', 'is this really a PostgreSQL server?')
  return fail(raw)
}
