import { expect, test } from 'vitest'
import { conclusion, type EndFacts } from '../../activities/run-conclusion.ts'
import type { Verification } from '../../workflows/contract/messages.ts'

const INPUT = { runId: 'r', epoch: 1, outcome: 'finished', message: null } as const
const NOTHING: EndFacts = {
  failed_batches: 0,
  done_batches: 3,
  problem: null,
  error_class: null,
  verification: null,
  idle: false,
}

const checked = (incomplete: number, awaited?: string): Verification => ({
  dates: 9_000,
  complete: 9_000 - incomplete,
  completeWithGaps: 0,
  incomplete,
  unverified: 0,
  missingCells: incomplete,
  ...(awaited === undefined ? {} : { awaited }),
})
const days = (datasets: NonNullable<EndFacts['verification']>['datasets']): Partial<EndFacts> => ({
  verification: { ...checked(0), datasets },
})

test.each<[string, Partial<EndFacts>, number, string]>([
  ['one batch', { failed_batches: 1, problem: 'reset' }, 1, '1 batch failed: reset; 1 open failure'],
  ['batches', { failed_batches: 2, problem: 'reset' }, 3, '2 batches failed: reset; 3 open failures'],
  ['one session', days({ bars: checked(1) }), 0, '1 session of bars is incomplete'],
  [
    'sessions of datasets other than bars',
    days({ bars: checked(0), adj_factor: checked(1), index_bars: checked(8_283) }),
    0,
    '1 session of adj_factor is incomplete; 8283 sessions of index_bars are incomplete',
  ],
  [
    'the newest session beside older ones',
    days({ bars: checked(3, '2026-11-23'), adj_factor: checked(1, '2026-11-23') }),
    1,
    '1 open failure; 2 sessions of bars are incomplete; no source has bars, adj_factor of 2026-11-23 yet',
  ],
])('what is left is counted and named: %s', (_, facts, openFailures, problems) => {
  expect(conclusion(INPUT, { ...NOTHING, ...facts }, openFailures)).toEqual({
    status: 'success_with_errors',
    message: `${problems}. Retry the run to fetch what is missing.`,
    errorClass: null,
  })
})

test('a run that lacks nothing is a success, and one that brought nothing has failed for the reason of its batches', () => {
  expect(conclusion(INPUT, { ...NOTHING, ...days({ bars: checked(0) }) }, 0)).toEqual({
    status: 'success',
    message: null,
    errorClass: null,
  })
  const facts = { ...NOTHING, done_batches: 0, failed_batches: 1, error_class: 'Banned' } as const
  expect(conclusion(INPUT, facts, 0)).toMatchObject({ status: 'failed', errorClass: 'Banned' })
})

test('a run that found nothing to ask for says so, but not where something is left', () => {
  const idle = { ...NOTHING, idle: true }
  expect(conclusion(INPUT, idle, 0)).toEqual({
    status: 'success',
    message: 'nothing to do: nothing is missing that a source could bring',
    errorClass: null,
  })
  expect(conclusion(INPUT, idle, 2).message).toBe('2 open failures. Retry the run to fetch what is missing.')
})
