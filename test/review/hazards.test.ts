import type { HazardCode } from '../../src/hazards.js'
import type { Finding } from '../../src/lint/finding.js'
import { gatherHazards, type Evidence } from '../../src/review/hazards.js'

const found = (code: HazardCode, object: string, line: number): Finding => ({ code, object, rule: `rule of ${line}`, severity: 'hazard', message: 'says the text', instead: 'another way', at: { file: 'm.ts', line, column: 9 } })

/** Two steps of a table in use: the first rewrites it, the second was run by itself, where nobody could look. */
function gathered(evidence: Partial<Evidence>): string[] {
  const observed = { locks: [{ relation: 'public.users', mode: 'ACCESS EXCLUSIVE' as const }], reads: [], rewrites: [], builds: [] }
  const at = (line: number) => ({ file: 'm.ts', line, column: 5 })
  const steps = [{ sql: 'a', transaction: 'inside' as const, at: at(4), observed }, { sql: 'b', transaction: 'outside' as const, at: at(6) }]
  return gatherHazards({ planned: [], observed: [], findings: [], steps, allow: [], ...evidence }).map(({ code, object, message, instead, rule, allowed, accepted }) =>
    [code, object, message, instead, rule, allowed && 'allowed', accepted].filter(Boolean).join(' | '),
  )
}

test('what several say is one hazard, in the words of who knows most, with the place and the way out of the text', () => {
  const loss = { code: 'data-loss' as const, object: 'column:public.users.email', message: 'column public.users.email: the values are gone' }
  expect(gathered({ planned: [loss], findings: [found('data-loss', 'users.email', 4)] })).toEqual(['data-loss | column public.users.email | the values are gone | another way | rule of 4'])
  const rewrite = { code: 'table-rewrite' as const, object: 'table:public.users', message: 'table public.users: every row is written anew' }
  expect(gathered({ observed: [{ hazard: rewrite, step: 0 }], findings: [found('table-rewrite', 'logs.note', 5)] })).toEqual(['table-rewrite | table public.users | every row is written anew | another way | rule of 5'])
})

test('each rename has its own finding, although one name is a part of the other', () => {
  const renamed = (object: string) => ({ code: 'breaks-code' as const, object, message: 'gone', instead: 'both' })
  const planned = [renamed('table:public.people'), renamed('column:public.people.mail')]
  expect(gathered({ planned, findings: [found('breaks-code', 'people.email → mail', 6), found('breaks-code', 'users → people', 4)] })).toEqual([
    'breaks-code | column public.people.mail | gone | both | rule of 6',
    'breaks-code | table public.people | gone | both | rule of 4',
  ])
})

test('a rewrite that the text suspects and scratch did not see is none; where scratch could not look it stays', () => {
  expect(gathered({ findings: [found('table-rewrite', 'users.note', 4)] })).toEqual([])
  expect(gathered({ findings: [found('table-rewrite', 'users.note', 7)] })).toEqual(['table-rewrite | users.note | says the text | another way | rule of 7'])
  expect(gathered({ findings: [found('data-loss', 'users.note', 4)] })).toHaveLength(1)
})

test('what is allowed, or accepted beside the statement, says so', () => {
  const findings = [found('data-loss', 'users.note', 4), { ...found('strong-lock', 'users', 4), reason: 'at night' }]
  expect(gathered({ findings, allow: ['data-loss:public.users'] })).toEqual(['data-loss | users.note | says the text | another way | rule of 4 | allowed', 'strong-lock | users | says the text | another way | rule of 4 | at night'])
})
