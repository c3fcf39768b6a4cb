import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../api/app.ts'
import { defaultSchedules } from '../../api/scheduler/defaults.ts'
import { readSchedulesFile } from '../../api/scheduler/file.ts'
import { makeSchedules } from '../../api/scheduler/first-start.ts'
import { TemporalGateway } from '../../api/temporal/gateway.ts'
import { type Answer, type ApiLab, clientOf, openApiLab } from '../api/support.ts'
import { awayClient } from '../support/temporal.ts'

/* Schedules as a client makes and sees them, on a real Temporal server. No worker: what they start stays where it is. */

interface Schedule {
  id: string
  job: string
  trigger: string
  times: Record<string, unknown> | null
  timezone: string
  next_run_time: string | null
  next_run_times: string[]
  parameters: Record<string, unknown>
  paused: boolean
}
type Answered<T> = T & { success: boolean; message: string; data: T }
interface Status {
  running: boolean
  jobs: Schedule[]
  available_jobs: string[]
}

let lab: ApiLab
/** Asked for at once, since it takes as long as a caller waits for Temporal. */
let away: Promise<Answer>

beforeAll(async () => {
  // What describes a schedule is asked of a worker of the server's own, and given up after seconds.
  lab = await openApiLab({ ownTemporal: true })
  const temporal = new TemporalGateway(awayClient(), 'default')
  away = clientOf(createApp({ ...lab.api, temporal })).get('/scheduler/status')
})
beforeEach(async () => {
  await removeAll()
  await lab.db.sql`truncate schedule_made`
})
afterAll(async () => {
  await away
  await lab.close()
})

const post = (path: string, body?: unknown) => lab.post<Answered<Schedule>>(`/scheduler/jobs/${path}`, body)
const status = async () => (await lab.get<Answered<Status>>('/scheduler/status')).body
const removeAll = async () => {
  for (const { id } of (await status()).jobs) await post(`${id}/stop`)
}
const ids = async () => (await status()).jobs.map(({ id }) => id)

/** Hour and minute in Shanghai. */
const clock = (iso: string | undefined) =>
  new Date(Date.parse(iso ?? '') + 8 * 3_600_000).toISOString().slice(11, 16)

