import { RevisionError } from '../errors.js'
import { positionOf, type Revision } from './revision.js'
import type { RevisionNode } from './revision-graph.js'

/** Words that an identifier on the command line already means something else by. */
const RESERVED = new Set(['head', 'heads', 'base', 'current'])

interface LinkedNode extends RevisionNode {
  parents: RevisionNode[]
  children: RevisionNode[]
  needs: RevisionNode[]
  neededBy: RevisionNode[]
}

/** Why a text cannot be a revision id or branch label; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (name === '') return 'is empty'
  if (RESERVED.has(name)) return 'is a word of the command line'
  const bad = /[@:+\-\s]/.exec(name)
  return bad ? `holds ${JSON.stringify(bad[0])}, which has a meaning of its own in identifiers such as branch@head or rev-1` : undefined
}

/** Checks that revisions form a history and links them to their neighbours. */
export function linkRevisions(revisions: readonly Revision[]) {
  const byId = indexById(revisions)
  const nodes = [...byId.values()].sort((a, b) => compareText(age(a), age(b)))
  const byLabel = indexByLabel(nodes, byId)
  for (const node of nodes) {
    node.parents = distinct(node, node.revision.revises, 'revises').map((id) => neighbour(byId, node, id, 'revises'))
    const needed = distinct(node, node.revision.dependsOn, 'depends on').map(
      (id) => byLabel.get(id) ?? neighbour(byId, node, id, 'depends on'),
    )
    if (needed.includes(node)) throw new RevisionError(`revision ${node.id} depends on itself`, { at: positionOf(node.revision) })
    node.needs = [...new Set(needed)]
  }
  const rank = new Map<RevisionNode, number>(nodes.map((node, index) => [node, index]))
  for (const node of nodes) {
    for (const list of [node.parents, node.needs]) list.sort((a, b) => rank.get(a)! - rank.get(b)!)
    // Dependencies before parents: the revisions of its own branch then stay in one piece.
    node.needs = [...node.needs.filter((need) => !node.parents.includes(need)), ...node.parents]
    for (const parent of node.parents) (parent as LinkedNode).children.push(node)
    for (const need of node.needs) (need as LinkedNode).neededBy.push(node)
  }
  refuseCycle(nodes, (node) => node.parents, `revise one another in a circle${endless(nodes)}`)
  refuseCycle(nodes, (node) => node.needs, 'depend on one another in a circle')
  return { nodes: nodes as readonly RevisionNode[], byId: byId as ReadonlyMap<string, RevisionNode>, byLabel }
}

function indexById(revisions: readonly Revision[]): Map<string, LinkedNode> {
  const byId = new Map<string, LinkedNode>()
  for (const revision of revisions) {
    const at = positionOf(revision)
    const problem = nameProblem(revision.revision)
    if (problem) throw new RevisionError(`the revision id "${revision.revision}" ${problem}`, { at, hint: 'use letters, digits and _' })
    const other = byId.get(revision.revision)?.revision
    if (other) {
      const same = other.file !== undefined && other.file === revision.file
      throw new RevisionError(
        same
          ? `the file of revision ${revision.revision} is reached through two migrations folders`
          : `two migrations have the revision id ${revision.revision}`,
        {
          at,
          detail: other.file === undefined ? undefined : `the other is ${other.file}`,
          hint: same ? 'configure only one of the folders' : 'give one of them another id; a copied file needs a new one',
        },
      )
    }
    byId.set(revision.revision, { id: revision.revision, revision, parents: [], children: [], needs: [], neededBy: [] })
  }
  return byId
}

function indexByLabel(nodes: readonly LinkedNode[], byId: ReadonlyMap<string, LinkedNode>): Map<string, RevisionNode> {
  const byLabel = new Map<string, RevisionNode>()
  for (const node of nodes) {
    const at = positionOf(node.revision)
    for (const label of node.revision.branchLabels) {
      const problem = nameProblem(label)
      if (problem) throw new RevisionError(`the branch label "${label}" of revision ${node.id} ${problem}`, { at })
      const other = byLabel.get(label)
      if (other) throw new RevisionError(`the branch label "${label}" is used by revisions ${other.id} and ${node.id}`, { at })
      if (byId.has(label)) throw new RevisionError(`the branch label "${label}" of revision ${node.id} is also the id of a revision`, { at })
      byLabel.set(label, node)
    }
  }
  return byLabel
}

function neighbour(byId: ReadonlyMap<string, LinkedNode>, node: LinkedNode, id: string, verb: string): LinkedNode {
  const found = byId.get(id)
  if (found === node) throw new RevisionError(`revision ${node.id} ${verb} itself`, { at: positionOf(node.revision) })
  if (found) return found
  throw new RevisionError(`revision ${node.id} ${verb} ${id}, which does not exist`, {
    at: positionOf(node.revision),
    hint: `bring the file of ${id} back, or correct what ${node.id} ${verb}`,
  })
}

function distinct(node: LinkedNode, ids: readonly string[], verb: string): readonly string[] {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index)
  if (twice === undefined) return ids
  throw new RevisionError(`revision ${node.id} ${verb} ${twice} twice`, { at: positionOf(node.revision) })
}

function refuseCycle(nodes: readonly RevisionNode[], below: (node: RevisionNode) => readonly RevisionNode[], what: string): void {
  const done = new Set<RevisionNode>()
  for (const start of nodes) {
    const path: { node: RevisionNode; next: number }[] = [{ node: start, next: 0 }]
    const onPath = new Set([start])
    while (path.length > 0) {
      const top = path.at(-1)!
      const next = done.has(top.node) ? undefined : below(top.node)[top.next++]
      if (next === undefined) {
        done.add(top.node)
        onPath.delete(top.node)
        path.pop()
      } else if (onPath.has(next)) {
        const cycle = path.slice(path.findIndex((each) => each.node === next)).map((each) => each.node)
        throw new RevisionError(`revisions ${cycle.map((node) => node.id).sort(compareText).join(', ')} ${what}`, {
          at: positionOf(next.revision),
          detail: [...cycle, next].map((node) => node.id).join(' → '),
        })
      } else {
        path.push({ node: next, next: 0 })
        onPath.add(next)
      }
    }
  }
}

/** What a history lacks all of whose beginnings, or ends, are in a circle. */
function endless(nodes: readonly RevisionNode[]): string {
  if (nodes.every(({ parents }) => parents.length > 0)) return ', so that the history has no base'
  return nodes.every(({ children }) => children.length > 0) ? ', so that the history has no head' : ''
}

function age(node: LinkedNode): string {
  return `${node.revision.created ?? ''}\0${node.id}`
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
