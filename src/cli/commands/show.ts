import chalk from 'chalk'
import { ExitCode } from '../../errors.js'
import { historyOf, migrationsOf } from '../../project/migrations.js'
import { resolveOne } from '../../revisions/identifiers.js'
import { RevisionGraph } from '../../revisions/revision-graph.js'
import type { Step } from '../../revisions/revision.js'
import { ended } from '../../sql/statement.js'
import { visible } from '../../review/visible.js'
import { printJson, printResult } from '../output.js'
import type { Flags } from '../program.js'
import { revisionFacts, revisionJson } from '../revisions-text.js'
import { withProject } from '../run.js'

export async function run(flags: Flags, target: string): Promise<ExitCode> {
  return withProject(flags, { mayWriteToLive: false }, async (project) => {
    const migrations = await migrationsOf(project)
    const graph = new RevisionGraph(migrations)
    // Only `current` and what is relative to it need the database.
    const rows = /current|^[+-]/.test(target) ? (await historyOf(project)).rows : []
    const { id } = resolveOne(graph, target, rows)
    const migration = migrations.find(({ revision }) => revision === id)!
    const { upgrade, downgrade } = migration
    if (flags.json) {
      printJson({ ...revisionJson(migration, graph), checksum: migration.checksum, upgrade: upgrade.map(stepJson), downgrade: downgrade?.map(stepJson) ?? null })
      return ExitCode.done
    }
    printResult(revisionFacts(migration, graph, chalk))
    printResult(`\n${title('upgrade', upgrade)}\n\n${stepsSql(upgrade)}`)
    printResult(`\n${title('downgrade', downgrade)}\n\n${downgrade ? stepsSql(downgrade) : chalk.red(`-- none: ${visible(migration.irreversible ?? 'this migration cannot be undone')}`)}`)
    return ExitCode.done
  })
}

function title(direction: string, steps: readonly Step[] | null): string {
  const count = steps && steps.length > 1 ? chalk.dim(` (${steps.length} steps)`) : ''
  return `${chalk.dim('--')} ${chalk.bold(direction)}${count}`
}

function stepsSql(steps: readonly Step[]): string {
  if (steps.length === 0) return chalk.dim('-- nothing')
  return steps.map(({ type, sql }) => `${type === 'outside' ? `${chalk.dim('-- outside the transaction')}\n` : ''}${ended(sql.trim())}`).join('\n')
}

function stepJson({ type, sql }: Step): Record<string, string> {
  return { type, sql }
}
