import type { LintScript } from './lint.js'
import { placesIn, readScript, type Parser, type ReadScript } from './script.js'
import { sectionsOf, type Section } from './sections.js'
import type { NodeOf } from './syntax.js'
import type { Piece, Unit } from './unit.js'
import { refusedInTransaction } from './refused.js'

/** A script taken apart: a unit for each part of it that is run by itself. */
export function scriptUnits({ file, text }: LintScript, inTransaction: boolean, parser: Parser, rules: readonly string[]): Unit[] {
  const plain = text.replace(/^\ufeff/, '')
  const read = readScript(plain, placesIn(file, plain), parser, rules)
  // A comment in the middle of a statement divides nothing.
  const sections = sectionsOf(file, plain).filter(({ line }) => !read.pieces.some(({ at, lastLine }) => at.line < line && line <= lastLine))
  return sections.flatMap((section, index): Unit[] => {
    const end = sections[index + 1]?.line ?? Infinity
    const isHere = ({ at }: { readonly at: { readonly line: number } }) => section.line <= at.line && at.line < end
    const part = partOf(read, isHere, index === 0)
    const isEmpty = Object.values(part).every((list) => list.length === 0)
    return isEmpty && sections.length > 1 ? [] : [unitOf(part, section, file, inTransaction)]
  })
}

function partOf({ pieces, ignores, errors, notes }: ReadScript, isHere: (each: Pick<Piece, 'at'>) => boolean, isFirst: boolean): ReadScript {
  const here = pieces.filter(isHere)
  const isAbout = (its: ReadonlySet<Piece>) => (its.size === 0 ? isFirst : here.some((piece) => [piece, ...(piece.inner ?? [])].some((each) => its.has(each))))
  return { pieces: here, ignores: ignores.filter((ignore) => isAbout(ignore.pieces)), errors: errors.filter(isHere), notes: notes.filter(isHere) }
}

function unitOf(part: ReadScript, section: Section, file: string, inTransaction: boolean): Unit {
  const said = section.inTransaction ?? (inTransaction || isWithinOne(part.pieces))
  return { kind: 'script', at: { file, line: section.line }, direction: section.direction, inTransaction: said, isApart: section.inTransaction === false, ...part }
}

/** SET LOCAL and LOCK do nothing outside a transaction: where none begins in the script, it runs in one. */
function isWithinOne(pieces: readonly Piece[]): boolean {
  const isLocal = ({ type, node }: Piece) => type === 'LockStmt' || (type === 'VariableSetStmt' && (node as NodeOf<'VariableSetStmt'>).is_local === true)
  return pieces.some(isLocal) && !pieces.some(({ type, node }) => type === 'TransactionStmt' || refusedInTransaction(type, node) !== undefined)
}
