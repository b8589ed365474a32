import Sequencer from '@jest/test-sequencer'

/** The proofs of all fixtures take longest, although their files are short: they come first, so that none of them is left running alone at the end. */
export default class LongestFirst extends Sequencer {
  sort(tests) {
    const isLong = ({ path }) => /[/\\]test[/\\]fixtures[/\\]/.test(path)
    const sorted = super.sort(tests)
    return [...sorted.filter(isLong), ...sorted.filter((test) => !isLong(test))]
  }
}
