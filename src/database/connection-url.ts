import { DatabaseError } from '../errors.js'

/**
 * A connection string as it may be shown: without password, whatever the string looks like.
 *
 * @example redactUrl('postgres://app:s3cret@db/shop') // 'postgres://app@db/shop'
 */
export function redactUrl(url: string): string {
  const withoutParameters = url
    .replace(/([?&])(?:ssl)?password=[^&#]*(&?)/gi, (_, before: string, after: string) => (after ? before : ''))
    .replace(/\b(?:ssl)?password\s*=\s*(?:'(?:[^'\\]|\\.)*'?|[^\s&]+)\s*/gi, '')
  const [, scheme, rest] = /^([a-z][\w+.-]*:\/\/)([\s\S]*)$/i.exec(withoutParameters) ?? []
  if (scheme === undefined || rest === undefined) return withoutParameters
  // A password may hold any character, encoded or not: everything up to the last @ can belong to it.
  const end = rest.lastIndexOf('@')
  if (end < 0) return scheme + rest.replace(/^([^:/?#[\]]*):(?!\d*(?:[/?#]|$))[\s\S]*$/, '$1')
  const colon = rest.indexOf(':')
  return scheme + (colon < 0 || colon > end ? rest : rest.slice(0, colon) + rest.slice(end))
}

/** Throws for a string that cannot be what its author meant; the drivers would misread it, or show parts of the password. */
export function assertConnectionUrl(url: string): void {
  const label = redactUrl(url)
  if (!/^postgres(ql)?:\/\//i.test(url)) {
    throw new DatabaseError(`not a database url: ${label || '(empty)'}`, {
      hint: 'write postgres://user:password@host:port/database, or pglite://<directory> for an embedded database',
    })
  }
  const rest = url.slice(url.indexOf('://') + 3)
  const authority = rest.split(/[/?#]/, 1)[0]!
  const misplaced = !authority.includes('@') && authority.includes(':') && rest.split('?', 1)[0]!.includes('@')
  if (misplaced || /%(?![0-9a-f]{2})/i.test(authority) || !isParsable(url)) {
    throw new DatabaseError(`malformed database url: ${label}`, {
      hint: 'write postgres://user:password@host:port/database; in user and password, characters such as # / ? @ % are written %23 %2F %3F %40 %25',
    })
  }
}

/** The same server, another database. `name` must need no encoding. */
export function withDatabase(url: string, name: string): string {
  return url.replace(/^([^:]+:\/\/[^/?#]*)(\/[^?#]*)?/, `$1/${name}`)
}

/** A parameter after the question mark, as written. */
export function urlParameter(url: string, name: string): string | undefined {
  return new RegExp(`[?&]${name}=([^&#]*)`).exec(url)?.[1]
}

/** The url with a parameter set. */
export function withUrlParameter(url: string, name: string, value: string): string {
  const pattern = new RegExp(`([?&]${name}=)[^&#]*`)
  if (pattern.test(url)) return url.replace(pattern, `$1${value}`)
  return `${url}${url.includes('?') ? '&' : '?'}${name}=${value}`
}

/** Makes node-postgres read sslmode as libpq does: sockets have no TLS; `no-verify` is an invention of the driver. */
export function asLibpqReads(url: string): string {
  const named = /^[^:]+:\/\/(?:[^/?#@]*@)?([^/?#]*)/.exec(url)?.[1]
  const host = urlParameter(url, 'host') ?? (named || process.env.PGHOST || '')
  if (/^(\/|%2f)/i.test(host)) return withUrlParameter(url, 'sslmode', 'disable')
  const mode = urlParameter(url, 'sslmode')
  if (mode === undefined || mode === 'no-verify' || urlParameter(url, 'uselibpqcompat')) return url
  return withUrlParameter(url, 'uselibpqcompat', 'true')
}

function isParsable(url: string): boolean {
  try {
    // An empty host, as in postgres://user@/database?host=/run/postgresql, is accepted by the driver but not by URL.
    const parsed = new URL(url.replace('@/', '@localhost/'))
    decodeURIComponent(parsed.username)
    decodeURIComponent(parsed.password)
    return true
  } catch {
    return false
  }
}
