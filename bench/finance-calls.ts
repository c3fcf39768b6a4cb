/**
 * Calls of a finance history against the fewest that could bring it: 5,700 companies of the sandbox market, by period for
 * accounts that may ask for the whole market, company by company for the others. Exits with 1 above 1.15.
 *
 *   npm run bench:finance-calls -- [--stocks 5700] [--since 2010-01-01] [--record]
 */
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { createSandboxMarket } from '../local/replay/sandbox/market.ts'
import type { Capability } from '../market/capability.ts'
import { DATASET_NAMES, isReportDataset, type ReportDataset } from '../market/datasets.ts'
import { addDays, fromCompact } from '../market/date.ts'
import { isDue, reportCalendar } from '../market/report-periods.ts'
import { tushareCapabilities } from '../market/tushare.ts'
import { marketFacts, newestReady, resolveCapability } from '../planning/market-facts.ts'
import { planRegions } from '../planning/plan.ts'
import { servedItems } from '../planning/served.ts'
import type { PlanInstrument } from '../planning/types.ts'
import { subtractCovered } from '../planning/wanted.ts'
import { grouped, machine, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: {
    stocks: { type: 'string', default: '5700' },
    since: { type: 'string', default: '2010-01-01' },
    record: { type: 'boolean', default: false },
  },
})
const NOW = new Date('2026-11-22T12:00:00Z')
const TARGET = 1.15
// Versions for each report in the recorded statements of 500 companies: twins and corrections fill further pages.
const VERSIONS: Record<ReportDataset, number> = {
  income: 1.17,
  balance_sheet: 1.06,
  cash_flow: 1.57,
  fin_indicator: 1.1,
}

// A prospectus holds the reports of three years before the listing.
const instruments = createSandboxMarket({ stocks: Number(values.stocks), years: 35 }).instruments.map(
  ({ id, code, listDate, delistDate }): PlanInstrument => ({
    id: id + 1,
    symbol: code,
    listDate: addDays(fromCompact(listDate ?? '') ?? values.since, -3 * 366),
    delistDate: fromCompact(delistDate ?? ''),
  }),
)
const calendar = reportCalendar('2026-11-22')
const market = marketFacts(calendar, instruments)
const range = { from: values.since, to: calendar.at(calendar.length - 1) }
const wanted = subtractCovered({ instruments, range, calendar, covered: [] })

/** Reports of a company, asked for or not, but for the newest that may not be out: all of them come with one call. */
const reportsOf = ({ listDate, delistDate }: PlanInstrument): number =>
  calendar.sessions
    .slice(0, -1)
    .filter((period) => period >= (listDate ?? '') && period < (delistDate ?? '9') && isDue(period)).length

interface Line {
  calls: number
  least: number
  requests: number
  ms: number
}

/** The planned calls, the fewest there could be, and the requests with the pages that versions fill. */
function lineOf(dataset: ReportDataset, capability: Capability): Line {
  const started = performance.now()
  const resolved = resolveCapability(capability, { now: NOW, calendar, depth: null })
  const lastReady = newestReady(NOW, capability, calendar)
  const { served } = servedItems(wanted, { capability: resolved, calendar, lastReady })
  const batches = planRegions({
    items: served,
    calendar,
    capability: resolved,
    marketRows: market.marketRows,
    maxSymbolsPerBatch: 100,
  })
  const calls = batches.reduce((sum, batch) => sum + batch.calls, 0)
  const ms = performance.now() - started
  const cap = capability.byDate?.rowCap
  // One company a call, or one period: no call brings two of them.
  if (cap === undefined) {
    const { rowsPerPage = Infinity } = capability
    const pagesOf = (share: number) =>
      served.reduce(
        (sum, { instrument }) => sum + Math.ceil((reportsOf(instrument) * share) / rowsPerPage || 1),
        0,
      )
    return { calls, least: pagesOf(1), requests: pagesOf(VERSIONS[dataset]), ms }
  }
  const periods = calendar.sessions.flatMap((period, at) => (period >= values.since ? [at] : []))
  const pages = (share: number) =>
    periods.reduce((sum, at) => sum + Math.max(1, Math.ceil((market.marketRows(at) * share) / cap)), 0)
  return { calls, least: pages(1), requests: pages(VERSIONS[dataset]), ms }
}

let worst = 0
const rows = [
  { title: 'by period, 5,000 points', points: 5_000 },
  { title: 'by company, 2,000 points', points: 2_000 },
].flatMap(({ title, points }) =>
  DATASET_NAMES.filter(isReportDataset).flatMap((dataset) => {
    const capability = tushareCapabilities(points)[dataset]
    if (!capability) return []
    const { calls, least, requests, ms } = lineOf(dataset, capability)
    worst = Math.max(worst, calls / least)
    const ratio = (calls / least).toFixed(3)
    return [
      [
        title,
        capability.api,
        grouped(calls),
        grouped(least),
        ratio,
        grouped(requests),
        `${ms.toFixed(0)} ms`,
      ],
    ]
  }),
)
const head = [
  'account',
  'interface',
  'calls planned',
  'least',
  'planned / least',
  'requests with pages of versions',
  'planning',
]
const lines = table(head, rows)
if (values.record) {
  const command = `npm run bench:finance-calls -- --stocks ${values.stocks} --since ${values.since}`
  record('Calls of a finance history', [
    `${machine()}; \`${command}\`. ${grouped(instruments.length)} companies of the sandbox market.`,
    '',
    ...lines,
    '',
    `The most that is planned over the least: ${worst.toFixed(3)} (target ${TARGET}).`,
  ])
} else process.stdout.write(`${lines.join('\n')}\n`)
if (worst > TARGET) process.exitCode = 1
