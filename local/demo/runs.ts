import type { Database } from '../../db/client.ts'
import { addDays } from '../../market/date.ts'
import type { RunParams } from '../../market/run-params.ts'
import { openRecordedMarket, type RecordedMarket } from '../replay/recorded.ts'

/** One run of the demo: what is asked of the API. */
export interface DemoRun {
  title: string
  body: RunParams & { start_date: string; end_date: string }
}

// Enough that each board is among them, few enough for a few seconds.
const COMPARED_STOCKS = 8
const COMPARED_DAYS = 60

/**
 * A few stocks from every source, whoever brought them before. Null where the market is too small for it: AKShare has to
 * take an empty list of Shenzhen's delisted stocks for a site in trouble, and waits.
 */
export async function planComparison(
  { sql }: Database,
  upstream: Record<string, unknown>,
): Promise<DemoRun | null> {
  const today = iso(String(upstream.today))
  const from = addDays(today, -COMPARED_DAYS)
  const stocks = await sql<{ code: string }[]>`
    select code from (
      select c.code, row_number() over (partition by i.board order by i.id) as place
      from instrument i join instrument_code c on c.instrument_id = i.id and c.valid_to is null
      where i.kind = 'stock' and not i.stub and i.list_date <= ${from} and i.delist_date is null) s
    where exists (select from instrument where exchange = 'SZSE' and delist_date is not null)
    order by place, code limit ${COMPARED_STOCKS}`
  const symbols = stocks.map(({ code }) => code)
  if (symbols.length === 0) return null
  return {
    title: `${symbols.length} stocks since ${from} from every source, to compare them`,
    body: {
      symbols,
      periods: ['daily'],
      start_date: from,
      end_date: today,
      source_mode: 'all',
      want: 'each',
    },
  }
}

/** The whole sandbox in one run; of a recording the regions that it holds, newest first. */
export async function planRuns(
  data: string | undefined,
  upstream: Record<string, unknown>,
): Promise<DemoRun[]> {
  if (data === undefined) {
    const span = { start_date: iso(String(upstream.first)), end_date: iso(String(upstream.today)) }
    return [
      {
        title: `full history of ${String(upstream.instruments)} stocks, ${span.start_date} to ${span.end_date}`,
        body: { periods: ['daily'], ...span },
      },
    ]
  }
  return regionRuns(openRecordedMarket(data))
}

/** The regions of a recording, newest first. */
export function regionRuns(market: RecordedMarket): DemoRun[] {
  const { wholeMarketDates, stockRanges } = market.regions()
  // Codes that no list names (Beijing's before 2025) come only when they are asked for by name.
  const unlisted = market.instruments.filter((instrument) => instrument.status === null).map((i) => i.code)
  const ranges = stockRanges.map(({ codes, from, to }): DemoRun => ({
    title: `${codes.length} stocks, ${from} to ${to}`,
    body: { symbols: codes, periods: ['daily'], start_date: from, end_date: to },
  }))
  const days = stretches(wholeMarketDates).flatMap(({ from, to }) => {
    const span = { start_date: from, end_date: to }
    const named = unlisted.filter((code) => hasBars(market, code, from, to))
    const wholeMarket: DemoRun = {
      title: `whole market, ${from} to ${to}`,
      body: { periods: ['daily'], ...span },
    }
    const rest: DemoRun = {
      title: `${named.length} codes that no list names, ${from} to ${to}`,
      body: { symbols: named, periods: ['daily'], ...span },
    }
    return named.length > 0 ? [wholeMarket, rest] : [wholeMarket]
  })
  return [...days, ...ranges].sort((a, b) => (a.body.end_date < b.body.end_date ? 1 : -1))
}

function hasBars(market: RecordedMarket, code: string, from: string, to: string): boolean {
  for (const bar of market.truthBars(code)) if (bar.trade_date >= from && bar.trade_date <= to) return true
  return false
}

const iso = (d: string) => (d.includes('-') ? d : `${d.slice(0, 4)}-${d.slice(4, 6)}-${d.slice(6)}`)

// Days of one recording lie at most a long holiday apart.
const HOLIDAY_DAYS = 10

function stretches(dates: readonly string[]): { from: string; to: string }[] {
  const found: { from: string; to: string }[] = []
  for (const date of [...dates].sort()) {
    const last = found.at(-1)
    if (last && (Date.parse(date) - Date.parse(last.to)) / 86_400_000 <= HOLIDAY_DAYS) last.to = date
    else found.push({ from: date, to: date })
  }
  return found
}
