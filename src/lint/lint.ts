import { basename, dirname } from 'node:path'
import type { AlterTableStmt, Node, WithClause } from 'libpg-query'
import { AutogenError } from '../errors.js'
import { isAllowed } from '../hazards.js'
import type { Migration } from '../revisions/revision.js'
import type { Finding, IgnoredFinding, LintError, LintNote, LintReport } from './finding.js'
import { reasonFor } from './ignores.js'
import { learn, learnCommand } from './learn.js'
import { locksOf } from './locks.js'
import { migrationUnits } from './migration-unit.js'
import type { Found, Rule } from './rule.js'
import { RULES } from './rules/all.js'
import { loadParser } from './script.js'
import { scriptUnits } from './script-units.js'
import { newTransaction, State } from './state.js'
import { all, as, hasOption, nameOf, type NodeType } from './syntax.js'
import type { Piece, Unit } from './unit.js'

/** A text of SQL and what it is called in findings. */
export interface LintScript {
  readonly file: string
  readonly text: string
}

export interface LintOptions {
  /** Scripts run in a transaction that something else begins. Default: false, so that each statement is by itself outside BEGIN … COMMIT. */
  readonly assumeInTransaction?: boolean
  /** The major version of PostgreSQL that it is for: where newer ones know a better way, it is named. */
  readonly major?: number
  /** Codes of hazards that are accepted everywhere; `all` accepts every one. */
  readonly allow?: readonly string[]
  /** Looks at the downgrades of migrations as well, and tells hazards in those of scripts as such. Default: false, since to undo loses what was added, by its nature. */
  readonly downgrade?: boolean
  /** Those migrations of the input that are only there to be known, since they come before: what is in them is not told. */
  readonly known?: ReadonlySet<Migration>
}

/** Files that are run one after the other are called so: `0002_orders.sql`, `V2__orders.sql`. */
const NUMBERED = /^v?\d/i

const RULE_NAMES = RULES.map(({ rule }) => rule)
const EVERY = RULES.filter(({ every }) => every !== undefined)
const AT_END = RULES.filter(({ atEnd }) => atEnd !== undefined)

/**
 * Finds what scripts and migrations can cost the users of a database, from their text alone. Migrations are seen one after the other in the order they are
 * given, each script by itself.
 */
export async function lintAll(inputs: readonly (LintScript | Migration)[], options: LintOptions = {}): Promise<LintReport> {
  const parser = await loadParser()
  const history = new State(options.major)
  const inFolder = new Map<string, State>()
  const report = new Report(options.allow ?? [])
  for (const input of inputs) {
    if ('text' in input) {
      const folder = NUMBERED.test(basename(input.file)) ? dirname(input.file) : undefined
      const state = new State(options.major, folder === undefined ? undefined : inFolder.get(folder))
      if (folder !== undefined) inFolder.set(folder, state)
      for (const unit of scriptUnits(input, options.assumeInTransaction ?? false, parser, RULE_NAMES)) {
        const isMild = unit.direction === 'downgrade' && !options.downgrade
        report.add(lintUnit(unit, state, isMild))
      }
      continue
    }
    try {
      for (const unit of await migrationUnits(input, options.downgrade ? ['upgrade', 'downgrade'] : ['upgrade'], parser, RULE_NAMES)) {
        const linted = lintUnit(unit, unit.direction === 'upgrade' ? history : new State(options.major))
        if (!options.known?.has(input)) report.add(linted)
      }
    } catch (error) {
      if (!(error instanceof AutogenError)) throw error
      report.errors.push({ message: error.message, at: error.at ?? { file: input.file ?? input.revision, line: 1 }, ...(error.hint && { hint: error.hint }) })
    }
  }
  return report
}

class Report implements LintReport {
  readonly hazards: Finding[] = []
  readonly advice: Finding[] = []
  readonly allowed: Finding[] = []
  readonly ignored: IgnoredFinding[] = []
  readonly errors: LintError[] = []
  readonly notes: LintNote[] = []
  statements = 0

  readonly #allow: readonly string[]

  constructor(allow: readonly string[]) {
    this.#allow = allow
  }

