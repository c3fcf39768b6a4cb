/**
 * How much of a budget of calls a run uses, and whether it ever exceeds it, as the upstream sees it: the upstream grants
 * 500 calls in any 60 s for each interface and refuses the rest, and our side is configured with the same number.
 *
 *   npm run bench:budget -- [--limit 500] [--stocks 5700] [--row-cap 1000] [--bars-only] [--record]
 *
 * Calls are planned for 1,000 rows each instead of 6,000, so that the bench measures the budget and not the disk. With fewer
 * stocks the run is over before the steady span is.
 */
import { parseArgs } from 'node:util'
import { setTimeout as sleep } from 'node:timers/promises'
import { circumstances, grouped, record, table } from './support/results.ts'
import { openSystem } from './support/system.ts'

const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '500' },
    stocks: { type: 'string', default: '5700' },
    years: { type: 'string', default: '1' },
    'row-cap': { type: 'string', default: '1000' },
    'bars-only': { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
  },
})
const limit = Number(values.limit)
const MINUTE = 60_000
// The steady span: neither the first calls, which wait for nothing, nor the last ones of the plan.
const SETTLE_MS = 5_000
const SPAN_MS = 2.5 * MINUTE

const system = await openSystem({
  stocks: Number(values.stocks),
  years: Number(values.years),
  limits: `*=${limit}`,
  env: { TUSHARE_CALLS_PER_MINUTE: values.limit },
  worker: ['--row-cap', values['row-cap'], ...(values['bars-only'] ? ['--without', 'adj_factor'] : [])],
})
try {
  const started = Date.now()
  const runId = await system.trigger({
    periods: ['daily'],
    start_date: system.market.first,
    end_date: system.market.today,
  })
  // The journal forgets after 20,000 calls, so the end is not waited for.
  await system.until(runId, (SPAN_MS + 4 * SETTLE_MS) / 1_000)
  await sleep(100)
  const { calls, byApi } = await system.upstreamStats()
  const rows: (string | number)[][] = []
  for (const api of ['daily', 'adj_factor']) {
    const times = calls.filter((call) => call.api === api).map((call) => call.at)
    const first = times[0]
    if (first === undefined) continue
    const from = first + SETTLE_MS
    const span = Math.min(SPAN_MS, (times.at(-1) ?? from) - SETTLE_MS - from)
    const sent = times.filter((at) => at >= from && at < from + span).length
    const refused = Object.values(byApi[api]?.other ?? {}).reduce((sum, n) => sum + n, 0)
    rows.push([
      api,
      times.length,
      `${(span / 1_000).toFixed(0)} s`,
      sent,
      `${((100 * sent * MINUTE) / (span * limit)).toFixed(1)} %`,
      mostIn(times, MINUTE),
      refused,
    ])
  }
  const lines = [
    `${await circumstances(system.db)}; \`npm run bench:budget -- --limit ${values.limit} --stocks ${values.stocks} --years ${values.years} --row-cap ${values['row-cap']}${values['bars-only'] ? ' --bars-only' : ''}\`.`,
    `Limit ${values.limit} calls in any 60 s for each interface, by the upstream's journal; observed for ${((Date.now() - started) / 1_000).toFixed(0)} s of a run. The steady span begins ${SETTLE_MS / 1_000} s after the first call of an interface and ends ${SETTLE_MS / 1_000} s before the last, after ${SPAN_MS / 1_000} s at most.`,
    '',
    ...table(
      [
        'interface',
        'calls in all',
        'steady span',
        'calls in it',
        'of the budget (target 94 %)',
        `most in any 60 s (limit ${values.limit})`,
        'refused (target 0)',
      ],
      rows.map((row) => row.map((cell) => (typeof cell === 'number' ? grouped(cell) : cell))),
    ),
  ]
  if (values.record)
    record(`Budget of ${limit} calls a minute${values['bars-only'] ? ', whole calls' : ''}`, lines)
  else process.stdout.write(`${lines.join('\n')}\n`)
} finally {
  await system.close()
}

/** The most calls in any window of that length, wherever it begins. */
function mostIn(times: readonly number[], length: number): number {
  let most = 0
  let start = 0
  for (const [end, at] of times.entries()) {
    while (at - (times[start] ?? at) >= length) start++
    most = Math.max(most, end - start + 1)
  }
  return most
}
