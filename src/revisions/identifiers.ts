import { RevisionError } from '../errors.js'
import type { RevisionGraph, RevisionNode } from './revision-graph.js'

/** The shortest beginning of an id that is taken for the id. */
const SHORTEST_PREFIX = 4

/** The parts of `branch@symbol+N`. */
export interface Identifier {
  readonly text: string
  readonly branch?: string
  readonly symbol?: string
  readonly offset: number
}

/** What an identifier names. */
export interface Resolved {
  /** Empty: the state before any revision. */
  readonly nodes: readonly RevisionNode[]
  /** The revision that stands for the branch, where the identifier names one. */
  readonly branch?: RevisionNode
}

/** Splits an identifier: `8c1f`, `head`, `heads`, `base`, `current`, a branch label, each with `branch@` before and `+N` or `-N` behind; or `+N`, `-N`. */
export function parseIdentifier(text: string): Identifier {
  const match = /^(?:([^@:+\-\s]+)@)?([^@:+\-\s]*)([+-]\d+)?$/.exec(text)
  if (!match || (match[2] === '' && match[3] === undefined)) {
    throw new RevisionError(
      text.includes(':') ? `"${text}" is a range of revisions, where one revision is wanted` : `"${text}" is not a revision identifier`,
      text.includes(':')
        ? { hint: 'ranges are for --sql, history and squash' }
        : { hint: 'give an id or the first 4 characters of one, head, heads, base, a branch label, branch@head, rev+1, rev-1, +1 or -1' },
    )
  }
  return { text, branch: match[1], symbol: match[2] || undefined, offset: Number(match[3] ?? 0) }
}

/**
 * The revisions that an identifier with a symbol names. `rows`, the version table's, give `current` its meaning.
 * Throws a `RevisionError` when it names nothing, or one of several: then with the choices.
 */
export function resolve(graph: RevisionGraph, identifier: Identifier, rows: readonly string[] = []): Resolved {
  const branch = identifier.branch === undefined ? undefined : resolveBranch(graph, identifier.branch)
  const nodes = resolveSymbol(graph, identifier, branch, rows)
  if (identifier.offset === 0) return { nodes, branch }
  if (nodes.length > 1) {
    throw ambiguous(graph, identifier.text, nodes, (each) => each + signed(identifier.offset))
  }
  const start = nodes[0] ?? 'base'
  const end = identifier.offset > 0 ? walkUp(graph, start, identifier, branch) : walkDown(graph, start, identifier, -identifier.offset, branch)
  return { nodes: end === 'base' ? [] : [end], branch }
}

/** The single revision that an identifier names. */
export function resolveOne(graph: RevisionGraph, text: string, rows: readonly string[] = []): RevisionNode {
  const { nodes } = resolve(graph, absolute(text), rows)
  if (nodes.length === 1) return nodes[0]!
  if (nodes.length === 0) throw new RevisionError(`"${text}" names no revision`)
  throw ambiguous(graph, text, nodes, (each) => each)
}

/** Parses an identifier that must not be relative to the database's own state. */
export function absolute(text: string): Identifier {
  const identifier = parseIdentifier(text)
  if (identifier.symbol !== undefined) return identifier
  throw new RevisionError(`"${text}" is relative, where the name of a revision is wanted`, {
    hint: `write what it is relative to, as in head${signed(identifier.offset)}`,
  })
}

/** The revision that stands for a branch: the one with that label, or of that id or prefix. */
export function resolveBranch(graph: RevisionGraph, name: string): RevisionNode {
  const node = graph.labelled(name) ?? graph.node(name)
  if (node) return node
  const candidates = withPrefix(graph.nodes, name)
  if (candidates.length === 1) return candidates[0]!
  if (candidates.length > 1) throw ambiguousPrefix(name, candidates)
  const labels = graph.nodes.flatMap((each) => each.revision.branchLabels)
  throw new RevisionError(`there is no branch "${name}"`, {
    hint: labels.length > 0 ? `the branches are ${some(labels)}` : 'no revision has a branch label; the id of any revision on a branch names it too',
  })
}

/** Goes up `identifier.offset` revisions. */
export function walkUp(
  graph: RevisionGraph,
  start: RevisionNode | 'base',
  identifier: Identifier,
  branch: RevisionNode | undefined,
): RevisionNode | 'base' {
  const lineage = branch && graph.lineage(branch)
  let node = start
  for (let steps = 0; steps < identifier.offset; steps++) {
    const above = (node === 'base' ? graph.baseNodes : node.children).filter((each) => !lineage || lineage.has(each))
    if (above.length === 0) throw tooFar(identifier, start, steps, 'above')
    if (above.length > 1) throw ambiguous(graph, identifier.text, above, (each) => each)
    node = above[0]!
  }
  return node
}

