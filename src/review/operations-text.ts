import type { ChalkInstance } from 'chalk'
import { allKinds } from '../kinds/registry.js'
import { describeRef } from '../model/object-ref.js'
import type { SchemaModel } from '../model/schema-model.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import * as describe from '../operations/describe.js'
import { subject, type Operation } from '../operations/operation.js'
import { hazardText, isNoted } from '../planner/hazards.js'
import type { PlannedStep } from '../planner/plan.js'
import { visible } from './visible.js'

/** What a review shows: the differences between two states, and the steps that remove them. */
export interface Reviewed {
  readonly operations: readonly Operation[]
  readonly steps: readonly PlannedStep[]
  readonly from: SchemaModel
  readonly to: SchemaModel
}

/** An object that did not change but is created again. */
export interface Rebuilt {
  readonly object: Ref
  readonly because: Ref
}

/** Names of parts of a new or dropped object that are listed before the rest is counted. */
const LISTED = 6

/**
 * Operations as a list for people, object by object: what changes about parts stands under the object they are parts of, the parts
 * of a new or dropped object in one line. An object that is rebuilt says because of what.
 */
export function operationsText(reviewed: Reviewed, chalk: ChalkInstance): string {
  const groups = new Map<Ref, Operation[]>()
  for (const operation of reviewed.operations) {
    const ref = subject(operation)
    const root = ref === null ? '' : rootOf(ref, reviewed)
    groups.set(root, [...(groups.get(root) ?? []), operation])
  }
  const rank = kindRank()
  const order = (a: Ref, b: Ref) => rank(a) - rank(b) || compareText(a, b)
  const lines = [...groups].sort(([a], [b]) => order(a, b)).flatMap(([root, operations]) => groupLines(root, operations, reviewed, chalk))
  const again = rebuilt(reviewed).map(
    ({ object, because }) => `  ${chalk.yellow(`↻ ${describeObject(object)}`)}${chalk.dim(` is created again, because of ${describeObject(because)}`)}`,
  )
  return [...lines, ...again].join('\n')
}

/** The objects that steps create again on account of others; parts of them are not named. */
export function rebuilt({ steps, operations, from, to }: Omit<Reviewed, 'from' | 'to'> & Partial<Reviewed>): Rebuilt[] {
  const changed = new Set(operations.map(subject))
  const found = new Map<Ref, Ref>()
  for (const { ref, because, action } of steps) {
    if (because !== undefined && action === 'create' && !changed.has(ref) && !found.has(ref)) found.set(ref, because)
  }
  const isPart = (ref: Ref) => {
    for (let parent = parentOf(ref, from, to); parent !== null; parent = parentOf(parent, from, to)) if (found.has(parent)) return true
    return false
  }
  return [...found].flatMap(([object, because]) => (isPart(object) ? [] : [{ object, because }]))
}

function groupLines(root: Ref, operations: readonly Operation[], reviewed: Reviewed, chalk: ChalkInstance): string[] {
  const own = operations.find((operation) => subject(operation) === root)
  const whole = own?.type === 'create' || own?.type === 'drop' ? own : undefined
  const rank = kindRank()
  const shown = operations
    .filter((operation) => operation !== own && !(whole && operation.type === whole.type))
    .sort((a, b) => position(a) - position(b) || rank(subject(a) ?? '') - rank(subject(b) ?? '') || compareText(subject(a) ?? '', subject(b) ?? ''))
  if (root === '') return shown.map((operation) => `  ${describeOperation(operation)}`)
  const parts = whole ? operations.filter((operation) => operation !== whole && operation.type === whole.type) : []
  const indent = shown.length > 0 || own || reviewed.to.get(root) || reviewed.from.get(root) ? '      ' : '  '
  return [
    `  ${own ? line(own, reviewed, describeOperation(own), chalk) : chalk.yellow(`~ ${describeObject(root)}`)}`,
    ...(parts.length > 0 ? [chalk.dim(`${indent}${partsText(parts)}`)] : []),
    ...lossLines(root, reviewed, indent, chalk),
    ...shown.flatMap((operation) => [
      `${indent}${line(operation, reviewed, within(describeOperation(operation), root), chalk)}`,
      ...lossLines(subject(operation)!, reviewed, `${indent}    `, chalk),
    ]),
  ]
}

function line(operation: Operation, { steps }: Reviewed, text: string, chalk: ChalkInstance): string {
  const ref = subject(operation)
  const created = operation.type === 'alter' ? steps.find((step) => step.ref === ref && step.action === 'create') : undefined
  const because = created?.because ? `, because of ${describeObject(created.because)}` : ''
  const replaced = created ? chalk.dim(` (dropped and created again${because})`) : ''
  const paint = operation.type === 'create' ? chalk.green : operation.type === 'drop' ? chalk.red : chalk.yellow
  return paint(text) + attributesThatDiffer(operation) + replaced
}

function lossLines(ref: Ref, { steps }: Reviewed, indent: string, chalk: ChalkInstance): string[] {
  const losses = steps.flatMap((step) => step.hazards.filter((hazard) => hazard.object === ref && isNoted(hazard)))
  return losses.map((hazard) => `${indent}${chalk.red(`! ${visible(hazardText({ ...hazard, message: hazard.message.slice(describe.describeObject(ref).length + 2) }))}`)}`)
}

