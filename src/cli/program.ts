import { Command, CommanderError, Option } from 'commander'
import { ExitCode, UsageError } from '../errors.js'
import { packageVersion } from '../package-version.js'

/** Flags as commander hands them to a command, common ones included. */
export interface Flags {
  readonly config?: string
  readonly database?: string
  readonly schema?: string[]
  readonly migrations?: string
  readonly scratch?: string
  readonly allow?: string
  readonly json?: boolean
  readonly [name: string]: unknown
}

type Handler = (flags: Flags, ...args: string[]) => Promise<ExitCode>

/** A verb's handler is loaded when it runs, so that `--help` stays quick. */
type Load = () => Promise<{ run: Handler }>

/**
 * Runs one command line and gives its exit code. Wrong usage throws a UsageError.
 *
 * @example await program(['check', '--database', url])
 */
export async function program(argv: readonly string[]): Promise<ExitCode> {
  let code: ExitCode = ExitCode.done
  const root = new Command('autogen')
    .description('Edit schema.ts, get a proven migration and its inverse.')
    .version(packageVersion(), '-V, --version')
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .addHelpText(
      'after',
      '\nautogen without a command is `autogen revision --autogenerate`.\nExit codes: 0 done, in sync; 1 failed; 2 differences found; 3 refused, needs --allow.',
    )

  const verb = (usage: string, description: string, load: Load, options: Option[] = [], isDefault = false) => {
    const command = root.command(usage, { isDefault }).description(description).exitOverride()
    for (const option of [...options, ...commonOptions()]) command.addOption(option)
    command.action(async (...received: unknown[]) => {
      const flags = received[received.length - 2] as Flags
      const args = received.slice(0, -2).filter((arg) => arg !== undefined) as string[]
      code = await (await load()).run(flags, ...args)
    })
  }

  const message = () => new Option('-m, --message <text>', 'what the migration is for; becomes part of its file name')
  verb('revision', 'write a migration from the differences between the database and schema.ts', () => import('./commands/revision.js'), [
    message(),
    new Option('--autogenerate', 'from the differences (the default unless --empty)'),
    new Option('--empty', 'an empty migration, to be filled in by hand'),
    new Option('--head <revision>', 'the revision to follow, when there are several heads'),
    new Option('--rev-id <id>', 'use this id instead of a random one'),
    new Option('--branch-label <label>', 'label of the branch that begins here'),
    new Option('--depends-on <revision>', 'a revision of another branch that must be applied before'),
    new Option('--splice', 'allow --head to name a revision that is not a head'),
  ], true)
  verb('init', 'write autogen.config.ts, an example schema.ts and a migrations folder', () => import('./commands/init.js'))
  verb('pull', 'write schema.ts from the database', () => import('./commands/pull.js'), [
    new Option('--force', 'overwrite an existing schema.ts'),
    new Option('--stdout', 'print it instead of writing a file'),
    new Option('--only-schemas <names>', 'only these schemas, separated by commas'),
  ])
  verb('check', 'say whether the database matches schema.ts (exit 0) or not (exit 2)', () => import('./commands/check.js'), [
    new Option('--strict', 'objects that cannot be managed count as well (exit 3)'),
  ])
  verb('diff', 'show operations and SQL, write nothing', () => import('./commands/diff.js'), [
    new Option('--exit-code', 'exit 2 when there are differences'),
    new Option('--sql', 'only the SQL of the upgrade'),
  ])
  verb('upgrade [target]', 'apply migrations up to a revision (default: head)', () => import('./commands/upgrade.js'), [
    new Option('--single-transaction', 'all migrations in one transaction'),
  ])
  verb('downgrade <target>', 'undo migrations down to a revision, such as -1 or base', () => import('./commands/downgrade.js'), [
    new Option('--single-transaction', 'all migrations in one transaction'),
  ])
  verb('stamp <target>', 'record a revision as applied without running anything', () => import('./commands/stamp.js'), [
    new Option('--purge', 'forget first what the version table holds'),
  ])
  verb('current', 'show the revision the database is at', () => import('./commands/current.js'), [
    new Option('--check-heads', 'exit 1 unless the database is at every head'),
  ])
  verb('history', 'list migrations, newest first', () => import('./commands/history.js'), [
    new Option('-r, --rev-range <range>', 'only these, such as a:b or -3:'),
    new Option('-v, --verbose', 'more about each'),
    new Option('-i, --indicate-current', 'mark the revision the database is at'),
  ])
  verb('heads', 'list the newest revision of every branch', () => import('./commands/heads.js'), [new Option('-v, --verbose', 'more about each')])
  verb('branches', 'list the revisions at which branches begin', () => import('./commands/branches.js'), [
    new Option('-v, --verbose', 'more about each'),
  ])
  verb('merge <revisions...>', 'write a migration that joins branches', () => import('./commands/merge.js'), [
    message(),
    new Option('--rev-id <id>', 'use this id instead of a random one'),
  ])
  verb('show <revision>', 'show a migration: its facts and the SQL of upgrade and downgrade', () => import('./commands/show.js'))

  try {
    await root.parseAsync([...argv], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return ExitCode.done
    if (error.code === 'commander.help') return ExitCode.failed
    throw new UsageError(error.message.replace(/^error: /, ''), { hint: 'autogen --help lists commands and options' })
  }
  return code
}

function commonOptions(): Option[] {
  return [
    new Option('-c, --config <file>', 'configuration file (AUTOGEN_CONFIG; default autogen.config.ts)'),
    new Option('-d, --database <url>', 'database (DATABASE_URL; default an embedded one in .autogen/)'),
    new Option('-s, --schema <path...>', 'schema file or files (AUTOGEN_SCHEMA; default schema.ts)'),
    new Option('--migrations <dir>', 'folder of the migrations (AUTOGEN_MIGRATIONS; default migrations)'),
    new Option('--scratch <engine>', 'auto, server, native, embedded or a URL (AUTOGEN_SCRATCH)'),
    new Option('--allow <codes>', 'hazards that are accepted, separated by commas, or all (AUTOGEN_ALLOW)'),
    new Option('--json', 'machine-readable results'),
  ]
}
