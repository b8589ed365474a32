import { basename, dirname, relative, resolve as resolvePath, sep } from 'node:path'
import { RevisionError, UsageError } from '../errors.js'
import { absolute, resolve, resolveOne, some } from './identifiers.js'
import type { RevisionGraph, RevisionNode } from './revision-graph.js'
import { HALVES, hasBranch } from './split-branches.js'
import { nameProblem } from './validity.js'

export interface NewRevisionOptions {
  readonly revision: string
  /** What it follows: `head` unless given; `base` starts a history of its own, several make a merge. */
  readonly heads?: readonly string[]
  /** Allows a parent that is not a head, which makes a branch. */
  readonly splice?: boolean
  /** It is to join several. */
  readonly merge?: boolean
  readonly branchLabels?: readonly string[]
  /** Ids, beginnings of ids or branch labels. */
  readonly dependsOn?: readonly string[]
}

/** What is written into a new migration file. */
export interface NewRevision {
  readonly revision: string
  readonly revises: readonly string[]
  readonly branchLabels: readonly string[]
  /** Full ids; labels stay labels, because they go on meaning their branch. */
  readonly dependsOn: readonly string[]
}

/**
 * The place of a new revision in a history. Throws a `RevisionError` for a parent that is no head, several heads of which none was chosen,
 * a name that is taken or cannot be one, or a dependency that does not exist.
 *
 * @example placeRevision(graph, { revision: newRevisionId() }).revises // ['41d3b0c9e6f2']
 */
export function placeRevision(graph: RevisionGraph, options: NewRevisionOptions): NewRevision {
  refuseName(graph, 'revision id', options.revision)
  const branchLabels = options.branchLabels ?? []
  for (const label of branchLabels) refuseName(graph, 'branch label', label)
  const parents = parentsOf(graph, options)
  if (options.merge && parents.length < 2) {
    throw new RevisionError(`there is nothing to merge with ${parents[0]?.id ?? 'the base'}`, { hint: graph.heads.length > 1 ? `the heads are ${some(graph.heads)}` : 'the history has one head' })
  }
  const dependsOn = (options.dependsOn ?? []).map((text) => (graph.labelled(text) ? text : resolveOne(graph, text).id))
  return { revision: options.revision, revises: parents.map((node) => node.id), branchLabels, dependsOn }
}

/** Refuses a comparison with a database that has not run all migrations: what is pending would be generated a second time. */
export function refusePending(graph: RevisionGraph, rows: readonly string[]): void {
  const pending = graph.pending(rows)
  if (pending.length === 0) return
  throw new RevisionError(`the database is not up to date: ${some(pending.map((each) => each.revision))} ${pending.length === 1 ? 'is' : 'are'} not applied`, {
    hint: 'run `autogen upgrade heads` first',
  })
}

/** How the rows of a version table stand to the heads of a history. */
export interface HeadStatus {
  readonly current: readonly { readonly revision: string; readonly isHead: boolean; readonly isKnown: boolean }[]
  /** Every revision is applied; a head that a dependency implies needs no row. */
  readonly atHeads: boolean
  /** Heads that are not applied. */
  readonly missing: readonly string[]
}

/** Compares a version table with the history; `rows` empty also when there is no such table. Copes with rows that are no revision of the history. */
export function headStatus(graph: RevisionGraph, rows: readonly string[]): HeadStatus {
  const known = rows.filter((row) => graph.node(row))
  const applied = graph.applied(known)
  const missing = graph.headNodes.filter((node) => !applied.has(node)).map((node) => node.id)
  return {
    current: rows.map((revision) => ({ revision, isHead: graph.node(revision)?.children.length === 0, isKnown: graph.node(revision) !== undefined })),
    atHeads: missing.length === 0 && known.length === rows.length,
    missing,
  }
}

/**
 * The folder for the file of a new revision: the one chosen, the only one, or that of its first parent. `db/**` is a folder with all below it.
 *
 * @throws UsageError for a folder that is not read, and where there are several to choose from
 */
export function chooseFolder(folders: readonly string[], chosen?: string, parentFile?: string): string {
  const named = folders.map((folder) => relative('', topOf(folder))).join(', ')
  if (chosen !== undefined) {
    const folder = resolvePath(chosen)
    if (folders.some((each) => topOf(each) === folder || (isDeep(each) && folder.startsWith(topOf(each) + sep)))) return folder
    throw new UsageError(`${chosen} is none of the folders with migrations`, { hint: `they are ${named}; name it in the setting migrations, or with --migrations` })
  }
  if (folders.length === 1) return topOf(folders[0]!)
  if (parentFile !== undefined) return dirname(parentFile)
  throw new UsageError('there are several folders with migrations, and none was chosen for the new revision', { hint: `choose with --path: ${named}` })
}

function isDeep(folder: string): boolean {
  return basename(folder) === '**'
}

function topOf(folder: string): string {
  return resolvePath(isDeep(folder) ? dirname(folder) : folder)
}

function parentsOf(graph: RevisionGraph, options: NewRevisionOptions): RevisionNode[] {
  if (options.heads === undefined && graph.heads.length > 1) {
    throw new RevisionError(`there are several heads: ${some(graph.heads)}`, {
      hint: `${HALVES.every((half) => hasBranch(graph, half)) ? 'split the changes between the branches expand and contract with --split' : 'merge them with `autogen merge heads`'}, or say with --head which one the new revision follows`,
    })
  }
  const parents = (options.heads ?? ['head']).flatMap((text) => resolve(graph, absolute(text)).nodes)
  const twice = parents.find((node, index) => parents.indexOf(node) !== index)
  if (twice) throw new RevisionError(`revision ${twice.id} is given twice as a parent`)
  const spliced = parents.find((node) => node.children.length > 0)
  if (spliced && !options.splice) {
    throw new RevisionError(`revision ${spliced.id} is not a head`, {
      hint: `a revision that follows it makes a branch: say so with --splice, or follow ${graph.heads.length === 1 ? graph.heads[0] : 'a head'}`,
    })
  }
  for (const node of parents) {
    // A head that another one depends on is a head all the same, such as that of expand beside that of contract.
    const covered = parents.find((other) => other !== node && other.children.length > 0 && graph.withAncestors([node]).has(other))
    if (covered) throw new RevisionError(`parent ${covered.id} comes before parent ${node.id} already`, { hint: `leave out ${covered.id}` })
  }
  return parents
}

function refuseName(graph: RevisionGraph, what: string, name: string): void {
  const problem = nameProblem(name)
  if (problem) throw new RevisionError(`the ${what} "${name}" ${problem}`, { hint: 'use letters, digits and _' })
  const taken = graph.node(name) ?? graph.labelled(name)
  if (taken) throw new RevisionError(`the ${what} "${name}" is taken by revision ${taken.id}`, { hint: 'choose another one' })
}
