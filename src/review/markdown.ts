import { Chalk } from 'chalk'
import type { SourcePosition } from '../errors.js'
import { describeObject, describeOperation } from '../operations/describe.js'
import { subject } from '../operations/operation.js'
import { observationText } from '../planner/observe.js'
import { phaseOfAll, type Phase } from '../planner/phase.js'
import { ended } from '../sql/statement.js'
import { block, code, inline } from './escape.js'
import { operationsText } from './operations-text.js'
import { openHazards, phaseOfMigration, type Review, type ReviewedMigration, type ReviewedStep, type ReviewHazard } from './review.js'

type ShowPath = (file: string) => string

/** What a workflow knows its comment by, so that there is one. */
export const MARKER = '<!-- pg-autogen review -->'

/** GitHub takes comments of 65,536 characters. */
const LONGEST = 60_000

/** Lines that are shown before they are folded. */
const SHOWN = 12

const WHEN: Readonly<Record<Phase, string>> = {
  expand: 'expand: run it before the deploy',
  contract: 'contract: run it after the deploy, when no code of the release before runs any more',
  breaking: 'breaking: neither the release before nor the next one bears it all the time',
}

const PLAIN = new Chalk({ level: 0 })

/**
 * A review as one comment on a pull request: the same text for the same migrations. Long SQL is folded, and left out where the comment would
 * become too long; a hazard never is.
 */
export function reviewMarkdown(review: Review, showPath: ShowPath): string {
  const levels = [{ sql: true, changes: true }, { sql: false, changes: true }, { sql: false, changes: false }]
  for (const level of levels) {
    const text = written(review, showPath, level)
    if (text.length <= LONGEST || level === levels.at(-1)) return text
  }
  throw new Error('unreachable')
}

interface Level {
  readonly sql: boolean
  readonly changes: boolean
}

function written(review: Review, showPath: ShowPath, level: Level): string {
  const { base, engine, migrations, removed, problems } = review
  const parts = [
    MARKER,
    `**${summary(review)}**`,
    ...removed.map((file) => `⚠️ The migration file ${code(showPath(file))} is gone: databases that have run it no longer know where they are.`),
    ...problems.map(({ message, at, hint }) => `⚠️ ${place(at, showPath)}: ${inline(message)}${hint ? ` (${inline(hint)})` : ''}`),
    ...migrations.flatMap((migration) => migrationParts(migration, showPath, level)),
    ...(migrations.length === 0 ? [] : [`<sub>Tried in scratch on ${inline(engine)}${base === undefined ? '' : `, compared with ${code(base)}`}.</sub>`]),
  ]
  return `${parts.join('\n\n')}\n`
}

function summary({ migrations, base }: Review): string {
  if (migrations.length === 0) return base === undefined ? 'No migrations.' : `No migrations that ${inline(base)} does not have.`
  const open = openHazards(migrations)
  const wholes = migrations.flatMap(({ operations }) => operations.filter(({ operation }) => !isPart(operation, operations)))
  const phases = migrations.flatMap((migration) => phaseOfMigration(migration) ?? [])
  const bad = migrations.filter(({ proof }) => proof.result === 'failed' || proof.result === 'different' || proof.result === 'not tried').length
  return [
    `${count(migrations.length, 'migration')}, ${count(wholes.length, 'change')}`,
    open.length === 0 ? 'no open hazards' : `${count(open.length, 'open hazard')}, the worst ${code(open[0]!.code)}`,
    phases.length > 0 ? WHEN[phaseOfAll(phases)] : migrations.some(({ after }) => after) ? 'no change of the schema' : 'phase not known',
    ...(bad > 0 ? [`${bad} not proven`] : []),
  ].join('; ')
}

/** What is created or dropped with a whole is no change by itself. */
function isPart(operation: ReviewedMigration['operations'][number]['operation'], all: ReviewedMigration['operations']): boolean {
  if (operation.type !== 'create' && operation.type !== 'drop') return false
  const { parent } = operation.object
  return parent !== null && all.some((each) => each.operation.type === operation.type && subject(each.operation) === parent)
}

