/**
 * What clients cost a run, and a run costs clients: 200 of them make 100 requests a second in all, some listen to event
 * streams, while a run uses a budget of 500 calls a minute. The same run alone comes first, on the same system.
 *
 *   npm run bench:beside -- [--clients 200] [--rate 100] [--limit 500] [--stocks 2000] [--rounds 1] [--record]
 *
 * Calls are planned for 400 rows each instead of 6,000, so that the run uses its budget for some minutes without filling the
 * disk. A round is the run alone, then beside the clients.
 */
import { parseArgs } from 'node:util'
import { forgetBars, runBars } from './support/bars-run.ts'
import { type Answered, type Question, quantile, startCrowd, startListeners } from './support/open-loop.ts'
import { circumstances, grouped, median, record, table } from './support/results.ts'
import { openSystem, type System } from './support/system.ts'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '200' },
    rate: { type: 'string', default: '100' },
    limit: { type: 'string', default: '500' },
    stocks: { type: 'string', default: '2000' },
    years: { type: 'string', default: '1' },
    'row-cap': { type: 'string', default: '400' },
    rounds: { type: 'string', default: '1' },
    record: { type: 'boolean', default: false },
  },
})
const LISTENERS = 20
const SLOWER_PERCENT = 5
const STATUS_P99_MS = 100
const clients = Number(values.clients)

const system = await openSystem({
  stocks: Number(values.stocks),
  years: Number(values.years),
  limits: `*=${values.limit}`,
  env: { TUSHARE_CALLS_PER_MINUTE: values.limit },
  worker: ['--row-cap', values['row-cap']],
})
const { market } = system
const body = { start_date: market.first, end_date: market.today }

/** What consoles, scripts and notebooks ask for. */
const questionsOf = (runId: string, symbols: readonly string[]): Question[] => {
  const symbol = (turn: number) => symbols[turn % symbols.length] ?? ''
  return [
    { name: 'status', weight: 10, path: () => '/api/sync/status' },
    { name: 'runs', weight: 3, path: () => '/api/runs?limit=20' },
    { name: 'a run', weight: 2, path: () => `/api/runs/${runId}` },
    { name: 'stocks', weight: 2, path: (turn) => `/api/stocks?search=${symbol(turn).slice(0, 4)}` },
    { name: 'a year of bars, qfq', weight: 3, path: (turn) => `/api/bars?symbol=${symbol(turn)}&adjust=qfq` },
  ]
}

interface Beside {
  seconds: number
  answered: Answered[]
  heard: { events: number; errors: string[] }
}

async function beside({ stack }: System, symbols: readonly string[]): Promise<Beside> {
  const { api } = stack.addresses
  let leave = (): Promise<Omit<Beside, 'seconds'>> => Promise.reject(new Error('the run did not start'))
  const { status, barsSeconds } = await runBars(system, body, (runId) => {
    const questions = questionsOf(runId, symbols)
    const crowd = startCrowd(api, {
      clients: clients - LISTENERS,
      perSecond: Number(values.rate),
      questions,
    })
    const listeners = startListeners(api, `/api/runs/${runId}/events`, LISTENERS)
    leave = async () => ({ answered: await crowd.leave(), heard: await listeners.leave() })
  })
  const came = await leave()
  if (status !== 'success') throw new Error(`the run beside clients ended as ${status}`)
  return { seconds: barsSeconds, ...came }
}

async function alone(): Promise<number> {
  const { status, barsSeconds } = await runBars(system, body)
  if (status !== 'success') throw new Error(`the run alone ended as ${status}`)
  return barsSeconds
}

const said = (line: string): void => void process.stdout.write(`${line}\n`)
try {
  const rounds: { alone: number; beside: Beside }[] = []
  for (let round = 1; round <= Number(values.rounds); round++) {
    const first = await alone()
    said(`alone: ${first.toFixed(1)} s`)
    const rows = await system.db.sql<{ symbol: string }[]>`
      select symbol from bars where source = 'tushare' group by 1 order by 1 limit 500`
    await forgetBars(system)
    const second = await beside(
      system,
      rows.map(({ symbol }) => symbol),
    )
    await forgetBars(system)
    said(`beside ${clients} clients: ${second.seconds.toFixed(1)} s`)
    rounds.push({ alone: first, beside: second })
  }
  await tell(rounds)
} finally {
  await system.close()
}

async function tell(rounds: readonly { alone: number; beside: Beside }[]): Promise<void> {
  const names = rounds[0]?.beside.answered.map(({ name }) => name) ?? []
  const lines = names.map((name) => {
    const own = rounds.flatMap(({ beside }) => beside.answered.filter((each) => each.name === name))
    const waits = own.flatMap((each) => each.waits).sort((a, b) => a - b)
    const errors = own.flatMap((each) => each.errors)
    for (const error of new Set(errors)) said(`${name}: ${error}`)
    return [
      name,
      grouped(waits.length),
      ...[0.5, 0.99, 1].map((share) => quantile(waits, share).toFixed(1)),
      grouped(errors.length),
    ]
  })
  const events = rounds.reduce((sum, { beside }) => sum + beside.heard.events, 0)
  const broken = rounds.flatMap(({ beside }) => beside.heard.errors)
  for (const error of new Set(broken)) said(`event streams: ${error}`)
  lines.push([`${LISTENERS} event streams`, `${grouped(events)} events`, '', '', '', grouped(broken.length)])
  const quiet = median(rounds.map((round) => round.alone))
  const busy = median(rounds.map((round) => round.beside.seconds))
  const text = [
    `${await circumstances(system.db)}; \`npm run bench:beside -- --clients ${values.clients} --rate ${values.rate} --limit ${values.limit} --stocks ${values.stocks} --row-cap ${values['row-cap']} --rounds ${values.rounds}\`.`,
    `A run of bars and factors with ${values.limit} calls a minute for each interface: ${quiet.toFixed(1)} s alone, ${busy.toFixed(1)} s beside ${clients} clients, ${(100 * (busy / quiet - 1)).toFixed(1)} % more (target under ${SLOWER_PERCENT} %). Waits are counted from the moment at which a request was due (target for the status: 99th percentile under ${STATUS_P99_MS} ms, no errors).`,
    '',
    ...table(['request', 'answers', 'median, ms', '99th percentile, ms', 'longest, ms', 'errors'], lines),
  ]
  if (values.record) record('Clients beside a run', text)
  else said(text.join('\n'))
}
