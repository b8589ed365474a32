import { readFile } from 'node:fs/promises'
import type { Direction, Migration, Step } from '../revisions/revision.js'
import { readIgnores, type Ignore } from './ignores.js'
import { placesIn, readScript, type Parser } from './script.js'
import type { Piece, Unit } from './unit.js'

/** A migration taken apart: the upgrade, and the downgrade where there is one and it is asked for. */
export async function migrationUnits(migration: Migration, wanted: readonly Direction[], parser: Parser, rules: readonly string[]): Promise<Unit[]> {
  const { revision, file = revisionName(migration), line = 1 } = migration
  const source = await readFile(file, 'utf8').catch(() => '')
  // Both are read whatever is wanted: a comment is about the next step, and that may be one of the other direction.
  const read = (['upgrade', 'downgrade'] as const).map((direction) => ({ direction, ...readSteps(migration[direction] ?? [], file, source, parser, rules) }))
  const all = read.flatMap(({ pieces }) => pieces)
  const inFile = readIgnores(source, 'typescript', placesIn(file, source), all, rules)
  const isAbout = (ignore: Ignore, pieces: readonly Piece[]) => pieces.some((piece) => [piece, ...(piece.inner ?? [])].some((each) => ignore.pieces.has(each)))
  return read
    .filter(({ direction }) => wanted.includes(direction) && migration[direction] !== null)
    .map(({ direction, pieces, ignores, errors, notes }, index) => ({
      kind: 'migration',
      at: { file, line },
      revision,
      direction,
      pieces,
      ignores: [...ignores, ...inFile.ignores.filter((ignore) => isAbout(ignore, pieces) || (index === 0 && ignore.pieces.size === 0))],
      inTransaction: false,
      errors: [...errors, ...(index === 0 ? inFile.errors : [])],
      notes,
      irreversible: direction === 'upgrade' && migration.downgrade === null ? (migration.irreversible ?? null) : undefined,
    }))
}

function readSteps(steps: readonly Step[], file: string, source: string, parser: Parser, rules: readonly string[]): Pick<Unit, 'pieces' | 'ignores' | 'errors' | 'notes'> {
  const read = steps.map((step) => {
    // The batches of a backfill are short transactions, whatever they change.
    if ('backfill' in step && step.backfill) return { pieces: [], ignores: [], errors: [], notes: [] }
    const outside = step.type === 'outside'
    if ('run' in step && step.run) return { pieces: [called('op.run', step, file)], ignores: [], errors: [], notes: [] }
    return readScript(step.sql, placesOf(step, file, source), parser, rules, { outside })
  })
  return { pieces: read.flatMap(({ pieces }) => pieces), ignores: read.flatMap(({ ignores }) => ignores), errors: read.flatMap(({ errors }) => errors), notes: read.flatMap(({ notes }) => notes) }
}

/** A function that runs in the migration, as the call that it is. */
function called(name: string, { at = { file: '', line: 1 }, sql }: Step, file: string): Piece {
  const { line, column } = at
  return { type: 'CallStmt', node: { funccall: { funcname: [{ String: { sval: name } }] } } as never, sql, at: { file, line, column }, lastLine: line }
}

/** Steps of SQL that stands in the file as it is are placed line by line, others where they are called. */
function placesOf({ sql, at }: Step, file: string, source: string): ReturnType<typeof placesIn> {
  if (!at || at.file !== file) return () => at ?? { file, line: 1 }
  const { line, column = 1 } = at
  const lead = sql.length - sql.trimStart().length
  const first = sql.trimStart().split('\n')[0]!
  const lines = source.split('\n')
  const start = lines.slice(0, line - 1).reduce((length, each) => length + each.length + 1, 0)
  const found = source.indexOf(first, start)
  // Far away it is the text of another step.
  if (found < 0 || source.slice(start, found).split('\n').length > 4) return () => ({ file, line, column })
  const place = placesIn(file, source)
  return (offset) => place(found + offset - lead)
}

function revisionName({ revision }: Migration): string {
  return `revision ${revision}`
}
