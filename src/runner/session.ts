import type { Database } from '../database/database.js'
import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { AutogenError } from '../errors.js'
import { quoteLiteral } from '../sql/identifiers.js'

const BEGIN = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE'
/** A setting that lives as long as the transaction that set it, and so tells whether that is still open. */
const MARK = 'autogen.transaction'

/** A session whose statements run under the settings of migrations, in and outside transactions; `restore` puts the caller's back. */
export class MigrationSession {
  readonly #database: Database
  readonly #before: ReadonlyMap<string, string>
  readonly #lent: boolean
  #transactions = 0
  #endedEarly = false

  private constructor(database: Database, before: ReadonlyMap<string, string>, lent: boolean) {
    this.#database = database
    this.#lent = lent
    this.#before = before
  }

  /**
   * Takes over a connection; one that is in a transaction is refused, because the caller's work in it would be committed or lost. A `lent` one has
   * another session for each transaction: settings then last for a transaction only.
   */
  static async open(database: Database, { lent = false } = {}): Promise<MigrationSession> {
    if (await inTransaction(database)) {
      throw new AutogenError('the connection is in a transaction', {
        hint: 'commit or roll back first: migrations make transactions of their own',
      })
    }
    const names = [...EXECUTION_SETTINGS.map((setting) => /^SET (\w+) =/.exec(setting)![1]!), 'lock_timeout', 'statement_timeout', 'role']
    const [row] = await database.query(`SELECT ${names.map((name) => `current_setting(${quoteLiteral(name)})`).join(', ')}`)
    return new MigrationSession(database, new Map(names.map((name, index) => [name, row![index] as string])), lent)
  }

  /**
   * Runs `work` in a transaction and commits; rolls back when it throws. After statements of the user, `work` calls `assertOpen`, which throws
   * when they ended the transaction, and goes back to the role that they may have left.
   */
  async transaction<T>(work: (assertOpen: () => Promise<void>) => Promise<T>): Promise<T> {
    const mark = String(++this.#transactions)
    await this.#database.executeAll([
      BEGIN,
      ...EXECUTION_SETTINGS.map((setting) => setting.replace(/^SET /, 'SET LOCAL ')),
      `SET LOCAL ${MARK} = '${mark}'`,
    ])
    let committing = false
    try {
      const result = await work(() => this.#assertOpen(mark))
      committing = true
      await this.#database.executeAll(['COMMIT'])
      return result
    } catch (error) {
      // A commit that fails, as for a deferred constraint, takes everything back.
      this.#endedEarly ||= !committing && (await this.#isOver(mark))
      // The first failure is the one to report; a rollback on a broken connection fails for the same reason.
      await this.#database.executeAll(['ROLLBACK']).catch(() => undefined)
      throw error
    }
  }

  /** What is set for the session is set for somebody else's. */
  get lent(): boolean {
    return this.#lent
  }

  /** A statement of the user ended a transaction, so that a rollback did not take everything back. */
  get endedEarly(): boolean {
    return this.#endedEarly
  }

  /** Runs one statement outside any transaction block, after the given ones, which set what is put back afterwards. */
  async outside(sql: string, settings: readonly string[] = []): Promise<void> {
    await this.withSettings(() => this.#database.executeAll([sql]), settings)
    if (await inTransaction(this.#database)) {
      await this.#database.executeAll(['ROLLBACK'])
      throw new AutogenError('the statement left a transaction open', { hint: 'remove BEGIN from it; it was rolled back' })
    }
  }

  /** Does `work` outside any transaction block, under the settings of migrations. */
  async withSettings<T>(work: () => Promise<T>, settings: readonly string[] = []): Promise<T> {
    if (!this.#lent) await this.#database.executeAll([...EXECUTION_SETTINGS, ...settings])
    try {
      return await work()
    } finally {
      await this.restore().catch(() => undefined)
    }
  }

  /** Puts the caller's settings back, also when a migration changed them for the session. */
  async restore(): Promise<void> {
    if (this.#lent) return
    await this.#database.query(`SELECT ${[...this.#before.keys()].map((name) => this.#setting(name)).join(', ')}`)
  }

  async #assertOpen(mark: string): Promise<void> {
    if (!(await this.#isOver(mark))) {
      await this.#database.query(`SELECT ${this.#setting('role')}`)
      return
    }
    this.#endedEarly = true
    throw new AutogenError('a statement ended the transaction of the migration', {
      hint: 'remove COMMIT and ROLLBACK from the migration; op.outsideTransaction runs a statement by itself',
    })
  }

  #setting(name: string): string {
    return `set_config(${quoteLiteral(name)}, ${quoteLiteral(this.#before.get(name)!)}, ${this.#lent})`
  }

  /** False also for a transaction that failed: it still is to be rolled back. */
  async #isOver(mark: string): Promise<boolean> {
    const [row] = await this.#database.query(`SELECT current_setting('${MARK}', true)`).catch(() => [])
    return row !== undefined && row[0] !== mark
  }
}

/** A setting made local to the transaction is gone after the statement when there is no transaction block around it. */
async function inTransaction(database: Database): Promise<boolean> {
  try {
    await database.query(`SELECT set_config('${MARK}', 'probe', true)`)
  } catch (error) {
    if ((error as { sqlState?: string }).sqlState === '25P02') return true
    throw error
  }
  const [row] = await database.query(`SELECT current_setting('${MARK}', true)`)
  return row![0] === 'probe'
}
