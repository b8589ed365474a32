import { createHash } from 'node:crypto'
import { RevisionError } from '../errors.js'
import { hashSteps } from './record.js'
import type { Migration, Revision } from './revision.js'
import { RevisionGraph } from './revision-graph.js'

export const LOCK_FILE = 'autogen.lock'

/** What the lock file says of a migration, and what is compared with it. */
export interface LockedRevision {
  readonly revision: string
  readonly revises: readonly string[]
  /** Hash of what it runs in both directions. */
  readonly content: string
}

/** A revision of the folder with the hash of what it runs. */
export type HashedRevision = Revision & Pick<LockedRevision, 'content'>

/** How the lock file and the folder differ. */
export interface LockProblem {
  readonly type: 'edited' | 'missing' | 'unlisted'
  readonly revision: string
}

const HEADER = `# One line for each migration, parents first: revision, what it follows, hash. Written by autogen; commit it with the migrations.
# A conflict here means that two branches have each added a migration: autogen rebase <yours>, or autogen merge heads, resolves it.
`

/** A hash that changes exactly when what a migration runs changes, in either direction. */
export function contentOf({ upgrade, downgrade }: Migration): string {
  const parts = [hashSteps(upgrade), downgrade && hashSteps(downgrade)]
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32)
}

/**
 * The text of the lock file. The last line names the heads, so that two branches that each add a migration change the same line, and git shows a
 * conflict instead of a history with two heads.
 */
export function lockText(revisions: readonly HashedRevision[]): string {
  const graph = new RevisionGraph(revisions)
  const content = new Map(revisions.map((each) => [each.revision, each.content]))
  const lines = graph.revisions.map(({ revision, revises }) => `${revision} ${revises.join('+') || 'base'} ${content.get(revision)!}\n`)
  return `${HEADER}${lines.join('')}heads ${graph.heads.join(' ')}\n`
}

/** What a lock file lists; lines that are none of its own are left out. */
export function parseLock(text: string): LockedRevision[] {
  return [...text.matchAll(/^(\S+) (\S+) ([0-9a-f]{32})\r?$/gm)].map(([, revision, revises, content]) => ({
    revision: revision!,
    revises: revises === 'base' ? [] : revises!.split('+'),
    content: content!,
  }))
}

/** Throws a `RevisionError` with the line for a lock file in which git left a conflict. */
export function refuseConflict(text: string, file: string): void {
  const line = text.split('\n').findIndex((each) => /^(<{7}|={7}|>{7}) ?/.test(each)) + 1
  if (line === 0) return
  throw new RevisionError('the lock file of the migrations holds a conflict: two branches have each added a migration', {
    at: { file, line },
    hint: '`autogen rebase <revision>` puts your branch behind theirs, `autogen merge heads` joins the two; both write the file anew',
  })
}

/** What the lock file says otherwise than the folder. */
export function lockProblems(locked: readonly LockedRevision[], revisions: readonly HashedRevision[]): LockProblem[] {
  const there = new Map(revisions.map((each) => [each.revision, each]))
  const listed = new Set(locked.map(({ revision }) => revision))
  return [
    ...locked.flatMap(({ revision, revises, content }): LockProblem[] => {
      const found = there.get(revision)
      if (!found) return [{ type: 'missing', revision }]
      return found.content === content && found.revises.join() === revises.join() ? [] : [{ type: 'edited', revision }]
    }),
    ...revisions.filter(({ revision }) => !listed.has(revision)).map(({ revision }): LockProblem => ({ type: 'unlisted', revision })),
  ]
}
