import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { graphOf, historyOf } from '../../project/migrations.js'
import { resolveOne } from '../../revisions/identifiers.js'
import type { Migration, Step } from '../../revisions/revision.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { revisionFacts, revisionJson } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    // Only `current` and what is relative to it need the database.
    const { migrations, graph, rows } = /^(current|[+-])/.test(target) ? await historyOf(project) : { ...(await graphOf(project)), rows: [] }
    const { id } = resolveOne(graph, target, rows)
    const migration = migrations.find(({ revision }) => revision === id) as Migration
    if (flags.json) {
      printJson({ ...revisionJson(migration, graph), checksum: migration.checksum, upgrade: migration.upgrade.map(stepJson), downgrade: migration.downgrade?.map(stepJson) ?? null })
      return ExitCode.done
    }
    printResult(revisionFacts(migration, graph, chalk))
    printResult(`\n${chalk.bold('upgrade')}\n${stepsSql(migration.upgrade)}`)
    printResult(`\n${chalk.bold('downgrade')}\n${migration.downgrade ? stepsSql(migration.downgrade) : chalk.red('none: this migration cannot be undone')}`)
    return ExitCode.done
  })
}

function stepsSql(steps: readonly Step[]): string {
  if (steps.length === 0) return chalk.dim('-- nothing')
  return steps.map(({ type, sql }) => `${type === 'outside' ? `${chalk.dim('-- outside the transaction')}\n` : ''}${sql.trim()};`).join('\n')
}

function stepJson({ type, sql }: Step): Record<string, string> {
  return { type, sql }
}
