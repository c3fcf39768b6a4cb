import { type LongPeriod, periodAround, weekdayAtOrBefore } from '../../market/bar-periods.ts'
import type { TradeDate } from '../../market/date.ts'
import type { Sql } from '../client.ts'
import { type BarRegion, inRegion } from './region.ts'

/** A week or month of the market. */
export interface MarketPeriod {
  /** Its first and last day. */
  from: TradeDate
  to: TradeDate
  /** Its last session; null where the calendar has none in it. */
  lastSession: TradeDate | null
  /** Its last session is settled, and the calendar is known to its end: so it is over for the market. */
  isFinal: boolean
}

export interface MarketPeriods {
  /** The week or month that holds a day. */
  around(date: TradeDate): MarketPeriod
  /** Changes with the calendar and with what is final. */
  version: string
}

/**
 * The weeks or months between two dates, which must be their first and last day.
 *
 * @param settled the last day whose bars every source has
 */
export async function readPeriods(
  sql: Sql,
  period: LongPeriod,
  dates: { from: TradeDate; to: TradeDate },
  settled: TradeDate,
): Promise<MarketPeriods> {
  // As one text: the driver reads an array of dates ten times slower.
  const [calendar] = await sql<{ sessions: string | null; end: TradeDate | null }[]>`
    select max(trade_date) as end, string_agg(trade_date::text, ',' order by trade_date)
      filter (where is_open and trade_date between ${dates.from} and ${dates.to}) as sessions
    from trade_calendar where exchange = 'SSE'`
  const end = calendar?.end ?? ''
  const sessions = calendar?.sessions ?? ''
  const bounds = boundsOf(period)
  const last = new Map<TradeDate, TradeDate>()
  for (const session of sessions.split(',')) if (session !== '') last.set(bounds(session).from, session)
  const around = (date: TradeDate): MarketPeriod => {
    const { from, to } = bounds(date)
    const lastSession = last.get(from) ?? null
    const isFinal = lastSession !== null && lastSession <= settled && weekdayAtOrBefore(to) <= end
    return { from, to, lastSession, isFinal }
  }
  let latest: MarketPeriod | null = null
  return {
    around: (date) => (latest = latest && isWithin(date, latest) ? latest : around(date)),
    version: `${settled < dates.to ? settled : dates.to} ${end} ${sessions}`,
  }
}

/** Weeks or months that no source has whole, as `id date`: days of them are missing or not known to be complete. */
export async function readUnfinished(
  sql: Sql,
  period: LongPeriod,
  region: BarRegion,
  source: string | null,
): Promise<ReadonlySet<string>> {
  // A past moment has no such rows: they are kept as of now only.
  if (region.asOf !== null) return new Set()
  const rows = await sql<{ key: string }[]>`
    select b.instrument_id || ' ' || b.trade_date as key from bars b
    where ${inRegion(sql, { ...region, period })} ${source === null ? sql`` : sql`and b.source = ${source}`}
    group by b.instrument_id, b.trade_date having not bool_or(b.is_final) order by 1`
  return new Set(rows.map((row) => row.key))
}

const isWithin = (date: TradeDate, { from, to }: { from: TradeDate; to: TradeDate }): boolean =>
  date >= from && date <= to

/** Bounds of periods; days come in order, so that the period of the day before is mostly that of a day. */
function boundsOf(period: LongPeriod): (date: TradeDate) => { from: TradeDate; to: TradeDate } {
  let latest: { from: TradeDate; to: TradeDate } | null = null
  return (date) => (latest = latest && isWithin(date, latest) ? latest : periodAround(period, date))
}
