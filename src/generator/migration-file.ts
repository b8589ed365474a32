import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../errors.js'
import type { Statement } from '../sql/statement.js'
import { backfillCall } from './backfill-call.js'
import { commentLine, sqlLiteral, stringLiteral } from './literals.js'
import { Files } from './write-file.js'

/** A statement, or another call of `op`, as it stands in a migration file, with the comments above it. */
export type RenderedStep = { readonly comments: readonly string[] } & ({ readonly statement: Statement } | { readonly call: string })

export interface MigrationText {
  readonly revision: string
  readonly revises: readonly string[]
  readonly message: string
  readonly branchLabels?: readonly string[]
  readonly dependsOn?: readonly string[]
  readonly replaces?: Readonly<Record<string, string>>
  readonly upgrade: readonly RenderedStep[]
  /** Null: cannot be undone. */
  readonly downgrade: readonly RenderedStep[] | null
  /** Why the downgrade does not take back everything. */
  readonly irreversible?: string | undefined
  /** Lines of a comment at the top. */
  readonly notes?: readonly string[]
}

export interface NewMigrationFile {
  readonly revision: string
  readonly message: string
  readonly text: string
  readonly fileTemplate?: string
  /** Now, unless given; written in UTC, so that the files of people in several time zones sort by age. */
  readonly date?: Date
}

const DEFAULT_FILE_TEMPLATE = '{date}_{time}_{revision}_{slug}.ts'

/** Twelve random hexadecimal digits. */
export function newRevisionId(): string {
  return randomBytes(6).toString('hex')
}

/**
 * The text of a migration file. The same arguments give the same text; no text in them can become code. `template` is text with `{{imports}}`,
 * `{{notes}}`, `{{facts}}`, `{{upgrade}}` and `{{downgrade}}`.
 */
export function renderMigration(migration: MigrationText, template: string = ownTemplate()): string {
  const merge = migration.revises.length > 1
  const usesSql = !merge || [...migration.upgrade, ...(migration.downgrade ?? [])].length > 0
  return fill(template, {
    imports: usesSql ? 'migration, sql' : 'migration',
    notes: migration.notes?.length ? `${migration.notes.map(commentLine).join('\n')}\n` : '',
    facts: facts(migration)
      .map(([name, value]) => `  ${name}: ${value},`)
      .join('\n'),
    upgrade: renderFunction('upgrade', migration.upgrade, merge),
    downgrade: migration.downgrade ? renderFunction('downgrade', migration.downgrade, merge, migration.irreversible) : '  // no downgrade: this migration cannot be undone',
  })
}

/**
 * Writes a migration file into a folder, which is made when it is not there, and returns its path. The file appears whole or not at all and
 * never replaces another one.
 *
 * @example await writeMigration('migrations', { revision, message, text: renderMigration({ … }) })
 */
export async function writeMigration(folder: string, file: NewMigrationFile, files: Files = new Files()): Promise<string> {
  const path = join(folder, migrationFileName(file))
  await files.write(path, file.text)
  return path
}

/** The name of a migration file, from a template with `{date}` (YYYYMMDD), `{time}` (HHMM), `{second}`, `{revision}` and `{slug}`. */
export function migrationFileName({ revision, message, fileTemplate = DEFAULT_FILE_TEMPLATE, date = new Date() }: Omit<NewMigrationFile, 'text'>): string {
  const [day, clock] = date.toISOString().split('T') as [string, string]
  const parts: Record<string, string> = {
    date: day.replaceAll('-', ''),
    time: clock.slice(0, 5).replace(':', ''),
    second: clock.slice(6, 8),
    revision,
    slug: slug(message),
  }
  const name = fileTemplate
    .replace(/\{(\w*)\}/g, (_, part: string) => {
      if (part in parts) return parts[part]!
      throw new UsageError(`the file template has no part {${part}}`, { hint: `it has ${Object.keys(parts).map((each) => `{${each}}`).join(', ')}` })
    })
    .replace(/[-_]+(?=\.ts$|$)/, '')
  if (!/^[^._/\\][^/\\]*$/.test(name)) {
    throw new UsageError(`the file template gives "${name}", which is not a name for a migration file`, {
      hint: 'it must not hold slashes nor start with a dot or underscore',
    })
  }
  return name.endsWith('.ts') ? name : `${name}.ts`
}

function facts(migration: MigrationText): [name: string, value: string][] {
  const { revision, revises, message, branchLabels = [], dependsOn = [], replaces } = migration
  return [
    ['revision', stringLiteral(revision)],
    ['revises', revises.length === 0 ? 'null' : stringOrList(revises)],
    ['message', stringLiteral(message)],
    ...(branchLabels.length > 0 ? ([['branchLabels', list(branchLabels)]] as [string, string][]) : []),
    ...(dependsOn.length > 0 ? ([['dependsOn', list(dependsOn)]] as [string, string][]) : []),
    ...(replaces ? ([['replaces', `{\n${Object.entries(replaces).map(([id, checksum]) => `    ${stringLiteral(id)}: ${stringLiteral(checksum)},`).join('\n')}\n  }`]] as [string, string][]) : []),
  ]
}

function renderFunction(name: string, steps: readonly RenderedStep[], merge: boolean, irreversible?: string): string {
  if (steps.length === 0 && irreversible === undefined) return merge ? `  ${name}: () => {},` : `  ${name}: (op) => {\n  },`
  const lines = steps.flatMap((step) => [
    ...step.comments.map((comment) => `    ${commentLine(comment)}`),
    `    op.${'call' in step ? step.call : statementCall(step.statement)}`,
  ])
  if (irreversible !== undefined) lines.unshift(`    op.irreversible(${stringLiteral(irreversible)})`)
  return `  ${name}: (op) => {\n${lines.join('\n')}\n  },`
}

function statementCall(statement: Statement): string {
  if (statement.backfill) return backfillCall(statement.backfill)
  return `${statement.transaction === 'outside' ? 'outsideTransaction' : 'execute'}(${sqlLiteral(statement.sql)}${scratchOption(statement)})`
}

function scratchOption({ scratch }: Statement): string {
  return scratch === undefined ? '' : `, { scratch: ${scratch === null ? 'null' : sqlLiteral(scratch)} }`
}

function stringOrList(texts: readonly string[]): string {
  return texts.length === 1 ? stringLiteral(texts[0]!) : list(texts)
}

function list(texts: readonly string[]): string {
  return `[${texts.map(stringLiteral).join(', ')}]`
}

/** At most 40 letters, digits and underscores. */
function slug(message: string): string {
  const words = message
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .match(/[a-z0-9]+/g)
  return (words ?? []).join('_').slice(0, 40).replace(/_$/, '')
}

function ownTemplate(): string {
  return readFileSync(new URL('../../templates/migration.ts.template', import.meta.url), 'utf8')
}

/**
 * Reads a template of the project.
 *
 * @throws UsageError for one that is not there or leaves out what a migration consists of
 */
export function readTemplate(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageError(`the template ${file} cannot be read: ${(error as Error).message}`, { hint: 'check the setting template' })
  }
  const missing = ['imports', 'facts', 'upgrade', 'downgrade'].filter((part) => !text.includes(`{{${part}}}`))
  if (missing.length === 0) return text
  throw new UsageError(`the template ${file} leaves out ${missing.map((part) => `{{${part}}}`).join(', ')}`, { at: { file, line: 1 }, hint: 'see templates/migration.ts.template of this package' })
}

function fill(text: string, parts: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{(\w+)\}\}/g, (whole, part: string) => parts[part] ?? whole)
}