/** `columns id, email; constraints users_pkey` */
function partsText(parts: readonly Operation[]): string {
  const byKind = new Map<string, string[]>()
  for (const part of [...parts].sort((a, b) => position(a) - position(b))) {
    const ref = subject(part)!
    const { kind } = describeRef(ref)
    const object = objectOf(part)
    const own = typeof object?.id?.name === 'string' && !isAttached(ref) ? (object.id.name as string) : undefined
    byKind.set(kind, [...(byKind.get(kind) ?? []), ...(own === undefined ? [''] : [own])])
  }
  const rank = kindRank()
  return [...byKind]
    .sort(([a], [b]) => rank(`${a}:`) - rank(`${b}:`))
    .map(([kind, names]) => {
      const words = plural(kind.replaceAll('_', ' '), names.length)
      const named = names.filter(Boolean).map(visible)
      if (named.length === 0) return names.length === 1 ? words : `${names.length} ${words}`
      const rest = names.length - LISTED
      return rest > 1 ? `${names.length} ${words}: ${named.slice(0, LISTED).join(', ')}, …` : `${words} ${named.join(', ')}`
    })
    .join('; ')
}

function plural(words: string, count: number): string {
  if (count === 1) return words
  if (words.endsWith('x')) return `${words}es`
  return words.endsWith('y') ? `${words.slice(0, -1)}ies` : `${words}s`
}

/** The name of a part without that of what it is a part of. */
function within(text: string, root: Ref): string {
  const whole = describeObject(root)
  const name = visible(describeRef(root).name)
  return text.replace(` on ${whole}`, '').replace(` of ${whole}`, '').replaceAll(` ${name}.`, ' ')
}

/** The object that lies in no other one, or only in a schema; what is attached to a schema belongs to that. */
function rootOf(ref: Ref, { from, to }: Pick<Reviewed, 'from' | 'to'>): Ref {
  const parent = parentOf(ref, from, to)
  if (parent === null || (describeRef(parent).kind === 'schema' && !isAttached(ref))) return ref
  return rootOf(parent, { from, to })
}

/** Its name is the ref of another object. */
function isAttached(ref: Ref): boolean {
  return /^[a-z_]+:/.test(describeRef(ref).name)
}

function parentOf(ref: Ref, from?: SchemaModel, to?: SchemaModel): Ref | null {
  return (to?.get(ref) ?? from?.get(ref))?.parent ?? null
}

function objectOf(operation: Operation): SchemaObject | undefined {
  return operation.type === 'sql' ? undefined : 'object' in operation ? operation.object : operation.to
}

function position(operation: Operation): number {
  return objectOf(operation)?.position ?? Number.MAX_SAFE_INTEGER
}

function describeObject(ref: Ref): string {
  return visible(describe.describeObject(ref))
}

function describeOperation(operation: Operation): string {
  return visible(describe.describeOperation(operation))
}

let ranks: ReadonlyMap<string, number> | undefined

/** Kinds in the order in which their objects can be made. */
function kindRank(): (ref: Ref) => number {
  ranks ??= new Map(allKinds().map(({ kind, phase }, index) => [kind, phase * 1000 + index]))
  return (ref) => ranks!.get(ref.slice(0, ref.indexOf(':'))) ?? 0
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function attributesThatDiffer(operation: Operation): string {
  if (operation.type !== 'alter') return ''
  const from = operation.from.attrs as Record<string, unknown>
  const to = operation.to.attrs as Record<string, unknown>
  const differing = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
  return `: ${differing.map((key) => attributeText(key, from[key], to[key])).join(', ')}`
}

function attributeText(key: string, from: unknown, to: unknown): string {
  const name = wordsOf(key)
  if (from === undefined && to === true) return `now ${name}`
  if (from === true && to === undefined) return `no longer ${name}`
  if (isLong(from) && isLong(to)) return `${name} changed`
  if (short(from) === short(to)) return `${name} changed in white space`
  // What is on both sides, with something of its own on one: `not null (name users_email_nn) → not null`.
  if (from === true) return `${name} → ${name} ${short(to)}`
  if (to === true) return `${name} ${short(from)} → ${name}`
  return `${name} ${short(from)} → ${short(to)}`
}

const WIDEST = 60

function isLong(value: unknown): boolean {
  return value !== undefined && textOf(value).length > WIDEST
}

function short(value: unknown): string {
  if (value === undefined) return 'none'
  const line = visible(textOf(value).replace(/\s+/g, ' ').trim())
  return line.length > WIDEST ? `${line.slice(0, WIDEST - 1)}…` : line
}

/** `(generated always, name users_id_seq)` rather than JSON. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return `(${value.map(textOf).join(', ')})`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const members = Object.entries(value)
  // A part that is called by its name, such as a column of an index.
  const [[first] = []] = members
  const isNamed = first === 'name' && members.length > 1
  return `(${members.map(([key, member], index) => (member === true ? wordsOf(key) : isNamed && index === 0 ? textOf(member) : `${wordsOf(key)} ${textOf(member)}`)).join(', ')})`
}

function wordsOf(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}