describe('a schedule', () => {
  test('by minutes is made, shown, replaced, paused, resumed and removed', async () => {
    const made = await post('weekly/start', { interval_minutes: 30, params: { check_vendor: true } })
    expect(made.status).toBe(200)
    expect(made.body).toMatchObject({
      id: 'weekly',
      trigger: 'every 30 minutes',
      timezone: 'UTC',
      paused: false,
    })
    expect(made.body.data.times).toEqual({ interval_minutes: 30 })
    expect(made.body.data).toMatchObject({ id: 'weekly', parameters: { check_vendor: true } })
    expect(await status()).toMatchObject({
      success: true,
      running: true,
      jobs: [{ id: 'weekly', job: 'weekly', trigger: 'every 30 minutes' }],
      available_jobs: expect.arrayContaining(['daily_incremental', 'full_history']) as string[],
    })
    const replaced = await post('weekly/schedule', { hour: 1, minute: 5, day_of_week: 'MON-fri' })
    expect(replaced.body.data).toMatchObject({
      trigger: 'at 01:05 on mon-fri',
      times: { hour: 1, minute: 5, day_of_week: 'mon-fri' },
      timezone: 'Asia/Shanghai',
      parameters: { check_vendor: true },
    })
    expect((await status()).jobs).toHaveLength(1)
    const paused = await post('weekly/pause')
    expect(paused.body.data).toMatchObject({ paused: true, next_run_time: null })
    expect((await post('weekly/resume')).body.data.paused).toBe(false)
    expect((await post('weekly/stop')).status).toBe(200)
    expect(await ids()).toEqual([])
  })

  test('by the clock runs at that time of its zone, on its days', async () => {
    const daily = (await post('daily_incremental/schedule', { hour: 20, minute: 30 })).body.data
    expect(daily.next_run_times.map(clock)).toEqual(Array.from({ length: 5 }, () => '20:30'))
    const monthly = (await post('monthly/schedule', { hour: 3, day_of_month: 1 })).body.data
    expect(monthly.trigger).toBe('at 03:00 on day 1 of the month')
    expect(monthly.times).toEqual({ hour: 3, minute: 0, day_of_month: 1 })
    expect(monthly.next_run_times.map((at) => new Date(Date.parse(at) + 8 * 3_600_000).getUTCDate())).toEqual(
      Array.from({ length: 5 }, () => 1),
    )
    const evening = (
      await post('daily_incremental.noon/schedule', { cron: '15 12 * * tue,thu', timezone: 'UTC' })
    ).body.data
    expect(evening).toMatchObject({ id: 'daily_incremental.noon', job: 'daily_incremental', timezone: 'UTC' })
    expect(evening.trigger).toBe('cron 15 12 * * tue,thu')
    expect(evening.times).toEqual({ cron: '15 12 * * tue,thu' })
    expect(evening.next_run_times.map((at) => [2, 4].includes(new Date(at).getUTCDay()))).not.toContain(false)
    expect((await ids()).slice(0, 1)).toEqual(['daily_incremental'])
  })

  test('takes its numbers from the query too, as the seed document has them', async () => {
    const made = await lab.post<Answered<Schedule>>('/scheduler/jobs/stock_list/start?interval_minutes=45')
    expect(made.body.data.trigger).toBe('every 45 minutes')
    const timed = await lab.post<Answered<Schedule>>('/scheduler/jobs/stock_list/schedule?hour=7&minute=0')
    expect(timed.body.data.trigger).toBe('at 07:00 every day')
  })

  test('triggered runs at once, with its parameters or others; twice at a time is refused', async () => {
    await post('daily_incremental/schedule', { hour: 1, params: { recheck: 5 } })
    const first = await lab.post<Answered<{ run_id: string; parameters: object }>>(
      '/scheduler/jobs/daily_incremental/trigger',
    )
    expect(first.body).toMatchObject({
      success: true,
      parameters: { recheck: 5 },
      data: { status: 'running' },
    })
    const second = await lab.post('/scheduler/jobs/daily_incremental/trigger', { params: { days_back: 3 } })
    expect(second.status).toBe(429)
    expect(second.body['message']).toContain(first.body.run_id)
    await lab.clear()
  })

  test.each([
    ['nonsense/start', { interval_minutes: 5 }, 404, 'nonsense'],
    ['daily_incremental.Ä/start', { interval_minutes: 5 }, 404, 'no job'],
    ['weekly/start', { interval_minutes: 0 }, 422, 'from 1 to'],
    ['weekly/start', { interval_minutes: 1.5 }, 422, 'whole number'],
    ['weekly/start', {}, 422, 'interval_minutes'],
    ['weekly/start', { interval_minutes: 5, params: { days_back: 3 } }, 422, 'only daily_incremental'],
    ['weekly/start', { interval_minutes: 5, nonsense: 1 }, 422, 'not known'],
    ['weekly/schedule', { minute: 5 }, 422, 'hour'],
    ['weekly/schedule', { hour: 24 }, 422, '0 to 23'],
    ['weekly/schedule', { hour: 2, timezone: 'Mars/Base' }, 422, 'time zone'],
    ['weekly/schedule', { hour: 2, day_of_week: '1-5' }, 422, 'mon-fri'],
    ['weekly/schedule', { cron: '@every 1s' }, 422, 'five fields'],
    ['weekly/schedule', { cron: '0 25 * * *' }, 422, 'Temporal refused'],
    ['weekly/schedule', { cron: '0 1 * * *', hour: 2 }, 422, 'leave out'],
    ['weekly/pause', undefined, 404, 'has no schedule'],
    ['weekly/stop', undefined, 404, 'has no schedule'],
    ['nonsense/trigger', undefined, 404, 'nonsense'],
  ])('is refused with what to do: %s %j', async (path, body, code, text) => {
    const answer = await post(path, body)
    expect([answer.status, answer.body.message]).toEqual([code, expect.stringContaining(text)])
    expect(answer.body).toMatchObject({ success: false, data: null })
    expect(await ids()).toEqual([])
  })

  test('needs Temporal, and says so', async () => {
    const answer = await away
    expect(answer).toMatchObject({ status: 503, body: { success: false, data: null } })
    expect(answer.body['message']).toContain('Temporal does not answer')
  })
})