function migrationParts(migration: ReviewedMigration, showPath: ShowPath, { sql, changes }: Level): string[] {
  const { revision, edited, hazards, advice, upgrade, downgrade } = migration
  const phase = phaseOfMigration(migration)
  const isTried = migration.after !== undefined
  return [
    `### ${[code(revision.revision), inline(revision.message)].filter(Boolean).join(' ')}`,
    [...(revision.file === undefined ? [] : [code(showPath(revision.file))]), `phase ${phase ? `**${phase}**` : isTried ? 'none: the schema stays as it is' : 'not known'}`, proofText(migration, showPath)].join(' · '),
    ...(edited ? ['⚠️ It was edited: databases that have run it as it was refuse it.'] : []),
    ...(hazards.length === 0 ? [isTried ? 'No hazards.' : 'No hazards in its text.'] : [hazards.map((hazard) => hazardLine(hazard, showPath)).join('\n')]),
    ...(changes ? changesParts(migration) : ['What changes is left out, since the comment would be too long.']),
    ...dataNotes(upgrade),
    ...(sql ? [sqlPart('Upgrade', upgrade), ...(downgrade ? [sqlPart('Downgrade', downgrade)] : [])] : [`SQL is left out, since the comment would be too long; ${code(`autogen show ${revision.revision}`)} prints it.`]),
    ...(advice.length === 0 ? [] : [folded(`Advice (${advice.length})`, advice.map((each) => `- ${place(each.at, showPath)} ${inline(each.object)}: ${inline(each.message)}. Instead: ${inline(each.instead)}`).join('\n'))]),
  ]
}

function proofText({ proof }: ReviewedMigration, showPath: ShowPath): string {
  switch (proof.result) {
    case 'proven':
      return 'proven: the upgrade ran, and the downgrade led back to exactly where it began'
    case 'irreversible':
      return `the upgrade ran; it cannot be undone${proof.reason === undefined ? '' : `: ${inline(proof.reason)}`}`
    case 'different':
      return `⚠️ the downgrade does not lead back; what is still to be done after it: ${proof.left.map((operation) => code(describeOperation(operation))).join(', ')}`
    case 'failed':
      return `❌ the ${proof.direction} fails${proof.at ? ` at ${place(proof.at, showPath)}` : ''}: ${inline(proof.message)}${proof.hint ? ` (${inline(proof.hint)})` : ''}`
    case 'not tried':
      return '❌ not tried, since one before it fails'
  }
}

function hazardLine({ code: name, object, message, instead, count: query, at, accepted, allowed }: ReviewHazard, showPath: ShowPath): string {
  const so = accepted !== undefined ? ` (accepted: ${inline(accepted)})` : allowed ? ' (allowed)' : ''
  return [
    `- ${so ? '☑️' : '⚠️'} **${name}**${so} ${code(object)}: ${inline(message)}${at ? ` — ${place(at, showPath)}` : ''}`,
    `  - instead: ${inline(instead)}`,
    ...(query === undefined ? [] : [`  - how many: ${code(query)}`]),
  ].join('\n')
}

function changesParts({ operations, before, after }: ReviewedMigration): string[] {
  if (!before || !after || operations.length === 0) return []
  const text = operationsText({ operations: operations.map(({ operation }) => operation), steps: [], from: before, to: after }, PLAIN)
  const late = (['contract', 'breaking'] as const).flatMap((phase) => {
    const refs = operations.filter((each) => each.phase === phase && !isPart(each.operation, operations)).map(({ operation }) => subject(operation)!)
    return refs.length === 0 ? [] : [`- ${phase}: ${[...new Set(refs)].map((ref) => code(describeObject(ref))).sort().join(', ')}`]
  })
  return [long('What changes', block('text', text.replace(/^ {2}/gm, ''))), ...(late.length === 0 ? [] : [late.join('\n')])]
}

function dataNotes(steps: readonly ReviewedStep[]): string[] {
  const numbers = steps.flatMap(({ changesRows }, index) => (changesRows ? [index + 1] : []))
  const unseen = steps.flatMap(({ notRun }, index) => (notRun ? [index + 1] : []))
  return [
    ...(numbers.length === 0 ? [] : [`Steps that change rows, or may: ${numbers.join(', ')}.`]),
    ...(unseen.length === 0 ? [] : [`Steps that were not run in scratch: ${unseen.join(', ')}.`]),
  ]
}

function sqlPart(title: string, steps: readonly ReviewedStep[]): string {
  if (steps.length === 0) return `${title}: nothing to run.`
  const lines = steps.flatMap(({ sql, transaction, observed, changesRows, notRun }, index) => {
    const facts = [observed && observationText(observed), transaction === 'outside' && 'outside the transaction', changesRows && 'changes rows, or may', notRun && 'not run in scratch'].filter(Boolean)
    return [`-- ${index + 1}${facts.length === 0 ? '' : `: ${facts.join('; ').replace(/\s+/g, ' ')}`}`, /^--.*$/.test(sql.trim()) ? sql.trim() : ended(sql.trim())]
  })
  return long(`${title} (${count(steps.length, 'step')})`, block('sql', lines.join('\n')))
}

/** Shown when it is short, else folded. */
function long(title: string, text: string): string {
  return text.split('\n').length - 2 > SHOWN ? folded(title, text) : `${title}:\n\n${text}`
}

function folded(title: string, text: string): string {
  return `<details><summary>${title}</summary>\n\n${text}\n\n</details>`
}

function place({ file, line }: SourcePosition, showPath: ShowPath): string {
  return code(`${showPath(file)}:${line}`)
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
