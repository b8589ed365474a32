import type { ChalkInstance } from 'chalk'
import type { SourcePosition } from '../errors.js'
import type { Finding, LintReport } from '../lint/finding.js'
import { visible } from './visible.js'

type ShowPath = (file: string) => string

/** What was found, each with its place, what it leads to and what to do instead; in the order of files and lines. */
export function lintText({ hazards, advice, errors }: LintReport, showPath: ShowPath, chalk: ChalkInstance): string {
  const place = ({ file, line, column }: SourcePosition) => chalk.cyan(`${showPath(file)}:${line}${column === undefined ? '' : `:${column}`}`)
  const failed = errors.map(({ message, at, hint }) => ({ at, lines: [`${place(at)} ${chalk.red('error:')} ${visible(message)}`, ...(hint ? [`  ${chalk.yellow('hint:')} ${hint}`] : [])] }))
  const found = [...hazards, ...advice].map((finding) => ({ at: finding.at, lines: [`${place(finding.at)} ${title(finding, chalk)}`, `  ${visible(finding.message)}`, `  ${chalk.dim('instead:')} ${visible(finding.instead)}`] }))
  return inOrder([...failed, ...found]).map(({ lines }) => lines.join('\n')).join('\n\n')
}

/** How many there are, in a line. */
export function lintSummary({ hazards, advice, allowed, ignored, errors, statements }: LintReport, chalk: ChalkInstance): string {
  const parts = [
    hazards.length > 0 ? chalk.red(count(hazards.length, 'hazard')) : chalk.green('no hazards'),
    advice.length > 0 && `${advice.length} of advice`,
    allowed.length > 0 && `${allowed.length} allowed`,
    ignored.length > 0 && `${ignored.length} ignored`,
    errors.length > 0 && chalk.red(count(errors.length, 'error')),
  ]
  return `${parts.filter(Boolean).join(', ')} in ${count(statements, 'statement')}`
}

/** The same for machines: version 1 of the document that docs/lint.md describes. */
export function lintJson({ hazards, advice, allowed, ignored, errors, notes, statements }: LintReport, showPath: ShowPath): unknown {
  const shown = <Placed extends { readonly at: SourcePosition }>(list: readonly Placed[]) => list.map((each) => ({ ...each, at: { ...each.at, file: showPath(each.at.file) } }))
  return { version: 1, hazards: shown(hazards), advice: shown(advice), allowed: shown(allowed), ignored: shown(ignored), errors: shown(errors), notes: shown(notes), statements }
}

function title({ severity, code, rule, object, direction }: Finding, chalk: ChalkInstance): string {
  const paint = severity === 'hazard' ? chalk.red : chalk.yellow
  return `${paint(severity === 'hazard' ? code : `advice (${code})`)} ${chalk.dim(rule)} ${chalk.bold(visible(object))}${direction === 'downgrade' ? chalk.dim(' in the downgrade') : ''}`
}

function inOrder<Placed extends { readonly at: SourcePosition }>(list: readonly Placed[]): Placed[] {
  return list.toSorted((a, b) => (a.at.file === b.at.file ? a.at.line - b.at.line : a.at.file < b.at.file ? -1 : 1))
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
