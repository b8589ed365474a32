import { Command, CommanderError, Option } from 'commander'
import { ExitCode, UsageError } from '../errors.js'
import { packageVersion } from '../package-version.js'
import { closest } from '../suggest.js'
import { chooseLog, logEvent, logIn } from './log.js'

/** Flags as commander hands them to a command, common ones included. */
export interface Flags {
  readonly config?: string
  readonly database?: string
  readonly schema?: string[]
  readonly migrations?: string[]
  readonly scratch?: string
  readonly allow?: string
  readonly json?: boolean
  readonly [name: string]: unknown
}

type Handler = (flags: Flags, ...args: string[]) => Promise<ExitCode>

/** A verb's handler is loaded when it runs, so that `--help` stays quick. */
type Load = () => Promise<{ run: Handler }>

const WRITE = 'From schema.ts to migrations and back:'
const RUN = 'Run migrations:'
const LOOK = 'Look:'
const HISTORY = 'Shape the history:'
const COMMON = 'Common options:'

/**
 * Runs one command line and gives its exit code. Wrong usage throws a UsageError.
 *
 * @example await program(['check', '--database', url])
 */
export async function program(argv: readonly string[]): Promise<ExitCode> {
  chooseLog(logIn(argv) ?? process.env.AUTOGEN_LOG)
  let code: ExitCode = ExitCode.done
  const root = new Command('autogen')
    .usage('[command] [options]')
    .description('Edit schema.ts, get a proven migration and its inverse.')
    .version(packageVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help; autogen help <command> shows that of a command')
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .configureHelp({ subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(' ') })
    .addHelpText(
      'after',
      '\nautogen without a command is `autogen revision --autogenerate`; every command explains itself with --help.' +
        '\nExit codes: 0 done, in sync; 1 failed; 2 differences found; 3 refused, needs --allow.',
    )

  const verb = (group: string, usage: string, description: string, load: Load, options: Option[] = []) => {
    const command = root.command(usage).description(description).helpGroup(group).helpOption('-h, --help', 'show this').exitOverride()
    for (const option of [...options, ...commonOptions()]) command.addOption(option)
    command.action(async (...received: unknown[]) => {
      const flags = received[received.length - 2] as Flags
      const args = received.slice(0, -2).filter((arg) => arg !== undefined) as string[]
      logEvent('info', 'command.start', { command: command.name(), version: packageVersion() })
      code = await (await load()).run(flags, ...args)
    })
  }

  const message = () => new Option('-m, --message <text>', 'what the migration is for; becomes part of its file name')
  const verbose = () => new Option('-v, --verbose', 'more about each')
  const revisionId = () => new Option('--rev-id <id>', 'use this id instead of a random one')
  const strict = () => new Option('--strict', 'refuse objects that cannot be managed (exit 3)')
  const dryRun = () => new Option('--dry-run', 'only say what would be run')
  const dryWrite = () => new Option('--dry-run', 'do everything, the proof included, but only say what would be written')
  const asScript = () => new Option('--sql', 'print a script for psql instead; the target may be a range from:to')
  const gradual = () => new Option('--gradual <names>', 'tables and columns, as app.events,app.users.id, that are changed in steps instead of rewritten (AUTOGEN_GRADUAL)')
  const offline = () => new Option('--no-online', 'plain statements, which lock tables while they run (AUTOGEN_ONLINE=0)')
  const replicas = () => new Option('--wait-for-replicas <seconds>', 'after each migration, wait until every streaming replica has replayed it (AUTOGEN_WAIT_FOR_REPLICAS)')
  const waitForRun = () => new Option('--wait-for-run <seconds>', 'how long to wait for another run to end; 0 does not (AUTOGEN_WAIT_FOR_RUN; default 300)')
  const patience = () => [
    new Option('--lock-timeout <time>', 'how long to wait for a lock, such as 500ms or 2s; 0: as long as it takes (AUTOGEN_LOCK_TIMEOUT; default 2s)'),
    new Option('--lock-retries <number>', 'how often to try again what did not get its locks (AUTOGEN_LOCK_RETRIES; default 10)'),
    new Option('--statement-timeout <time>', 'how long a statement may run (AUTOGEN_STATEMENT_TIMEOUT; default as the role has it)'),
  ]
  const together = () => new Option('--single-transaction', 'all migrations in one transaction')

  verb(WRITE, 'init', 'write autogen.config.ts, an example schema.ts and a migrations folder', () => import('./commands/init.js'), [
    new Option('--template <name>', 'what the project begins with; autogen list-templates names them (default: default)'),
    dryWrite(),
  ])
  verb(WRITE, 'list-templates', 'list what autogen init can begin with', () => import('./commands/list-templates.js'))
  verb(WRITE, 'pull', 'write schema.ts from the database', () => import('./commands/pull.js'), [
    new Option('--force', 'overwrite an existing schema.ts'),
    new Option('--stdout', 'print it instead of writing a file'),
    new Option('--snapshot <file>', 'write a snapshot for autogen diff instead of schema.ts'),
    new Option('--only-schemas <names>', 'only these schemas, separated by commas'),
    new Option('--roles <names>', 'also these roles of the server, separated by commas, or all; never passwords'),
    new Option('--external <names>', 'leave out what something else makes, such as "pgmq.q_*,app.events_p*"'),
    strict(),
    dryWrite(),
  ])
  verb(WRITE, 'revision', 'write a migration from the differences between the database and schema.ts', () => import('./commands/revision.js'), [
    message(),
    new Option('--autogenerate', 'from the differences (the default unless --empty)'),
    new Option('--empty', 'an empty migration, to be filled in by hand'),
    new Option('--head <revision>', 'the revision to follow, when there are several heads'),
    revisionId(),
    new Option('--branch-label <label>', 'label of the branch that begins here'),
    new Option('--depends-on <revision>', 'a revision of another branch that must be applied before'),
    new Option('--path <folder>', 'the folder to write it into, when there are several'),
    new Option('--splice', 'allow --head to name a revision that is not a head'),
    offline(),
    gradual(),
    new Option('--split', 'two migrations: what runs before the deploy, and what runs after it (AUTOGEN_SPLIT=1)'),
    new Option('--no-split', 'one migration, although the configuration says split'),
    new Option('--sql', 'print the SQL of the upgrade, proven as ever, instead of writing a migration'),
    dryWrite(),
    new Option('--typecheck', 'let TypeScript check schema.ts, however large it is (AUTOGEN_TYPECHECK=1)'),
    new Option('--no-typecheck', 'do not let TypeScript check schema.ts (AUTOGEN_TYPECHECK=0)'),
  ])
  verb(WRITE, 'diff', 'show operations and SQL, write nothing', () => import('./commands/diff.js'), [
    new Option('--from <source>', 'what is there: database (the default), schema, migrations, a URL, or a .ts, .sql, .prisma or snapshot file'),
    new Option('--to <source>', 'what it should become, named alike (default schema)'),
    offline(),
    gradual(),
    new Option('--exit-code', 'exit 2 when there are differences'),
    strict(),
    new Option('--sql', 'only the SQL of the upgrade'),
  ])
  verb(WRITE, 'check', 'say whether the database matches schema.ts (exit 0) or not (exit 2)', () => import('./commands/check.js'), [
    new Option('--count', 'count the rows that are in the way of what may fail, which reads whole tables (exit 3 when there are some)'),
    patience().at(-1)!,
    strict(),
  ])
  verb(WRITE, 'lint [targets...]', 'name the hazards in migrations and SQL files (exit 3 when there are some)', () => import('./commands/lint.js'), [
    new Option('--format <format>', 'text (the default), json, sarif or github').choices(['text', 'json', 'sarif', 'github']),
    new Option('--assume-in-transaction', 'SQL files run in a transaction that something else begins'),
    new Option('--pg <major>', 'the version of PostgreSQL that it is for, such as 17'),
    new Option('--downgrade', 'look at the downgrades of migrations as well'),
    new Option('--no-advice', 'only hazards'),
    new Option('--strict', 'advice fails as hazards do (exit 3)'),
  ])
  verb(WRITE, 'review [revisions]', 'say what migrations do to a database, without one: for a pull request', () => import('./commands/review.js'), [
    new Option('--base <ref>', 'the migrations that this branch, tag or commit of git does not have (default: the default branch)'),
    new Option('--format <format>', 'markdown (the default) or json').choices(['markdown', 'json']),
    new Option('--strict', 'open hazards, or a downgrade that does not lead back, fail (exit 3)'),
  ])
  verb(RUN, 'upgrade [target]', 'apply migrations up to a revision (default: head)', () => import('./commands/upgrade.js'), [together(), ...patience(), replicas(), waitForRun(), dryRun(), asScript()])
  verb(RUN, 'downgrade <target>', 'undo migrations down to a revision, such as -1 or base', () => import('./commands/downgrade.js'), [
    new Option('--skip-irreversible', 'pass over migrations that cannot be undone; what they did stays'),
    together(),
    ...patience(),
    replicas(),
    waitForRun(),
    dryRun(),
    asScript(),
  ])
  verb(RUN, 'stamp <target>', 'record a revision as applied without running anything', () => import('./commands/stamp.js'), [
    new Option('--purge', 'forget first what the version table holds'),
    waitForRun(),
    dryRun(),
    asScript(),
  ])
  verb(RUN, 'ensure-version', 'make the bookkeeping tables, for a role that may create them', () => import('./commands/ensure-version.js'), [waitForRun(), dryRun(), new Option('--sql', 'print a script for psql instead')])
  verb(LOOK, 'status', 'show where the database is, what is pending and what went wrong', () => import('./commands/status.js'))
  verb(LOOK, 'current', 'show the revision the database is at', () => import('./commands/current.js'), [
    new Option('--check-heads', 'exit 1 unless the database is at every head'),
    verbose(),
  ])
  verb(LOOK, 'history', 'list migrations, newest first', () => import('./commands/history.js'), [
    new Option('-r, --rev-range <range>', 'only these, such as a:b or -3:'),
    verbose(),
    new Option('-i, --indicate-current', 'mark the revision the database is at'),
  ])
  verb(LOOK, 'show <revision>', 'show a migration: its facts and the SQL of upgrade and downgrade', () => import('./commands/show.js'))
  verb(LOOK, 'edit <revision>', 'open a migration in VISUAL or EDITOR', () => import('./commands/edit.js'))
  verb(LOOK, 'heads', 'list the newest revision of every branch', () => import('./commands/heads.js'), [verbose()])
  verb(LOOK, 'branches', 'list the revisions at which branches begin', () => import('./commands/branches.js'), [verbose()])
  verb(HISTORY, 'merge <revisions...>', 'write a migration that joins branches', () => import('./commands/merge.js'), [message(), revisionId(), dryWrite()])
  verb(HISTORY, 'rebase <revision>', 'put the branch that ends in a revision behind the other head', () => import('./commands/rebase.js'), [
    new Option('--onto <revision>', 'the head to put it behind, when there are several'),
    dryWrite(),
  ])
  verb(HISTORY, 'squash <range>', 'put the migrations from one revision to another, a:b, into one', () => import('./commands/squash.js'), [message(), dryWrite()])
  verb(HISTORY, 'lock', 'write the lock file of the migrations anew, after they were edited or deleted by hand', () => import('./commands/lock.js'), [dryWrite()])

  const [first = '', ...rest] = withVerb(argv, root)
  try {
    await root.parseAsync([first, ...rest], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return ExitCode.done
    throw usageError(error, root.commands.some((command) => command.name() === first) ? ` ${first}` : '')
  }
  return code
}

/**
 * The command line with its verb in front: options may stand before it, `help <verb>` is `<verb> --help`, and without a verb it is
 * `revision`.
 */
function withVerb(argv: readonly string[], root: Command): string[] {
  const options = root.commands.flatMap((command) => command.options)
  const takesNext = new Set(options.filter((option) => option.required).flatMap(({ short, long }) => [short, long]))
  let at = 0
  while (at < argv.length && argv[at]!.startsWith('-') && argv[at] !== '--') at += takesNext.has(argv[at]!) ? 2 : 1
  const word = argv[at]
  if (word === undefined || word === '--') {
    const aboutUs = argv.some((arg) => ['-h', '--help', '-V', '--version'].includes(arg))
    return aboutUs ? [...argv] : ['revision', ...argv]
  }
  const others = [...argv.slice(0, at), ...argv.slice(at + 1)]
  if (word === 'help') return others.length > 0 ? withVerb([...others, '--help'], root) : ['--help']
  const verbs = root.commands.map((command) => command.name())
  if (verbs.includes(word)) return [word, ...others]
  const near = closest(word, verbs)
  throw new UsageError(`unknown command "${word}"`, { hint: near ? `did you mean autogen ${near}?` : 'autogen --help lists the commands' })
}

/** Commander's words, in one line each. */
function usageError(error: CommanderError, verb: string): UsageError {
  const [message = '', suggestion] = error.message.replace(/^error: /, '').split('\n')
  const meant = /\(Did you mean (.*?)\?\)/.exec(suggestion ?? '')?.[1]
  return new UsageError(message, { hint: meant ? `did you mean ${meant}?` : `see autogen${verb} --help` })
}

function commonOptions(): Option[] {
  const options = [
    new Option('-c, --config <file>', 'configuration file (AUTOGEN_CONFIG; default autogen.config.ts, here or above in the project)'),
    new Option('-d, --database <url>', 'database (DATABASE_URL; default an embedded one in .autogen/)'),
    new Option('-n, --name <name>', 'one of the databases that the configuration file names (AUTOGEN_NAME)'),
    new Option('--env <file>', 'read environment variables from a file such as .env'),
    new Option('-s, --schema <path>', 'schema file, folder or glob; may be given several times (AUTOGEN_SCHEMA; default schema.ts)').argParser(
      (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value],
    ),
    new Option('--migrations <dir>', 'folder of the migrations; may be given several times (AUTOGEN_MIGRATIONS; default migrations)').argParser(
      (value: string, earlier: string[] | undefined) => [...(earlier ?? []), value],
    ),
    new Option('--pooler', 'the database is behind a pooler in transaction mode (AUTOGEN_POOLER=1)'),
    new Option('--scratch <engine>', 'auto, server, native, embedded or a URL (AUTOGEN_SCRATCH; default auto)'),
    new Option('--allow <codes>', 'hazards that are accepted, separated by commas, or all (AUTOGEN_ALLOW; default none)'),
    new Option('--json', 'one JSON document on stdout, also for an error'),
    new Option('--log <format>', 'what stderr gets: text, or json for one event a line (AUTOGEN_LOG; default text)'),
  ]
  return options.map((option) => option.helpGroup(COMMON))
}

function argumentTerm(argument: { name(): string; required: boolean; variadic: boolean }): string {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return argument.required ? `<${name}>` : `[${name}]`
}
