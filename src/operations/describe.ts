import type { Operation } from './operation.js'
import { describeRef } from '../model/object-ref.js'
import type { Ref } from '../model/schema-object.js'

/** An object for people: `column app.users.email`, `comment on table app.users`. */
export function describeObject(ref: Ref): string {
  const { kind, name } = describeRef(ref)
  const words = kind.replaceAll('_', ' ')
  const target = /^([a-z_]+):/.exec(name)
  return target ? `${words} ${ATTACHED[kind] ?? 'of'} ${describeObject(name)}` : `${words} ${name}`
}

const ATTACHED: Record<string, string> = { comment: 'on', privilege: 'on' }

/** An operation in one line: `+ column app.users.last_login`. */
export function describeOperation(operation: Operation): string {
  switch (operation.type) {
    case 'create':
      return `+ ${describeObject(operation.object.ref)}`
    case 'drop':
      return `- ${describeObject(operation.object.ref)}`
    case 'alter':
      return `~ ${describeObject(operation.to.ref)}`
    case 'rename':
      if (operation.from.ref === operation.to.ref) return `~ ${describeObject(operation.to.ref)}`
      return `> ${describeObject(operation.from.ref)} to ${describeRef(operation.to.ref).name}`
    case 'sql':
      return '* SQL by hand'
  }
}
