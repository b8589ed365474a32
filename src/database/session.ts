/** Runs pieces of work one after the other, in the order they came. */
export class Turnstile {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}

/** COMMIT, ROLLBACK and the like, which end a failed transaction; and COPY FROM STDIN, which reads what follows it on the wire as data. */
const ALONE = /^(?:\s|--[^\n]*(?:\n|$))*(?:\/\*|;|(?:commit|end|rollback|abort|prepare\s+transaction)\b)|\bstdin\b|;\s*(?:commit|rollback|abort)\b/i

/**
 * False for a statement behind which nothing may be sent before its outcome is known. Behind any other statement of a
 * transaction it is safe: when it fails, the server refuses what follows until the transaction ends.
 */
export function canBeFollowedBlindly(statement: string): boolean {
  return !ALONE.test(statement)
}
