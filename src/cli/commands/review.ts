import { ExitCode } from '../../errors.js'
import { reviewProject } from '../../project/review.js'
import { reviewJson } from '../../review/json.js'
import { reviewMarkdown } from '../../review/markdown.js'
import { isAcceptable } from '../../review/review.js'
import { printJson, printResult, showPath } from '../output.js'
import type { Flags } from '../program.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, target?: string): Promise<ExitCode> {
  const format = flags.json ? 'json' : ((flags.format as string | undefined) ?? 'markdown')
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const review = await reviewProject(project, { target, base: flags.base as string | undefined })
    if (format === 'json') printJson(reviewJson(review, showPath))
    else printResult(reviewMarkdown(review, showPath))
    if (review.migrations.some(({ proof }) => proof.result === 'failed' && proof.direction === 'upgrade')) return ExitCode.failed
    return flags.strict === true && !isAcceptable(review) ? ExitCode.refused : ExitCode.done
  })
}
