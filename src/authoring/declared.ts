import type { SourcePosition } from '../errors.js'
import type { Kind } from '../kinds/kind.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { callerPosition } from './position.js'

/** One object that `schema.ts` declares, with the place where it does and the declared objects it mentions. */
export interface Declaration {
  readonly object: SchemaObject
  readonly at: SourcePosition | undefined
  readonly uses: readonly Ref[]
}

/** Known by this symbol rather than by class, because a project may load two copies of this package. */
const DECLARED: unique symbol = Symbol.for('pg-autogen.declared') as never

/** Instances of subclasses that give a function are that function: a type declared in schema.ts can be called to make a column of it. */
class Callable {
  constructor(call?: (...values: never[]) => unknown) {
    if (call) return Object.setPrototypeOf(call, new.target.prototype)
  }
}

/**
 * Base of everything that can be exported from `schema.ts`. A builder holds one object, the parts declared with it, and what is
 * attached to it by method calls (`.comment()`).
 */
export abstract class Declared extends Callable {
  readonly [DECLARED] = true
  readonly at: SourcePosition | undefined = callerPosition()
  readonly #attached: Declaration[] = []

  /** Kind of the declared object; knows how SQL addresses it. */
  protected abstract readonly kind: Kind
  abstract readonly object: SchemaObject

  /** Declared objects mentioned in its texts or needed by its structure. */
  protected uses(): readonly Ref[] {
    return []
  }

  /** What is declared together with it: columns, constraints and indexes of a table. */
  protected parts(): readonly Declaration[] {
    return []
  }

  /** Adds an object that hangs on this one. `make` gets this object's ref and how SQL addresses it. */
  protected attach(make: (target: Ref, on: string) => SchemaObject): this {
    const { object } = this
    const on = this.kind.address(object)
    if (on === null) throw new Error(`nothing can be attached to a ${object.kind}`)
    this.#attached.push({ object: make(object.ref, on), at: callerPosition(), uses: [object.ref] })
    return this
  }

  /** Everything it declares, itself first. */
  declarations(): Declaration[] {
    return [{ object: this.object, at: this.at, uses: this.uses() }, ...this.parts(), ...this.#attached]
  }
}

export function isDeclared(value: unknown): value is Declared {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && DECLARED in value
}
