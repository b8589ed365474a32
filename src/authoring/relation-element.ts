import type { Kind } from '../kinds/kind.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { commentObject } from './attachments.js'
import { refuse } from './checks.js'
import type { Declaration } from './declared.js'
import type { ElementTarget, TableElement } from './elements.js'
import { callerPosition } from './position.js'

/** Base of the parts of a table or view that have a name and can have a comment: triggers, policies, rules. */
export abstract class RelationElement implements TableElement {
  readonly at = callerPosition()
  #comment: string | undefined

  protected abstract readonly kind: Kind

  /** The object once its relation is known. */
  protected abstract objectOn(relation: ElementTarget): SchemaObject

  /** Declared objects mentioned in its texts. */
  protected abstract uses(): readonly Ref[]

  /** What COMMENT ON says about it. */
  comment(text: string): this {
    if (typeof text !== 'string' || text === '' || text.includes('\0')) {
      refuse('a comment must be a text without NUL characters, and not empty', 'leave the call out: PostgreSQL keeps no empty comments')
    }
    this.#comment = text
    return this
  }

  elementDeclarations(relation: ElementTarget): Declaration[] {
    const object = this.objectOn(relation)
    const declaration = { object, at: this.at, uses: this.uses().filter((ref) => ref !== object.ref) }
    if (this.#comment === undefined) return [declaration]
    const on = this.kind.address(object)
    if (on === null) return refuse(`a ${object.kind} cannot have a comment`, 'remove it')
    return [declaration, { object: commentObject(object.ref, on, this.#comment), at: this.at, uses: [object.ref] }]
  }
}
