import type { Declaration, Declared } from '../authoring/declared.js'
import { elementTarget, type TableElement, type TableSource } from '../authoring/elements.js'
import type { AnyColumn, Place, TypedVerbs } from '../authoring/verbs.js'
import type { Change } from '../declaration/change.js'
import { SchemaError } from '../errors.js'
import type { SchemaObject } from '../model/schema-object.js'
import { qualified, quoteIdent } from '../sql/identifiers.js'
import { statement, type Statement } from '../sql/statement.js'
import { AS_SQL, type SqlSource } from '../sql/template.js'

type Make = () => readonly Statement[]

/** Told what a verb does and what undoes it; left out, nothing does. Neither is worked out before it is needed. */
export type RecordVerb = (verb: keyof TypedVerbs, make: Make, undo?: Make) => void

/** Makes statements of declared objects. */
export interface ChangeRenderer {
  changeStatements(change: Change): readonly Statement[]
  renameStatements(object: SchemaObject, name: string, back?: boolean): readonly Statement[]
}

let renderer: ChangeRenderer | undefined

/** Called with the builders, which no verb that needs it can do without: a history that uses none never loads it. */
export function provideRenderer(given: ChangeRenderer): void {
  renderer = given
}

/** The typed verbs, which tell `record` what they stand for. */
export function typedVerbs(record: RecordVerb): TypedVerbs {
  const change = (verb: keyof TypedVerbs, there: () => Change, back: () => Change = there) =>
    record(
      verb,
      () => render().changeStatements(there()),
      () => render().changeStatements(turned(back())),
    )
  const addPart = (verb: keyof TypedVerbs, table: TableSource, part: TableElement) => change(verb, () => ({ from: [], to: [on(table, part)], on: declared(table) }))
  const dropPart = (verb: keyof TypedVerbs, table: TableSource, part: TableElement) => change(verb, () => ({ from: [on(table, part)], to: [], on: declared(table) }))
  return {
    create: (...given: Given) => change('create', () => ({ from: [], to: groupsOf(given), on: declared(placeOf(given)?.on) })),
    drop: (...given: Given) => change('drop', () => ({ from: groupsOf(given), to: [], on: declared(placeOf(given)?.on) })),
    alter: (before: Declared | TableElement, after: Declared | TableElement, place?: Place) =>
      change('alter', () => {
        const [from, to] = [declarationsOf(before, place), declarationsOf(after, place)]
        if (from[0]!.object.ref === to[0]!.object.ref) return { from: [from], to: [to], on: declared(place?.on) }
        throw new SchemaError(`${from[0]!.object.ref} and ${to[0]!.object.ref} are two objects`, { hint: 'op.rename gives an object another name' })
      }),
    rename: (object: Declared | TableElement, name: string, place?: Place) => {
      const rename = (back: boolean) => () => render().renameStatements(declarationsOf(object, place)[0]!.object, name, back)
      record('rename', rename(false), rename(true))
    },
    addColumn: (table, name, column) => change('addColumn', () => ({ from: [], to: [columnOf(table, name, column)], on: declared(table) })),
    dropColumn: (table, name, was) => {
      if (was) return change('dropColumn', () => ({ from: [columnOf(table, name, was)], to: [], on: declared(table) }))
      record('dropColumn', () => [statement(`${alter(table)} DROP COLUMN ${quoteIdent(name)}`)])
    },
    alterColumn: (table, name, before, after, { using } = {}) => {
      const between = (conversion?: SqlSource): Change => ({
        from: [converted(columnOf(table, name, before), conversion)],
        to: [columnOf(table, name, after)],
        on: declared(table),
      })
      change('alterColumn', () => between(using), () => between())
    },
    renameColumn: (table, name, to) => {
      const rename = (from: string, next: string) => () => [statement(`${alter(table)} RENAME COLUMN ${quoteIdent(from)} TO ${quoteIdent(next)}`)]
      record('renameColumn', rename(name, to), rename(to, name))
    },
    createIndex: (table, index) => addPart('createIndex', table, index),
    dropIndex: (table, index) => {
      if (typeof index !== 'string') return dropPart('dropIndex', table, index)
      record('dropIndex', () => [statement(`DROP INDEX ${qualified(elementTarget(table).schema, index)}`)])
    },
    addConstraint: (table, constraint) => addPart('addConstraint', table, constraint),
    dropConstraint: (table, constraint) => {
      if (typeof constraint !== 'string') return dropPart('dropConstraint', table, constraint)
      record('dropConstraint', () => [statement(`${alter(table)} DROP CONSTRAINT ${quoteIdent(constraint)}`)])
    },
  }
}

function render(): ChangeRenderer {
  if (renderer) return renderer
  throw new SchemaError('nothing here can make SQL of it', { hint: "import the builders from 'pg-autogen/schema'" })
}

function turned({ from, to, on }: Change): Change {
  return { from: to, to: from, on }
}

/** A column, the first of its declarations, whose values are to be converted. */
function converted(column: readonly Declaration[], using: SqlSource | undefined): readonly Declaration[] {
  return using ? column.map((one, at) => (at === 0 ? { ...one, object: { ...one.object, using: using[AS_SQL]().text } as SchemaObject } : one)) : column
}

/** Declared objects, or one element and where it is. */
type Given = readonly (Declared | TableElement | Place)[]

function placeOf(given: Given): Place | undefined {
  const last = given.at(-1)
  return given.length > 1 && last && !isDeclared(last) && Object.hasOwn(last, 'on') ? (last as Place) : undefined
}

function groupsOf(given: Given): readonly (readonly Declaration[])[] {
  const place = placeOf(given)
  if (given.length === 0) throw notBuilt()
  return (place ? given.slice(0, -1) : given).map((object) => declarationsOf(object as Declared | TableElement, place))
}

function isDeclared(object: unknown): object is Declared {
  return typeof (object as Partial<Declared> | undefined)?.declarations === 'function'
}

function declarationsOf(object: Declared | TableElement, place: Place | undefined): readonly Declaration[] {
  if (isDeclared(object)) return object.declarations()
  if (place !== undefined) return on(place.on, object as TableElement)
  if (typeof (object as Partial<TableElement> | undefined)?.elementDeclarations !== 'function') throw notBuilt()
  throw new SchemaError('it is a part of a table that is not named', { hint: "name the table: { on: 'app.users' }" })
}

function on(table: TableSource, element: TableElement): readonly Declaration[] {
  if (typeof (element as Partial<TableElement> | undefined)?.elementDeclarations !== 'function') throw notBuilt()
  return element.elementDeclarations(elementTarget(table))
}

function columnOf(table: TableSource, name: string, column: AnyColumn): readonly Declaration[] {
  if (typeof (column as Partial<AnyColumn> | undefined)?.columnDeclarations === 'function') return column.columnDeclarations(elementTarget(table), name, 1)
  throw new SchemaError(`column ${quoteIdent(name)} is not made by a type`, { hint: "write its type: text(), integer(), type('citext')" })
}

function notBuilt(): SchemaError {
  return new SchemaError('it is given something that no builder made', { hint: "give it what a builder of 'pg-autogen/schema' returns" })
}

function declared(table: TableSource | undefined): SchemaObject | undefined {
  return typeof table === 'object' || typeof table === 'function' ? table.object : undefined
}

function alter(table: TableSource): string {
  const { schema, name } = elementTarget(table)
  return `ALTER TABLE ${qualified(schema, name)}`
}
