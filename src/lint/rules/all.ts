import type { Rule } from '../rule.js'
import { columnRules } from './columns.js'
import { constraintRules } from './constraints.js'
import { dataRules } from './data.js'
import { dropRules } from './drops.js'
import { indexRules } from './indexes.js'
import { lockRules } from './locks.js'
import { nameRules } from './names.js'
import { otherRules } from './others.js'
import { privilegeRules } from './privileges.js'
import { transactionRules } from './transactions.js'
import { typeRules } from './types.js'

/** Every rule, in the order of the documentation: a new one is a member of the list of its theme. */
export const RULES: readonly Rule[] = [
  ...indexRules,
  ...constraintRules,
  ...columnRules,
  ...dropRules,
  ...nameRules,
  ...lockRules,
  ...dataRules,
  ...transactionRules,
  ...privilegeRules,
  ...otherRules,
  ...typeRules,
]
