import { EXECUTION_SETTINGS } from '../database/scratch-settings.js'
import { UsageError } from '../errors.js'
import { packageVersion } from '../package-version.js'
import { hashSteps } from '../revisions/record.js'
import type { Plan } from '../revisions/plan.js'
import { positionOf, stepsOf, type Migration, type Step } from '../revisions/revision.js'
import type { StampPlan } from '../revisions/stamp.js'
import type { Timeouts } from '../revisions/timeouts.js'
import { applyRowChanges, type RowChange } from '../revisions/version-rows.js'
import { dollarQuote, quoteLiteral } from '../sql/identifiers.js'
import { secretsIn, settingName } from '../sql/secret.js'
import { ended } from '../sql/statement.js'
import { baselineScript } from './baseline-script.js'
import { bookkeepingTables, DEFAULT_VERSION_SCHEMA, rowChangeSql, type BookkeepingTables } from './bookkeeping-sql.js'
import { lockKey } from './lock.js'
import { segmentsOf } from './run-migration.js'
import { settingStatements, timeoutsOfSteps, type StepTimeouts } from './timeouts.js'

export interface ScriptOptions {
  readonly versionSchema?: string
  /** Everything in one transaction instead of one for each migration. */
  readonly singleTransaction?: boolean
  /** What the migrations and their steps leave open. */
  readonly timeouts?: Timeouts | undefined
  /** What makes, of an empty database, the one that the history began on. */
  readonly baseline?: readonly Step[] | undefined
}

/**
 * A script for psql that does what the runner would do: the same transactions, settings and bookkeeping. It stops at the first error, and begins
 * only on a database that is where the plan starts.
 *
 * @throws RefusedError for a migration without a downgrade; UsageError where one transaction was asked for and a step must stand outside
 * @example await planScript(planOffline(graph, 'upgrade', 'head'), migrations)
 */
export async function planScript(plan: Plan, migrations: readonly Migration[], options: ScriptOptions = {}): Promise<string> {
  const byId = new Map(migrations.map((migration) => [migration.revision, migration]))
  const tables = bookkeepingTables(options.versionSchema ?? DEFAULT_VERSION_SCHEMA)
  let rows = plan.before
  const blocks: string[][] = []
  for (const { revision, direction, rowChanges } of plan.steps) {
    const migration = byId.get(revision.revision)!
    const run: ScriptRun = { migration, direction, steps: scriptSteps(migration, plan, options), rowsBefore: rows, rowChanges, timeouts: options.timeouts }
    rows = applyRowChanges(rows, rowChanges)
    blocks.push(run.steps.some(({ type }) => type === 'outside') ? await journaled(tables, run) : [...title(run), ...wrapped(options, await inside(tables, run))])
  }
  const begins = plan.direction === 'upgrade' && plan.before.length === 0 && blocks.length > 0 ? (options.baseline ?? []) : []
  const baseline = baselineScript(begins, options.versionSchema ?? DEFAULT_VERSION_SCHEMA, transaction(stepsSql(begins, [])))
  const body = [...PATIENCE, ...baseline, ...(options.singleTransaction ? ['', ...transaction(blocks.flat())] : blocks.flat())]
  return script(`${plan.direction} from ${named(plan.before)} to ${named(plan.after)}`, options, body)
}

/** The same for a stamp, which runs nothing. */
export function stampScript(plan: StampPlan, migrations: readonly Migration[], options: ScriptOptions = {}): string {
  const tables = bookkeepingTables(options.versionSchema ?? DEFAULT_VERSION_SCHEMA)
  const entries = (plan.after.length > 0 ? plan.after : ['base']).map((revision) => {
    const checksum = migrations.find((each) => each.revision === revision)?.checksum ?? null
    return insertEntry(tables, { revision, direction: 'stamp', checksum, outcome: 'done', steps: [] })
  })
  const body = ['', ...transaction([expectRows(tables, plan.before), ...changes(tables, plan.rowChanges), ...entries])]
  return script(`stamp ${named(plan.after)} on a database at ${named(plan.before)}`, options, body)
}

const PATIENCE = ['', '-- A statement that does not get its lock within lock_timeout ends the script: psql does not try again, as autogen does.']