/** Goes down a number of revisions; the last may lead to the state before any revision. */
export function walkDown(
  graph: RevisionGraph,
  start: RevisionNode | 'base',
  identifier: Identifier,
  count: number,
  branch: RevisionNode | undefined,
): RevisionNode | 'base' {
  const lineage = branch && graph.lineage(branch)
  let node = start
  for (let steps = 0; steps < count; steps++) {
    if (node === 'base') throw tooFar(identifier, start, steps, 'below')
    const below: readonly RevisionNode[] = node.parents.filter((each) => !lineage || lineage.has(each))
    if (below.length > 1) throw ambiguous(graph, identifier.text, below, (each) => `${each}@${identifier.text.replace(/^.*@/, '')}`)
    node = below[0] ?? 'base'
  }
  return node
}

/** An error for an identifier that means several revisions: names them and, made by `suggest` from each one's label or id, what to write. */
export function ambiguous(
  graph: RevisionGraph,
  text: string,
  nodes: readonly RevisionNode[],
  suggest: (name: string) => string,
  also?: string,
): RevisionError {
  const suggestions = nodes.slice(0, 3).map((node) => suggest(distinctName(graph, node, nodes)))
  return new RevisionError(`"${text}" is ambiguous: it could mean ${some(nodes.map((node) => node.id))}`, {
    hint: `write ${[...(also === undefined ? [] : [also]), ...suggestions].join(' or ')}`,
  })
}

/** A list for a message: the first three. */
export function some(names: readonly string[]): string {
  return names.length > 3 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ')
}

export function signed(offset: number): string {
  return offset > 0 ? `+${offset}` : String(offset)
}

function resolveSymbol(
  graph: RevisionGraph,
  { text, symbol, branch: branchName, offset }: Identifier,
  branch: RevisionNode | undefined,
  rows: readonly string[],
): readonly RevisionNode[] {
  const lineage = branch && graph.lineage(branch)
  const onBranch = (nodes: readonly RevisionNode[]) => nodes.filter((node) => !lineage || lineage.has(node))
  if (symbol === 'base') return []
  if (symbol === 'current') return onBranch(graph.nodesOfRows(rows))
  if (symbol === 'head' || symbol === 'heads') {
    const heads = onBranch(graph.headNodes)
    if (symbol === 'heads' || heads.length < 2) return heads
    const suffix = offset === 0 ? '' : signed(offset)
    const all = offset === 0 ? (branchName === undefined ? 'heads' : `${branchName}@heads`) : undefined
    throw ambiguous(graph, text, heads, (name) => `${name}@head${suffix}`, all)
  }
  const node = graph.node(symbol!) ?? graph.labelled(symbol!) ?? byPrefix(symbol!, onBranch(graph.nodes), branchName)
  if (lineage && !lineage.has(node)) throw new RevisionError(`revision ${node.id} is not on branch "${branchName}"`)
  return [node]
}

function byPrefix(prefix: string, nodes: readonly RevisionNode[], branchName: string | undefined): RevisionNode {
  const candidates = withPrefix(nodes, prefix)
  if (candidates.length === 1) return candidates[0]!
  if (candidates.length > 1) throw ambiguousPrefix(prefix, candidates)
  const where = branchName === undefined ? '' : ` on branch "${branchName}"`
  throw new RevisionError(`there is no revision or branch "${prefix}"${where}`, {
    hint: prefix.length < SHORTEST_PREFIX ? `the beginning of an id needs at least ${SHORTEST_PREFIX} characters` : '`autogen history` lists the revisions',
  })
}

function ambiguousPrefix(prefix: string, candidates: readonly RevisionNode[]): RevisionError {
  return new RevisionError(`several revisions start with "${prefix}": ${some(candidates.map((node) => node.id))}`, {
    hint: 'write more of the id',
  })
}

function withPrefix(nodes: readonly RevisionNode[], prefix: string): RevisionNode[] {
  return prefix.length < SHORTEST_PREFIX ? [] : nodes.filter((node) => node.id.startsWith(prefix))
}

/** A branch label that only this one of the nodes goes by, else its id. */
function distinctName(graph: RevisionGraph, node: RevisionNode, among: readonly RevisionNode[]): string {
  const others = among.filter((other) => other !== node)
  const label = graph.branchLabelsOf(node.id).find((each) => others.every((other) => !graph.branchLabelsOf(other.id).includes(each)))
  return label ?? node.id
}

function tooFar(identifier: Identifier, start: RevisionNode | 'base', steps: number, direction: 'above' | 'below'): RevisionError {
  const from = start === 'base' ? 'the base' : `revision ${start.id}`
  const found = steps === 0 ? 'none' : `only ${steps}`
  return new RevisionError(`"${identifier.text}" leads too far: ${found} of the revisions it needs ${steps === 1 ? 'is' : 'are'} ${direction} ${from}`, {
    hint: '`autogen history` lists the revisions',
  })
}
