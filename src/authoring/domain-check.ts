import { domainConstraintObject, domainConstraints } from '../kinds/domain-constraints.js'
import type { QualifiedName } from '../model/schema-object.js'
import type { SqlSource } from '../sql/template.js'
import { checkText, commentObject } from './attachments.js'
import { checkedName, checkedSql, refuse } from './checks.js'
import type { Declaration } from './declared.js'
import { callerPosition } from './position.js'

export interface DomainCheckOptions {
  /** Values that are stored already are not checked. */
  readonly notValid?: boolean
}

/** A check of a domain before it has one. */
export class DomainCheck {
  readonly #at = callerPosition()
  #comment: string | undefined

  constructor(
    readonly name: string | null,
    readonly expression: SqlSource,
    readonly options: DomainCheckOptions,
  ) {}

  /** What COMMENT ON says about it. */
  comment(text: string): this {
    if (this.name === null) refuse('a check without a name cannot have a comment', 'give it a name')
    checkText(text)
    this.#comment = text
    return this
  }

  /** What a domain with this check declares for it; `ordinal` tells unnamed ones apart. */
  declarationsOn(domain: QualifiedName, ordinal: number): Declaration[] {
    const { text, uses } = checkedSql(`a check of domain ${domain.schema}.${domain.name}`, this.expression)
    const object = domainConstraintObject(domain, this.name, text, this.options.notValid ?? false, ordinal)
    const check = { object, at: this.#at, uses }
    if (this.#comment === undefined) return [check]
    return [check, { object: commentObject(object.ref, domainConstraints.address(object)!, this.#comment), at: this.#at, uses: [object.ref] }]
  }
}

/**
 * A check for `.check()` of a domain, where it needs more than a name and an expression.
 *
 * @example domain('email', text()).check(domainCheck('email_at', sql`value ~ '@'`).comment('the least to ask for'))
 */
export function domainCheck(name: string, expression: SqlSource, options: DomainCheckOptions = {}): DomainCheck {
  return new DomainCheck(checkedName('constraint', name), expression, options)
}
