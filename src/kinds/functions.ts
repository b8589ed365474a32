import { checkedQualifiedName, type NameInput } from '../authoring/names.js'
import { qualified } from '../sql/identifiers.js'
import { statement } from '../sql/statement.js'
import { goneFromCode } from './change-hazards.js'
import { defineKind, PHASES, type Kind } from './kind.js'
import { alterRoutine, createRoutine, renameRoutine, routineFromRow, routineQuery, textOfBody, withAuthorsBody, type Routine } from './routine.js'
import { printRoutine, RoutineBuilder, type FunctionOptions } from './routine-authoring.js'

const signature = ({ id }: Routine): string => `${qualified(id.schema, id.name)}(${id.args})`

/** Functions, window functions among them; identified by name and types of the input arguments. */
export const functions: Kind = defineKind<Routine>({
  kind: 'function',
  phase: PHASES.routine,
  catalog: 'pg_proc',
  holdsExpressions: ({ attrs }) => attrs.sqlBody !== undefined || (attrs.arguments ?? []).some((argument) => argument.default !== undefined),
  catalogQuery: () => routineQuery("'f', 'w'"),
  fromRow: (row) => ({ object: routineFromRow('function', row) }),
  create: (routine) => [statement(createRoutine(routine, 'CREATE'))],
  reread: (routine) => statement(createRoutine(routine, 'CREATE OR REPLACE')),
  drop: (routine) => [statement(`DROP FUNCTION ${signature(routine)}`)],
  alter: alterRoutine,
  rename: (from, to) => renameRoutine(`FUNCTION ${signature(from)}`, `FUNCTION ${qualified(from.id.schema, to.id.name)}(${from.id.args})`, from, to),
  authored: withAuthorsBody,
  address: (routine) => `FUNCTION ${signature(routine)}`,
  text: textOfBody,
  hazards: goneFromCode,
  print: (routine, printer) => printRoutine(routine, printer, 'func'),
})

/**
 * Declares a function: in `public` for a bare name. Throws SchemaError for names that PostgreSQL could not keep and for a function
 * without a body.
 *
 * @example
 * export const touch = func('touch', {
 *   returns: 'trigger',
 *   language: 'plpgsql',
 *   body: sql`begin new.updated_at := now(); return new; end`,
 * })
 * @example
 * export const add = func('add', { args: { a: 'integer', b: { type: 'integer', default: sql`1` } }, returns: 'integer', sqlBody: sql`return a + b` })
 */
export function func(name: NameInput, options: FunctionOptions): RoutineBuilder {
  return new RoutineBuilder(functions, checkedQualifiedName('function', name), options)
}