interface ScriptRun {
  readonly migration: Migration
  readonly direction: Plan['direction']
  readonly steps: readonly Step[]
  readonly rowsBefore: readonly string[]
  readonly rowChanges: readonly RowChange[]
  readonly timeouts: Timeouts | undefined
}

function script(what: string, { versionSchema = DEFAULT_VERSION_SCHEMA }: ScriptOptions, body: readonly string[]): string {
  const { createSchema, createVersion, createHistory } = bookkeepingTables(versionSchema)
  const lines = [
    `-- ${what}`,
    `-- written by pg-autogen ${packageVersion()}, to be run by psql`,
    '\\set ON_ERROR_STOP on',
    '',
    `SELECT pg_catalog.pg_advisory_lock(${lockKey(versionSchema)});`,
    '',
    'BEGIN;',
    'SET LOCAL client_min_messages = warning;',
    ...[createSchema, createVersion, createHistory].map((statement) => `${statement};`),
    'COMMIT;',
    ...body,
    '',
    `SELECT pg_catalog.pg_advisory_unlock(${lockKey(versionSchema)});`,
  ]
  return `${lines.join('\n')}\n`
}

function title({ migration, direction }: ScriptRun): string[] {
  const message = migration.message.replace(/\s+/g, ' ').trim()
  return ['', `-- ${direction} ${migration.revision}${message === '' ? '' : `: ${message}`}`]
}

function wrapped({ singleTransaction }: ScriptOptions, statements: readonly string[]): string[] {
  return singleTransaction ? [...statements] : transaction(statements)
}

function transaction(statements: readonly string[]): string[] {
  const settings = EXECUTION_SETTINGS.map((setting) => `${setting.replace(/^SET /, 'SET LOCAL ')};`)
  return ['BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;', ...settings, ...statements, 'COMMIT;']
}

/** A migration that is one transaction, its bookkeeping included. */
async function inside(tables: BookkeepingTables, run: ScriptRun): Promise<string[]> {
  const { migration, direction, steps, rowsBefore, rowChanges } = run
  const entry = insertEntry(tables, { revision: migration.revision, direction, checksum: migration.checksum, outcome: 'done', steps })
  return [expectRows(tables, rowsBefore), ...stepsSql(steps, await timeoutsOf(run, steps)), ...changes(tables, rowChanges), entry]
}

/** One with steps outside a transaction: the log says after each part how far it has come, so that the runner can go on after a failure. */
async function journaled(tables: BookkeepingTables, run: ScriptRun): Promise<string[]> {
  const { migration, direction, steps, rowsBefore, rowChanges } = run
  const begun = insertEntry(tables, { revision: migration.revision, direction, checksum: migration.checksum, outcome: 'running', steps: [] })
  const lines = [...title(run), ...transaction([expectRows(tables, rowsBefore), begun])]
  for (const { from, to, outside } of segmentsOf(steps, 0)) {
    const some = steps.slice(from, to)
    const part = stepsSql(some, await timeoutsOf(run, some), outside)
    const last = to === steps.length && !outside
    const noted = updateEntry(tables, run, to, last ? 'done' : 'running')
    if (outside) lines.push(...EXECUTION_SETTINGS.map((setting) => `${setting};`), ...part, ...EXECUTION_SETTINGS.map((setting) => `RESET ${nameOf(setting)};`), noted)
    else lines.push(...transaction([expectRows(tables, rowsBefore), ...part, ...(last ? changes(tables, rowChanges) : []), noted]))
  }
  return lines
}

function timeoutsOf({ migration, timeouts }: ScriptRun, steps: readonly Step[]): Promise<StepTimeouts[]> {
  return timeoutsOfSteps(steps, migration.timeouts, timeouts)
}

function stepsSql(steps: readonly Step[], timeouts: readonly StepTimeouts[], outside = false): string[] {
  if (steps.length === 0) return []
  const set = (index: number) => (timeouts[index] ? settingStatements(timeouts[index], timeouts[index - 1], { local: !outside }).map((statement) => `${statement};`) : [])
  const variables = secretsOf(steps)
  return [
    ...variables.flatMap((variable) => handOver(variable, outside)),
    ...steps.flatMap(({ sql }, index) => [...set(index), ended(sql.trim())]),
    // A step may change the role; the bookkeeping is written by the one that runs the script.
    'RESET ROLE;',
    ...(outside ? [...variables.map(settingName), ...set(0).map(nameOf)].map((name) => `RESET ${name};`) : []),
  ]
}

