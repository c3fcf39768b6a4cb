import { performance } from 'node:perf_hooks'
import { answerOf, createClient } from '../../client/index.ts'
import { type Database, openDatabase } from '../../db/client.ts'
import { type BarsQuery, readBars } from '../../db/queries/bars.ts'
import { quantile } from './open-loop.ts'
import { grouped, median } from './results.ts'
import type { System } from './system.ts'

/** What a whole history is good for once it is there: reading it, and proving it. */

const STOCKS = 40
const STOCK_YEARS = 30
const ROUNDS = 400
const DAYS = 100

/**
 * A row for each question: what, measured, target. What a load leaves to autovacuum is done before; of one question it is told as
 * well how it fares beside that.
 */
export async function measureReads(system: System): Promise<string[][]> {
  // As the API opens its own.
  const db = openDatabase({ url: system.stack.addresses.postgres, max: 4, plan: 'anew' })
  try {
    const { ofStock, ofDay } = await questionsOf(system)
    const { today } = system.market
    const name = `one stock, ${STOCK_YEARS} years, qfq`
    const loaded = await measure(db, today, `${name}, beside autovacuum`, ofStock, ROUNDS, 30)
    // Autovacuum would do it within the hour, and takes much of a core until then.
    const started = performance.now()
    await system.db.sql`vacuum analyze`
    const seconds = (performance.now() - started) / 1_000
    return [
      loaded,
      ['`vacuum analyze` of all that was loaded', `${seconds.toFixed(0)} s`, ''],
      await measure(db, today, name, ofStock, ROUNDS, 30),
      await measure(db, today, 'a day of the market', ofDay, DAYS, 150),
    ]
  } finally {
    await db.close()
  }
}

async function questionsOf({ db, market }: System): Promise<{ ofStock: Question[]; ofDay: Question[] }> {
  const { first, today } = market
  const stocks = await longestHistories(db)
  await putFactors(db, [...stocks.keys()])
  const days = await db.sql<{ d: string }[]>`
    select trade_date as d from trade_calendar where exchange = 'SSE' and is_open and trade_date between ${first} and ${today}
    order by md5(trade_date::text) limit ${DAYS}`
  const from = yearsBefore(today, STOCK_YEARS)
  return {
    ofStock: [...stocks].map((stock) => ({ instruments: new Map([stock]), from, to: today, adjust: 'qfq' })),
    ofDay: days.map(({ d }) => ({ instruments: null, from: d, to: d, adjust: 'none' })),
  }
}

type Question = Pick<BarsQuery, 'instruments' | 'from' | 'to' | 'adjust'>

async function measure(
  db: Database,
  settled: string,
  name: string,
  questions: readonly Question[],
  rounds: number,
  targetMs: number,
): Promise<string[]> {
  const times: number[] = []
  let rows = 0
  // Each is asked once before: a service that was just started is not what is measured.
  for (let i = -questions.length; i < rounds; i++) {
    const question = questions[(i + questions.length) % questions.length]
    if (!question) break
    const started = performance.now()
    const query: BarsQuery = {
      ...question,
      ...{ period: 'daily', anchor: null, source: 'best', asOf: null, settled },
    }
    // As the API writes them: column by column where they can be had so.
    const reading = await readBars(db.sql, query, db.planned)
    let count = 0
    if (reading.lots) for await (const lot of reading.lots()) count += lot.count
    else for await (const lot of reading.rows()) count += lot.length
    if (i < 0) continue
    rows += count
    times.push(performance.now() - started)
  }
  times.sort((a, b) => a - b)
  const p99 = quantile(times, 0.99)
  return [
    name,
    `median ${median(times).toFixed(1)} ms, 99th percentile ${p99.toFixed(1)} ms, ${grouped(rows / rounds)} rows each`,
    `p99 under ${targetMs} ms: ${p99 < targetMs ? 'met' : 'missed'}`,
  ]
}

const yearsBefore = (date: string, years: number): string =>
  `${Number(date.slice(0, 4)) - years}${date.slice(4)}`

async function longestHistories(db: Database): Promise<Map<number, string>> {
  const rows = await db.sql<{ id: number; symbol: string }[]>`
    select instrument_id as id, max(symbol) as symbol from bars where period = 'daily' group by 1 order by count(*) desc, 1 limit ${STOCKS}`
  return new Map(rows.map(({ id, symbol }) => [id, symbol]))
}

/** Factors of those stocks for every day, with a step a year, and their coverage: the history was brought without any. */
async function putFactors(db: Database, ids: readonly number[]): Promise<void> {
  await db.sql`
    insert into adj_factor (instrument_id, trade_date, source, symbol, factor)
    select instrument_id, trade_date, source, symbol, round(power(1.03, extract(year from trade_date) - 1990), 4)
    from bars where period = 'daily' and instrument_id = any(${ids as number[]}) on conflict do nothing`
  await db.sql`
    insert into coverage (dataset, instrument_id, source, ranges)
    select 'adj_factor', instrument_id, source, datemultirange(daterange(min(trade_date), max(trade_date), '[]'))
    from adj_factor where instrument_id = any(${ids as number[]}) group by 2, 3 on conflict do nothing`
  await db.sql`analyze adj_factor`
}

/** The job `verify` over the last years: seconds from the request to the end of the run. */
export async function measureVerify(system: System, years: number): Promise<string[]> {
  const to = system.market.today
  const from = yearsBefore(to, years)
  const client = createClient({ url: system.stack.addresses.api })
  const started = performance.now()
  const json = { job: 'verify', params: { start_date: from, end_date: to } } as const
  const { id } = await answerOf(client.api.runs.$post({ json }))
  const run = await system.until(id)
  const seconds = (performance.now() - started) / 1_000
  const { dates = 0, complete = 0 } = (run.verification ?? {}) as { dates?: number; complete?: number }
  return [
    `verify of ${years} years`,
    `${seconds.toFixed(1)} s, ${run.status}, ${grouped(complete)} of ${grouped(dates)} days complete`,
    `under 60 s: ${seconds < 60 ? 'met' : 'missed'}`,
  ]
}
