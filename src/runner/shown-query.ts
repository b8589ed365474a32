const LONGEST = 80

/**
 * The query of another session as it may be shown: on one line, without comments, and without values, which may be secret. Undefined where PostgreSQL's
 * own scanner cannot tell what is a value, as in a query that was cut off.
 *
 * @example await shownQuery("select *\nfrom users where email = 'me@example.org'") // select * from users where email = …
 */
export async function shownQuery(query: string): Promise<string | undefined> {
  const { scan } = await import('libpg-query')
  const tokens = (await scan(query).catch(() => undefined))?.tokens.filter(({ tokenName }) => !tokenName.endsWith('COMMENT'))
  if (!tokens || tokens.length === 0) return undefined
  const texts = tokens.map(({ text, tokenName, start }, index) => {
    const apart = index > 0 && start > tokens[index - 1]!.end ? ' ' : ''
    return `${apart}${/^[SIFXB]+CONST$/.test(tokenName) || text.includes("'") ? '…' : text}`
  })
  const whole = texts.join('')
  return whole.length > LONGEST ? `${whole.slice(0, LONGEST).trimEnd()} …` : whole
}
