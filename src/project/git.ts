import { execFile } from 'node:child_process'
import { realpath } from 'node:fs/promises'
import path from 'node:path'
import { promisify } from 'node:util'
import { UsageError } from '../errors.js'

/** What a working tree has otherwise than a commit, as absolute paths. */
export interface ChangedFiles {
  readonly added: readonly string[]
  readonly edited: readonly string[]
  readonly removed: readonly string[]
}

/** What the default branch of a repository may be called, the likeliest first. */
const DEFAULT_BRANCHES = ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master']

/** A git repository; what is asked of it changes nothing. */
export class Repository {
  private constructor(readonly root: string) {}

  /** The repository that a folder lies in; undefined without one, or without git. */
  static async at(folder: string): Promise<Repository | undefined> {
    const root = await git(folder, ['rev-parse', '--show-toplevel']).catch(() => undefined)
    return root === undefined ? undefined : new Repository(root.trimEnd())
  }

  /**
   * The commit at which the present one left a branch: what the branch got since is not of this side.
   *
   * @throws UsageError for a name that is none of the repository
   */
  async leftAt(ref: string): Promise<string> {
    const commit = await this.#commit(ref)
    if (commit === undefined) {
      throw new UsageError(`git knows no commit ${JSON.stringify(ref)}`, { hint: 'name a branch, tag or commit that is fetched, such as --base origin/main; in a workflow, check out with fetch-depth: 0' })
    }
    // A shallow clone may not know where they meet.
    return (await this.#ask(['merge-base', commit, 'HEAD']).catch(() => commit)).trim()
  }

  /** The default branch, where there is one. */
  async defaultBranch(): Promise<string | undefined> {
    for (const ref of DEFAULT_BRANCHES) if ((await this.#commit(ref)) !== undefined) return ref
    return undefined
  }

  /** What differs from a commit below some folders; files that git ignores do not count. */
  async changesSince(commit: string, folders: readonly string[]): Promise<ChangedFiles> {
    const below = await Promise.all(folders.map((folder) => real(folder)))
    const mine = below.filter((folder) => folder === this.root || folder.startsWith(`${this.root}${path.sep}`))
    const found = { added: [] as string[], edited: [] as string[], removed: [] as string[] }
    if (mine.length === 0) return found
    const changed = (await this.#ask(['diff', '--name-status', '--no-renames', '-z', commit, '--', ...mine])).split('\0').filter(Boolean)
    for (let at = 0; at + 1 < changed.length; at += 2) {
      const [status, name] = [changed[at]!, changed[at + 1]!]
      ;(status === 'A' ? found.added : status === 'D' ? found.removed : found.edited).push(path.join(this.root, name))
    }
    const untracked = (await this.#ask(['ls-files', '--others', '--exclude-standard', '--full-name', '-z', '--', ...mine])).split('\0').filter(Boolean)
    found.added.push(...untracked.map((name) => path.join(this.root, name)))
    return found
  }

  async #commit(ref: string): Promise<string | undefined> {
    // It would be taken for an option.
    if (ref.startsWith('-')) return undefined
    return this.#ask(['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).then((text) => text.trim(), () => undefined)
  }

  #ask(args: readonly string[]): Promise<string> {
    return git(this.root, args)
  }
}

async function git(cwd: string, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('git', ['--literal-pathspecs', ...args], { cwd, maxBuffer: 64 * 1024 * 1024, env: { ...process.env, GIT_OPTIONAL_LOCKS: '0' } })
  return stdout
}

/** A path as git says it. */
async function real(file: string): Promise<string> {
  return realpath(file).catch(() => file)
}