describe('the first start', () => {
  const drafts = defaultSchedules({ recheckSessions: 5 })
  const keys = drafts.map(({ key }) => key).sort()

  test('makes the usual schedules once, also when several processes start at once', async () => {
    const others = Array.from({ length: 4 }, () => makeSchedules(lab.api, drafts))
    expect(await Promise.all(others)).toContain(true)
    const { jobs } = await status()
    expect(jobs.map(({ id }) => id).sort()).toEqual(keys)
    const shown = Object.fromEntries(jobs.map(({ id, trigger, parameters }) => [id, [trigger, parameters]]))
    expect(shown).toMatchObject({
      daily_incremental: ['at 01:00 every day', { recheck: 5 }],
      'daily_incremental.evening': ['at 20:30 on mon-fri', {}],
      weekly: ['at 02:00 on mon', {}],
      monthly: ['at 03:00 on day 1 of the month', {}],
      full_history: ['at 04:00 on day 1 of the month', { recheck_share: true }],
    })
  })

  test('is over after that: what was removed stays away, what was changed stays changed', async () => {
    await makeSchedules(lab.api, drafts)
    await post('monthly/stop')
    await post('weekly/schedule', { hour: 9 })
    await makeSchedules(lab.api, drafts)
    const { jobs } = await status()
    expect(jobs.map(({ id }) => id)).not.toContain('monthly')
    expect(jobs.find(({ id }) => id === 'weekly')?.trigger).toBe('at 09:00 every day')
  })

  test('that was broken off is gone on with', async () => {
    await lab.db.sql`insert into schedule_made (namespace, id) values (${lab.temporal.namespace}, 'weekly')`
    await makeSchedules(lab.api, drafts)
    expect(await ids()).toEqual(keys.filter((key) => key !== 'weekly'))
  })

  test('a file takes the place of the usual ones; what is wrong with it is named', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ashare-schedules-'))
    const path = join(folder, 'schedules.json')
    const write = (content: unknown) =>
      writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
    write([
      { job: 'weekly', cron: '0 5 * * sat', params: { check_vendor: true } },
      { job: 'weekly.often', interval_minutes: 60, paused: true },
    ])
    await makeSchedules(lab.api, await readSchedulesFile(path))
    expect((await status()).jobs).toMatchObject([
      { id: 'weekly', trigger: 'cron 0 5 * * sat', parameters: { check_vendor: true } },
      { id: 'weekly.often', trigger: 'every hour', paused: true },
    ])
    write([
      { job: 'monthly', hour: 1, interval_minutes: 5 },
      { job: 'nobody', hour: 1 },
      { job: 'weekly', hour: 1, params: { days_back: 4 } },
      { job: 'stock_list', hour: 1 },
      { job: 'stock_list', hour: 2 },
    ])
    await expect(readSchedulesFile(path)).rejects.toThrow(
      /4 problems[^]*monthly: give interval[^]*nobody: is no job[^]*days_back: only[^]*stock_list is there twice/,
    )
    write([{ job: 'weekly', hour: 99 }])
    await expect(readSchedulesFile(path)).rejects.toThrow('[0] hour: must be an hour')
    write('{')
    await expect(readSchedulesFile(path)).rejects.toThrow('is not JSON')
    await expect(readSchedulesFile(join(folder, 'none.json'))).rejects.toThrow('cannot be read: ENOENT')
    rmSync(folder, { recursive: true })
  })
})
