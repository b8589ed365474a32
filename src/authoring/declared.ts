import { SchemaError, type SourcePosition } from '../errors.js'
import type { Kind } from '../kinds/kind.js'
import { describeRef, refOf, renamedRef } from '../model/object-ref.js'
import type { Ref, SchemaObject } from '../model/schema-object.js'
import { quoteIdent } from '../sql/identifiers.js'
import {
  checkRole, checkText, commentObject, grantAddress, GrantBook, grantsOf, ownerObject, TARGET_OWNER, type GrantOptions, type PrivilegeName,
} from './attachments.js'
import { checkedName } from './checks.js'
import { callerPosition } from './position.js'

/** One object that `schema.ts` declares, with the place where it does and the declared objects it mentions. */
export interface Declaration {
  readonly object: SchemaObject
  readonly at: SourcePosition | undefined
  readonly uses: readonly Ref[]
  /** What it was called before, where the author says so: its ref under its former name. */
  readonly formerly?: Ref
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
  readonly #grants = new GrantBook()
  #owner: string | undefined
  #formerly: Ref | undefined

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
    this.#attached.push({ object: make(this.object.ref, this.#address()), at: callerPosition(), uses: [this.object.ref] })
    return this
  }

  /**
   * The name it had before: where the database still has that one, it is renamed instead of dropped and created. May stay when
   * that is done.
   *
   * @example app.table('customers', { id: bigint().primaryKey() }).renamedFrom('users')
   */
  renamedFrom(name: string): this {
    this.#formerly = renamedRef(this.object, checkedName(describeRef(this.object.ref).kind.replaceAll('_', ' '), name))
    return this
  }

  /**
   * What COMMENT ON says about it; null takes away the comment that an extension brings along.
   *
   * @example app.enum('order_status', ['pending', 'paid']).comment('life of an order')
   */
  comment(text: string | null): this {
    checkText(text)
    return this.attach((target, on) => commentObject(target, on, text))
  }

  /**
   * What COMMENT ON COLUMN says about a column that has no builder of its own: one of a view.
   *
   * @example app.view('open_orders', sql`select id from app.orders`).columnComment('id', 'number of the order')
   */
  columnComment(column: string, text: string): this {
    checkText(text)
    const { id, ref } = this.object
    const parts = [id.schema, id.name, checkedName('column', column)]
    return this.attach(() => commentObject(refOf('column', ...parts), `COLUMN ${parts.map(quoteIdent).join('.')}`, text, ref, { column }))
  }

  /**
   * The role that owns it, where that is not the role that runs migrations.
   *
   * @example app.enum('order_status', ['pending', 'paid']).owner('app_owner')
   */
  owner(role: string): this {
    this.#owner = checkedName('role', role)
    return this.attach((target, on) => ownerObject(target, on, role))
  }

  /**
   * Privileges for one role or several; `'public'` is every role. Privileges that PostgreSQL gives by default need no call.
   *
   * @throws SchemaError for an unknown privilege, or where the object has none
   * @example schema('app').grant('reader', ['usage']).grant('writer', 'all', { withGrantOption: true })
   */
  grant(to: string | readonly string[], privileges: PrivilegeName | readonly PrivilegeName[], options: GrantOptions = {}): this {
    const grants = grantsOf(privileges, options)
    for (const role of this.#roles(to)) this.#grants.add(role, options.grantedBy, grants)
    return this
  }

  /**
   * Takes away privileges that PostgreSQL gives by default: those of every role (`'public'`) on functions, types and languages.
   *
   * @example app.enum('secret', ['a', 'b']).revoke('public', ['usage'])
   */
  revoke(from: string | readonly string[], privileges: PrivilegeName | readonly PrivilegeName[]): this {
    const { privileges: revoked = [] } = grantsOf(privileges, {})
    for (const role of this.#roles(from)) this.#grants.add(role, undefined, { revoked })
    return this
  }

  /** Takes away privileges of the owner itself. */
  revokeFromOwner(privileges: PrivilegeName | readonly PrivilegeName[]): this {
    return this.revoke(TARGET_OWNER, privileges)
  }

  /** Everything it declares, itself first. */
  declarations(): Declaration[] {
    const { ref } = this.object
    return [
      { object: this.object, at: this.at, uses: this.uses(), ...(this.#formerly && { formerly: this.#formerly }) },
      ...this.parts(),
      ...this.#attached,
      ...this.#grants.objects(ref, () => grantAddress(this.#address())!, this.#owner).map(({ object, at }) => ({ object, at, uses: [ref] })),
    ]
  }

  #roles(roles: string | readonly string[]): readonly string[] {
    if (grantAddress(this.#address()) === null) {
      throw new SchemaError(`${describeRef(this.object.ref).kind.replaceAll('_', ' ')} ${describeRef(this.object.ref).name} cannot have privileges`, {
        at: callerPosition(),
        hint: 'leave the call out',
      })
    }
    return (typeof roles === 'string' ? [roles] : roles).map((role) => checkRole(role))
  }

  #address(): string {
    const on = this.kind.address(this.object)
    if (on === null) throw new Error(`nothing can be attached to a ${this.object.kind}`)
    return on
  }
}

export function isDeclared(value: unknown): value is Declared {
  return (typeof value === 'object' || typeof value === 'function') && value !== null && DECLARED in value
}
