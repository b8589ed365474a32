import type { SourcePosition } from '../errors.js'
import { HAZARD_CODES, isAllowed, type HazardCode } from '../hazards.js'
import type { Finding } from '../lint/finding.js'
import { describeRef } from '../model/object-ref.js'
import { describeObject } from '../operations/describe.js'
import type { Hazard } from '../planner/hazards.js'
import type { ReviewedStep, ReviewHazard } from './review.js'

/** What is known of a migration from three sides. */
export interface Evidence {
  /** What the change of the schema costs, whatever the statements. */
  readonly planned: readonly Hazard[]
  /** What was seen, each with the number of its step. */
  readonly observed: readonly { readonly hazard: Hazard; readonly step: number }[]
  /** What the text of the statements says; `reason`: a comment accepts it. */
  readonly findings: readonly (Finding & { readonly reason?: string })[]
  readonly steps: readonly ReviewedStep[]
  readonly allow: readonly string[]
}

/** What helps in general, where nothing better is known. */
const INSTEAD: Readonly<Record<HazardCode, string>> = {
  'data-loss': 'keep it for another release, or save first what is still needed',
  irreversible: 'write the downgrade',
  'table-rewrite': 'name it in the setting gradual: then it is filled in batches beside the old one, which it replaces in a moment',
  'long-scan': 'add a constraint NOT VALID and validate it in a later transaction; build an index CONCURRENTLY',
  'strong-lock': 'run it by itself, when the table is little used',
  'index-gap': 'build the new index first, and drop the old one after it',
  'breaks-code': 'let the release that bears it go first',
  'may-fail': 'put right the rows that are in the way first, with op.backfill',
  'not-transactional': 'put it into a migration of its own',
  'untracked-dependency': 'look at it by hand',
  replication: 'make sure that replicas and subscribers bear it',
  'privilege-change': 'make sure that it is meant',
}

/** What the text alone cannot know for certain, and scratch shows. */
const SHOWN_BY_SCRATCH: readonly HazardCode[] = ['table-rewrite', 'long-scan']

type Gathered = ReviewHazard & { readonly name: string; readonly step?: number }

/** The hazards of a migration, each once, whoever found it; in the order of their codes. */
export function gatherHazards({ planned, observed, findings, steps, allow }: Evidence): ReviewHazard[] {
  const gathered: Gathered[] = []
  const add = (hazard: Gathered) => {
    if (!gathered.some(({ code, name, message }) => code === hazard.code && name === hazard.name && message === hazard.message)) gathered.push(hazard)
  }
  for (const hazard of planned) add(ofHazard(hazard))
  for (const { hazard, step } of observed) add({ ...ofHazard(hazard), step, at: steps[step]!.at })
  for (const finding of findings) {
    const near = stepsAt(finding.at, steps)
    const same = sameAs(finding, near, gathered)
    if (same >= 0) gathered[same] = together(gathered[same]!, finding)
    else if (finding.severity === 'hazard' && !isRefuted(finding, near, steps)) add(ofFinding(finding))
  }
  return gathered
    .map(({ name, step: _, ...hazard }): ReviewHazard => ([name, `public.${name}`].some((each) => isAllowed(hazard.code, each, allow)) ? { ...hazard, allowed: true } : hazard))
    .sort((a, b) => HAZARD_CODES.indexOf(a.code) - HAZARD_CODES.indexOf(b.code) || compare(a.object, b.object) || compare(a.message, b.message))
}

function ofHazard({ code, object, message, instead, count }: Hazard): Gathered {
  const words = describeObject(object)
  return {
    code,
    object: words,
    name: describeRef(object).name,
    message: message.startsWith(`${words}: `) ? message.slice(words.length + 2) : message,
    instead: instead ?? INSTEAD[code],
    ...(count !== undefined && { count }),
  }
}

function ofFinding({ code, object, message, instead, at, rule, reason }: Evidence['findings'][number]): Gathered {
  return { code, object, name: object, message, instead, at, rule, ...(reason !== undefined && { accepted: reason }) }
}

/** A hazard that the text shows as well: now it has a place, and a way out that fits it. */
function together(hazard: Gathered, { at, rule, instead, reason }: Evidence['findings'][number]): Gathered {
  return {
    ...hazard,
    at: hazard.at ?? at,
    rule: hazard.rule ?? rule,
    instead: hazard.instead === INSTEAD[hazard.code] ? instead : hazard.instead,
    ...((hazard.accepted ?? reason) !== undefined && { accepted: hazard.accepted ?? reason }),
  }
}

/** The hazard that a finding is about too: of that name, else of that step, else of a part or the whole of what has the name. */
function sameAs({ code, object }: Finding, near: readonly number[], gathered: readonly Gathered[]): number {
  // Of a rename it says both: what it was, and what it is, which may be the last part of the name only.
  const [was = '', is] = object.split(' → ').map(inPublic)
  const names = is === undefined ? [was] : [is, `${was.slice(0, was.lastIndexOf('.') + 1)}${is}`]
  const candidates = gathered.map((each, index) => ({ ...each, index, name: inPublic(each.name) })).filter((each) => each.code === code)
  const found =
    candidates.find(({ name }) => names.includes(name)) ??
    candidates.find(({ step }) => step !== undefined && near.includes(step)) ??
    candidates.find(({ name }) => is === undefined && (name.startsWith(`${was}.`) || was.startsWith(`${name}.`)))
  return found?.index ?? -1
}

function inPublic(name: string): string {
  return name.replace(/^public\./, '')
}

/** The text says that it may be so, and scratch, which ran it on the real schema, that it is not. */
function isRefuted({ code }: Finding, near: readonly number[], steps: readonly ReviewedStep[]): boolean {
  if (!SHOWN_BY_SCRATCH.includes(code) || near.length === 0) return false
  return near.every((number) => {
    const { observed } = steps[number]!
    return observed !== undefined && !observed.documented
  })
}

/** The numbers of the steps that a place is in: those that begin last before it. */
function stepsAt(at: SourcePosition, steps: readonly ReviewedStep[]): number[] {
  const isBefore = (one: SourcePosition, other: SourcePosition) => one.file === other.file && (one.line < other.line || (one.line === other.line && (one.column ?? 0) <= (other.column ?? Infinity)))
  const before = steps.flatMap((step, number) => (step.at && isBefore(step.at, at) ? [{ number, at: step.at }] : []))
  const last = before.reduce<SourcePosition | undefined>((latest, each) => (!latest || isBefore(latest, each.at) ? each.at : latest), undefined)
  return before.filter((each) => each.at.line === last!.line && each.at.column === last!.column).map(({ number }) => number)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
