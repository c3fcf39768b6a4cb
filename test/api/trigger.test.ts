import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { getRun } from '../../db/queries/runs.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* Which job, with which parameters, a start by `POST /api/sync/trigger` means. No worker: nothing runs. */

let lab: ApiLab

beforeAll(async () => {
  lab = await openApiLab()
})
afterEach(() => lab.clear())
afterAll(() => lab.close())

interface Triggered {
  message: string
  data: { job_id: string; status: string; started_at: string; parameters: Record<string, unknown> }
}

const TRIGGER = '/api/sync/trigger'

describe('the meaning of a trigger', () => {
  // The lab's clock stands at 2026-11-22 in Shanghai.
  test.each([
    ['no body', undefined, 'stock_basics', {}],
    ['no field', {}, 'stock_basics', {}],
    ['nulls, as Python clients send them', { force: null, symbols: null, periods: null }, 'stock_basics', {}],
    [
      'the example of the seeds',
      { force: false, preferred_sources: ['tushare', 'akshare'] },
      'stock_basics',
      { preferred_sources: ['tushare'] },
    ],
    ['a period', { periods: ['daily'] }, 'daily_history', { start_date: '2025-11-22' }],
    [
      'weeks and months, which come with the days that they are made of',
      { periods: ['monthly', 'weekly'] },
      'daily_history',
      { start_date: '2025-11-22', periods: ['weekly', 'monthly'] },
    ],
    [
      'symbols',
      { symbols: ['300750'] },
      'daily_history',
      { symbols: ['300750.SZ'], start_date: '2025-11-22' },
    ],
    [
      'an end',
      { periods: ['daily'], end_date: '2020-12-31' },
      'daily_history',
      { start_date: '2020-01-01', end_date: '2020-12-31' },
    ],
    ['all history', { all_history: true }, 'full_history', {}],
    ['all history of bars', { all_history: true, periods: ['daily'] }, 'daily_history', {}],
    [
      'a mode and a want',
      { all_history: true, source_mode: 'parallel', want: 'upgrade' },
      'full_history',
      { source_mode: 'parallel', want: 'upgrade' },
    ],
    ['a comparison of lists', { source_mode: 'all' }, 'stock_basics', { source_mode: 'all' }],
    [
      'all history of symbols',
      { all_history: true, symbols: ['bj.920002', '600000.SH', 'SH600000'] },
      'daily_history',
      { symbols: ['920002.BJ', '600000.SH'] },
    ],
  ])('%s', async (_, body, job, params) => {
    const answer = await lab.post<Triggered>(TRIGGER, body)
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({ success: true, data: { status: 'running' } })
    const row = await getRun(lab.db, answer.body.data.job_id)
    expect(row).toMatchObject({ job, params })
  })

  test('sources that are not configured are left out and named', async () => {
    const { body } = await lab.post<Triggered>(TRIGGER, {
      preferred_sources: ['baostock', 'tushare', 'akshare'],
    })
    expect(body.message).toBe(
      'Synchronization started successfully; baostock, akshare not switched on or without what it needs: left out; GET /api/sources says why',
    )
    expect(body.data.parameters['preferred_sources']).toEqual(['baostock', 'tushare', 'akshare'])
  })
})