/** What a SET statement sets. */
function nameOf(setting: string): string {
  return /^SET (\w+)/.exec(setting)![1]!
}

function secretsOf(steps: readonly Step[]): string[] {
  return [...new Set(steps.flatMap(({ sql }) => secretsIn(sql)))]
}

/** psql takes the value from its own environment; where it is not set, the statement is one that PostgreSQL cannot read. */
function handOver(variable: string, outside: boolean): string[] {
  return [`\\getenv ${variable} ${variable}`, `SELECT pg_catalog.set_config(${quoteLiteral(settingName(variable))}, :'${variable}', ${!outside}) IS NULL AS handed_over;`]
}

function expectRows({ version }: BookkeepingTables, rows: readonly string[]): string {
  const expected = `ARRAY[${[...rows].sort().map(quoteLiteral).join(', ')}]::text[]`
  const body = [
    '',
    'DECLARE',
    '  found text[];',
    'BEGIN',
    `  LOCK TABLE ${version} IN SHARE ROW EXCLUSIVE MODE;`,
    `  SELECT coalesce(array_agg(revision ORDER BY revision COLLATE "C"), '{}') INTO found FROM ${version};`,
    `  IF found <> ${expected} THEN`,
    `    RAISE EXCEPTION 'the database is at %, and this script is for one at %', found, ${expected};`,
    '  END IF;',
    'END',
  ].join('\n')
  return `DO ${dollarQuote(body, 'expect')};`
}

function changes(tables: BookkeepingTables, rowChanges: readonly RowChange[]): string[] {
  return rowChanges.map((change) => `${rowChangeSql(tables, change)};`)
}

interface ScriptEntry {
  readonly revision: string
  readonly direction: Plan['direction'] | 'stamp'
  readonly checksum: string | null
  readonly outcome: 'running' | 'done'
  readonly steps: readonly Step[]
}

function insertEntry({ history }: BookkeepingTables, { revision, direction, checksum, outcome, steps }: ScriptEntry): string {
  const values = [
    ...[revision, direction, checksum].map((value) => (value === null ? 'NULL' : quoteLiteral(value))),
    'session_user',
    quoteLiteral(packageVersion()),
    quoteLiteral(outcome),
    ...doneSteps(steps),
    'pg_catalog.now()',
    'pg_catalog.clock_timestamp() - pg_catalog.now()',
  ]
  return `INSERT INTO ${history} (revision, direction, checksum, who, package_version, outcome, steps_done, steps_hash, started, duration)\nVALUES (${values.join(', ')});`
}

function updateEntry({ history }: BookkeepingTables, { migration, steps }: ScriptRun, done: number, outcome: ScriptEntry['outcome']): string {
  const [count, hash] = doneSteps(steps.slice(0, done))
  return [
    `UPDATE ${history} SET outcome = ${quoteLiteral(outcome)}, steps_done = ${count}, steps_hash = ${hash}, duration = pg_catalog.clock_timestamp() - started`,
    `WHERE id = (SELECT max(id) FROM ${history} WHERE revision = ${quoteLiteral(migration.revision)});`,
  ].join('\n')
}

function doneSteps(steps: readonly Step[]): [count: string, hash: string] {
  return [String(steps.length), steps.length === 0 ? 'NULL' : quoteLiteral(hashSteps(steps))]
}

function scriptSteps(migration: Migration, { direction }: Plan, { singleTransaction }: ScriptOptions): readonly Step[] {
  const steps = stepsOf(migration, direction)
  const runs = steps.find((step) => 'run' in step)
  if (runs) throw new UsageError(`the ${direction} of revision ${migration.revision} runs a function, which no script can`, { at: runs.at, hint: 'run it with autogen, or give the script a range without it' })
  if (!singleTransaction || steps.every(({ type }) => type !== 'outside')) return steps
  throw new UsageError(`revision ${migration.revision} has a step outside a transaction, so that the script cannot be one transaction`, { at: positionOf(migration) })
}

function named(rows: readonly string[]): string {
  return rows.length === 0 ? 'base' : rows.join(', ')
}
