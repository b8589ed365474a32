import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { qualified } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { alterRoutine, createRoutine, isInput, renameRoutine, routineFromRow, routineQuery, textOfBody, withAuthorsBody, type Routine } from './routine.js'
import { printRoutine, RoutineBuilder, type RoutineOptions } from './routine-authoring.js'

/** With its modes: without them PostgreSQL also considers output arguments, and another procedure may have such a list. */
function signature({ id, attrs }: Routine, name = id.name): string {
  const inputs = (attrs.arguments ?? []).filter(isInput).map(({ mode, type }) => `${mode?.toUpperCase() ?? 'IN'} ${type}`)
  return `${qualified(id.schema, name)}(${inputs.join(', ')})`
}

/** Procedures; identified by name and types of the input arguments. */
export const procedures: Kind = defineKind<Routine>({
  kind: 'procedure',
  phase: PHASES.routine,
  catalog: 'pg_proc',
  holdsExpressions: ({ attrs }) => attrs.sqlBody !== undefined || (attrs.arguments ?? []).some((argument) => argument.default !== undefined),
  catalogQuery: () => routineQuery("'p'"),
  fromRow: (row) => ({ object: routineFromRow('procedure', row) }),
  create: (routine) => [statement(createRoutine(routine, 'CREATE'))],
  reread: (routine) => statement(createRoutine(routine, 'CREATE OR REPLACE')),
  drop: (routine) => [statement(`DROP PROCEDURE ${signature(routine)}`)],
  alter: alterRoutine,
  rename: (from, to) => renameRoutine(`PROCEDURE ${signature(from)}`, `PROCEDURE ${signature(from, to.id.name)}`, from, to),
  authored: withAuthorsBody,
  address: (routine) => `PROCEDURE ${signature(routine)}`,
  text: textOfBody,
  hazards: goneFromCode,
  print: (routine, printer) => printRoutine(routine, printer, 'procedure'),
})

/**
 * Declares a procedure: in `public` for a bare name. Throws SchemaError for names that PostgreSQL could not keep and for a procedure
 * without a body.
 *
 * @example
 * export const purge = procedure('purge', { args: { days: 'integer' }, language: 'plpgsql', body: sql`begin … end` })
 */
export function procedure(name: NameInput, options: RoutineOptions): RoutineBuilder {
  return new RoutineBuilder(procedures, checkedQualifiedName('procedure', name), options)
}
