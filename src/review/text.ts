import type { ChalkInstance } from 'chalk'
import { describeOperation } from '../operations/describe.js'
import type { Operation } from '../operations/operation.js'
import type { UnmanagedObject } from '../model/schema-object.js'
import type { PlannedStep } from '../planner/plan.js'

/** Operations as a list for people, one a line; an alteration names the attributes that differ. Parts of a new or dropped object are counted, not listed. */
export function operationsText(operations: readonly Operation[], chalk: ChalkInstance): string {
  const whole = new Set(operations.flatMap((o) => (o.type === 'create' || o.type === 'drop' ? [`${o.type} ${o.object.ref}`] : [])))
  const parts = new Map<string, number>()
  const lines: { text: string; key: string }[] = []
  for (const operation of operations) {
    if (operation.type === 'create' || operation.type === 'drop') {
      const parent = operation.object.parent && `${operation.type} ${operation.object.parent}`
      if (parent && whole.has(parent) && !operation.object.parent!.startsWith('schema:')) {
        parts.set(parent, (parts.get(parent) ?? 0) + 1)
        continue
      }
    }
    const key = operation.type === 'create' || operation.type === 'drop' ? `${operation.type} ${operation.object.ref}` : ''
    lines.push({ text: describeOperation(operation) + attributesThatDiffer(operation), key })
  }
  const paint = (text: string) => (text.startsWith('+') ? chalk.green(text) : text.startsWith('-') ? chalk.red(text) : chalk.yellow(text))
  return lines
    .map(({ text, key }) => {
      const count = parts.get(key) ?? 0
      return { text, suffix: count === 0 ? '' : ` with ${count} ${count === 1 ? 'part' : 'parts'}` }
    })
    .sort((a, b) => (a.text.slice(2) < b.text.slice(2) ? -1 : 1))
    .map(({ text, suffix }) => `  ${paint(text)}${chalk.dim(suffix)}`)
    .join('\n')
}

/** The SQL of steps with the comments above them. */
export function stepsText(steps: readonly PlannedStep[], chalk: ChalkInstance): string {
  return steps
    .map(({ comments, statement }) =>
      [
        ...comments.map((comment) => chalk.dim(`-- ${comment.replaceAll('\n', ' ')}`)),
        ...(statement.transaction === 'outside' ? [chalk.dim('-- outside the transaction')] : []),
        `${statement.sql};`,
      ].join('\n'),
    )
    .join('\n')
}

/** Objects that were seen and that no kind manages. */
export function unmanagedText(unmanaged: readonly UnmanagedObject[], chalk: ChalkInstance): string {
  return unmanaged.map(({ type, identity }) => `  ${chalk.yellow(`? ${type} ${identity}`)}`).join('\n')
}

/** Operations for machines. */
export function operationsJson(operations: readonly Operation[]): unknown[] {
  return operations.map((operation) => {
    switch (operation.type) {
      case 'create':
      case 'drop':
        return { operation: operation.type, object: operation.object.ref, attributes: operation.object.attrs }
      case 'alter':
      case 'rename':
        return { operation: operation.type, object: operation.from.ref, to: operation.to.ref, from: operation.from.attrs, attributes: operation.to.attrs }
      case 'sql':
        return { operation: 'sql', up: operation.up, down: operation.down }
    }
  })
}

function attributesThatDiffer(operation: Operation): string {
  if (operation.type !== 'alter') return ''
  const from = operation.from.attrs as Record<string, unknown>
  const to = operation.to.attrs as Record<string, unknown>
  const differing = [...new Set([...Object.keys(from), ...Object.keys(to)])].filter((key) => JSON.stringify(from[key]) !== JSON.stringify(to[key]))
  return `: ${differing.map((key) => `${words(key)} ${short(from[key])} → ${short(to[key])}`).join(', ')}`
}

function words(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
}

function short(value: unknown): string {
  if (value === undefined) return 'none'
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const line = text.replace(/\s+/g, ' ').trim()
  return line.length > 60 ? `${line.slice(0, 57)}…` : line
}