  add({ findings, ignored, unit }: { findings: readonly Finding[]; ignored: readonly IgnoredFinding[]; unit: Unit }): void {
    for (const finding of findings) (finding.severity === 'advice' ? this.advice : isAllowed(finding.code, finding.object, this.#allow) ? this.allowed : this.hazards).push(finding)
    this.ignored.push(...ignored)
    this.errors.push(...unit.errors)
    this.notes.push(...unit.notes, ...unit.ignores.filter(({ used }) => !used).map(({ names, at }) => ({ message: `nothing here needs this ignore of ${names.join(', ')}`, at })))
    this.statements += unit.pieces.length
  }
}

/** `isMild`: what is found there fails nothing. */
function lintUnit(unit: Unit, state: State, isMild = false): { findings: Finding[]; ignored: IgnoredFinding[]; unit: Unit } {
  const findings = new Map<string, Finding>()
  const ignored: IgnoredFinding[] = []
  const tell = (rule: Rule, answer: ReturnType<NonNullable<Rule['every']>>, pieces: readonly Piece[]) => {
    for (const found of answer ? (Array.isArray(answer) ? (answer as Found[]) : [answer as Found]) : []) {
      const finding = findingOf(rule, isMild ? { ...found, severity: 'advice' } : found, state)
      const reason = reasonFor(finding, pieces, unit.ignores)
      if (reason === undefined) findings.set(JSON.stringify([finding.rule, finding.object, finding.at]), finding)
      else ignored.push({ ...finding, reason })
    }
  }
  state.begin(unit)
  unit.pieces.forEach((piece, index) => {
    state.enter(piece, index)
    look(piece, [piece], state, tell)
    if (!piece.inner) return
    // Outside a transaction a block is one by itself, unless it commits.
    const isAlone = !state.transaction
    if (isAlone) state.transaction = newTransaction(piece.at)
    for (const inner of piece.inner) {
      state.within(inner)
      look(inner, [inner, piece], state, tell)
      if (isAlone) state.transaction ??= newTransaction(inner.at)
    }
    state.within(piece)
    if (isAlone) state.transaction = undefined
  })
  state.leave()
  for (const rule of AT_END) tell(rule, rule.atEnd!(state), [])
  return { findings: [...findings.values()], ignored, unit }
}

type Tell = (rule: Rule, answer: ReturnType<NonNullable<Rule['every']>>, pieces: readonly Piece[]) => void

/** Lets the rules look at a statement, then takes in what it did. */
function look({ type, node }: Piece, pieces: readonly Piece[], state: State, tell: Tell): void {
  for (const part of [{ type, node }, ...partsOf(type, node)]) for (const rule of rulesOn(part.type)) tell(rule, rule.statements![part.type]!(part.node, state), pieces)
  for (const rule of EVERY) tell(rule, rule.every!(type, node, state), pieces)
  const locks = locksOf(type, node, state)
  if (type === 'AlterTableStmt') lookAtCommands(node, pieces, state, tell)
  learn(type, node, state)
  state.transaction?.locks.push(...locks.map((lock) => ({ ...lock, at: state.at })))
}

/** The statements that change rows in the WITH of another, and the one that is prepared or explained by running it. */
function partsOf(type: NodeType, node: { readonly withClause?: WithClause; readonly query?: Node; readonly options?: Node[] }): { readonly type: NodeType; readonly node: never }[] {
  const isRun = type === 'PrepareStmt' || (type === 'ExplainStmt' && hasOption(node.options, 'analyze'))
  return [...(isRun && node.query ? [node.query] : []), ...all('CommonTableExpr', node.withClause?.ctes).flatMap(({ ctequery }) => ctequery ?? [])]
    .filter((part) => !('SelectStmt' in part))
    .flatMap((part) => Object.entries(part).map(([its, content]) => ({ type: its as NodeType, node: content as never })))
}

function lookAtCommands(statement: AlterTableStmt, pieces: readonly Piece[], state: State, tell: Tell): void {
  const { objtype, relation, cmds } = statement
  if (objtype === 'OBJECT_TYPE' || objtype === 'OBJECT_INDEX') return
  const table = nameOf(relation)
  const isOld = state.isOld(table) && !state.isMade('view', table) && !state.isMade('sequence', table)
  for (const command of all('AlterTableCmd', cmds)) {
    const given = { command, statement, table }
    state.inspect(as('ColumnDef', command.def)?.location ?? as('Constraint', command.def)?.location)
    if (isOld) for (const rule of rulesOnCommand(command.subtype)) tell(rule, rule.commands![command.subtype!]!(given, state), pieces)
    if (objtype === 'OBJECT_TABLE') learnCommand(given, state)
  }
  state.inspect(undefined)
}

const byStatement = new Map<string, readonly Rule[]>()
const byCommand = new Map<string, readonly Rule[]>()

function rulesOn(type: Piece['type']): readonly Rule[] {
  const known = byStatement.get(type) ?? RULES.filter(({ statements }) => statements?.[type])
  byStatement.set(type, known)
  return known
}

function rulesOnCommand(type: string = ''): readonly Rule[] {
  const known = byCommand.get(type) ?? RULES.filter(({ commands }) => commands && type in commands)
  byCommand.set(type, known)
  return known
}

function findingOf({ rule, code, severity, why, instead }: Rule, found: Found, { at, unit }: State): Finding {
  const { revision, direction } = unit
  return { code, rule, severity, message: why, instead, ...found, at: { ...(found.at ?? at) }, ...(revision !== undefined && { revision, direction }) }
}
