import { writeFileSync } from 'node:fs'
import { afterAll, beforeAll, test } from 'vitest'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { type Lab, openLab } from '../support/lab.ts'
import { priceDifferences } from '../support/truth.ts'

let lab: Lab
const SYMBOLS = ['000001.SZ', '300001.SZ', '600000.SH', '920001.BJ']
const FROM = '2026-09-21',
  TO = '2026-11-20'
const out: unknown[] = []

beforeAll(async () => {
  lab = await openLab({
    market: createSandboxMarket({ stocks: 40, years: 2, seed: 2 }),
    tushare: { timeoutMs: 500 },
    akshare: { timeoutMs: 500 },
    baostock: { timeoutMs: 500, minIntervalMs: 0 },
    batchSize: 2,
  })
  const r = await lab.run('stock_list')
  console.log(r.status)
  await lab.run('daily_history', { symbols: SYMBOLS, start_date: FROM, end_date: TO, source_mode: 'all' })
}, 120_000)
afterAll(async () => {
  writeFileSync('/tmp/matrix.json', JSON.stringify(out, null, 1))
  await lab.close()
})

const PREF: any = {
  tushare: ['tushare', 'baostock', 'akshare'],
  baostock: ['baostock', 'akshare', 'tushare'],
  akshare: ['akshare', 'tushare', 'baostock'],
}
const T = 'daily',
  B = 'query_history_k_data_plus',
  A = 'stock_zh_a_hist'
const CASES: any[] = JSON.parse(process.env.CASES ?? 'null') ?? [
  ['tushare', 'none', []],
  ['baostock', 'none', []],
  ['akshare', 'none', []],
]
const MODES = (process.env.MODES ?? 'failover,parallel,all').split(',')

function set(source: string, faults: any) {
  lab.upstream.setFaults(source === 'tushare' ? faults : [])
  lab.baostock.setFaults(source === 'baostock' ? faults : [])
  lab.aktools.control.setFaults(source === 'akshare' ? faults : [])
}
const counts = () => ({
  tushare: lab.upstream.stats().total,
  baostock: lab.baostock.stats().total,
  akshare: lab.aktools.requests().total,
})

for (const [source, name, faults] of CASES)
  for (const mode of MODES) {
    test(`${source} ${name} ${mode}`, async () => {
      await lab.db
        .sql`truncate bars, adj_factor, suspension, coverage, coverage_hole, day_gate, quarantine, sync_failure, revision, source_budget, source_health, sync_run, sync_log, agreement cascade`
      set(source, faults)
      const before = counts()
      const t0 = Date.now()
      const id = await lab.start('daily_history', {
        symbols: SYMBOLS,
        start_date: FROM,
        end_date: TO,
        source_mode: mode as never,
        preferred_sources: PREF[source],
      })
      let run: any = { status: 'TIMEOUT' }
      try {
        run = await lab.until(id, undefined, 15)
      } catch (e) {
        run.message = String(e)
        try {
          await lab.client.workflow.getHandle('sync/' + id).terminate()
        } catch {}
        await lab.db.sql`update sync_run set status='terminated'`
      }
      const ms = Date.now() - t0
      const after = counts(); const w2 = performance.now()
      set('', [])
      const h = await lab.client.workflow.getHandle(`sync/${id}`).fetchHistory()
      const timeline = (h.events ?? []).map((e) => [
        Number(e.eventTime!.seconds) * 1000 + Number(e.eventTime!.nanos) / 1e6 - t0,
        e.eventType,
        e.activityTaskScheduledEventAttributes?.activityType?.name ?? '',
        e.timerStartedEventAttributes
          ? Number(e.timerStartedEventAttributes.startToFireTimeout!.seconds) +
            Number(e.timerStartedEventAttributes.startToFireTimeout!.nanos) / 1e9
          : '',
      ])
      const sched = new Map<string, any>()
      const results: any[] = []
      for (const e of h.events ?? []) {
        const a = e.activityTaskScheduledEventAttributes
        if (a)
          sched.set(String(e.eventId), {
            type: a.activityType?.name,
            input: a.input?.payloads?.map((p) => JSON.parse(Buffer.from(p.data!).toString())),
            summary: e.userMetadata?.summary?.data
              ? JSON.parse(Buffer.from(e.userMetadata.summary.data).toString())
              : null,
          })
        const c = e.activityTaskCompletedEventAttributes
        if (c) {
          const s = sched.get(String(c.scheduledEventId))
          if (s && (s.type === 'syncBatch' || s.type === 'probeSource')) {
            const r = JSON.parse(Buffer.from(c.result!.payloads![0]!.data!).toString())
            delete r.totals
            results.push([s.summary, r.kind ?? (r.up ? 'up' : 'down'), r.errorClass, r.message ?? r.reason])
          }
        }
      }
      const w3 = performance.now()
    const inWindow = (s: string, d: string) => SYMBOLS.includes(s) && d >= FROM && d <= TO
      const diffs = (await priceDifferences(lab.db.sql, lab.market, inWindow)).filter(
        (d) => !d.endsWith('not in the market') || !d,
      )
      const w4 = performance.now()
    const log = (await lab.db.sql`select level, message from sync_log where run_id=${id} order by id`).map(
        (r: any) => r.level + ' ' + r.message,
      )
      const failures = await lab.db
        .sql`select dataset, source, error_class, count(*)::int as n, bool_or(resolved_at is null) as open, min(message) as m from sync_failure group by 1,2,3`
      const quarantine = await lab.db
        .sql`select dataset, source, reason, count(*)::int as n, count(*) filter (where symbol is null)::int as nosym from quarantine group by 1,2,3`
      const holes = await lab.db
        .sql`select dataset, source, reason, count(*)::int as n from coverage_hole group by 1,2,3`
      const bars = await lab.db
        .sql`select source, count(*)::int as n from bars where period='daily' group by 1 order by 1`
      const health = await lab.db
        .sql`select source, site, failures, error_class, reason, resting_until is not null as rests from source_health`
      const budget = await lab.db
        .sql`select source, api, blocked_reason, denied_message from source_budget where blocked_until is not null or denied_at is not null`
      out.push({
        source,
        name,
        mode,
        ms,
        status: run.status,
        message: run.message,
        verification: run.verification,
        events: h.events?.length,
        requests: Object.fromEntries(Object.entries(after).map(([k, v]) => [k, v - (before as any)[k]])),
        bars: Object.fromEntries(bars.map((b: any) => [b.source, b.n])),
        ndiffs: diffs.length,
        diffs: diffs.slice(0, 3),
        log,
        results,
        timeline,
        failures,
        quarantine,
        holes,
        health,
        budget,
      })
    }, 40_000)
  }
