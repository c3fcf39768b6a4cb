/**
 * What others notice of callers who mean no good: a few well-behaved clients ask while somebody opens 10,000 connections, sends
 * bodies byte by byte or 10 MB at a time, takes tables without reading them, or tries made-up keys and cookies. The service is a
 * process of its own with the limits that it always has, and so is the attacker.
 *
 *   npm run bench:hostile -- [--seconds 10] [--connections 10000] [--only 'say nothing'] [--record]
 */
import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { type DataService, openDataService } from './support/data-service.ts'
import { quantile, startCrowd } from './support/open-loop.ts'
import { circumstances, grouped, record, table } from './support/results.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '10' },
    connections: { type: 'string', default: '10000' },
    // Part of an attack's name.
    only: { type: 'string', default: '' },
    record: { type: 'boolean', default: false },
    // Of the attacker's own process.
    attack: { type: 'string' },
    port: { type: 'string' },
  },
})
const CLIENTS = 20
const PER_SECOND = 40
const most = Number(values.connections)

interface Attack {
  name: string
  /** Goes on until the signal. Tells what came of it. */
  run: (port: number, over: AbortSignal) => Promise<string>
}

const HEAD = (path: string, ...more: string[]) =>
  [`POST ${path} HTTP/1.1`, 'Host: localhost', ...more, '', ''].join('\r\n')
const JSON_TYPE = 'Content-Type: application/json'

/** Connections that are opened anew as soon as they are closed. */
async function flood(
  port: number,
  over: AbortSignal,
  count: number,
  act: (socket: Socket) => void,
): Promise<{ opened: number; closed: number }> {
  let opened = 0
  let closed = 0
  const sockets = new Set<Socket>()
  const open = (): void => {
    const socket = connect(port, '127.0.0.1')
    sockets.add(socket)
    socket.once('connect', () => {
      opened++
      act(socket)
    })
    socket.on('error', () => undefined)
    socket.once('close', () => {
      closed++
      sockets.delete(socket)
      if (!over.aborted) setTimeout(open, 200)
    })
  }
  for (let i = 0; i < count && !over.aborted; i++) {
    open()
    // A few thousand a second, as one machine can.
    if (i % 100 === 99) await sleep(20)
  }
  if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve))
  for (const socket of sockets) socket.destroy()
  return { opened, closed }
}

const told = ({ opened, closed }: { opened: number; closed: number }) =>
  `${grouped(opened)} connections, ${grouped(closed)} closed by the service or the attacker`

/** Asks again and again, so many at once; statuses with how often they came. */
async function ask(count: number, over: AbortSignal, request: () => Promise<Response>): Promise<string> {
  const statuses = new Map<string, number>()
  const one = async (): Promise<void> => {
    while (!over.aborted) {
      const status = await request().then(
        async (answer) => {
          await answer.arrayBuffer()
          return String(answer.status)
        },
        () => 'cut off',
      )
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: count }, one))
  return [...statuses].map(([status, n]) => `${status}: ${grouped(n)}`).join(', ')
}

const ATTACKS: Attack[] = [
  {
    name: 'nothing',
    run: async (_, over) => await new Promise((resolve) => over.addEventListener('abort', () => resolve(''))),
  },
  {
    name: `${grouped(most)} connections that say nothing`,
    run: async (port, over) => told(await flood(port, over, most, (socket) => void socket.resume())),
  },
  {
    name: `${grouped(most)} bodies that never end`,
    run: async (port, over) =>
      told(
        await flood(port, over, most, (socket) => {
          socket.resume()
          socket.write(`${HEAD('/api/plan', JSON_TYPE, 'Content-Length: 1000')}{`)
          const drip = setInterval(() => socket.write(' '), 1_000)
          socket.once('close', () => clearInterval(drip))
        }),
      ),
  },
  {
    name: 'bodies of 10 MB, 20 at once',
    run: (port, over) => {
      const body = Buffer.alloc(10 * 1024 * 1024, 120)
      return ask(20, over, () =>
        fetch(`http://127.0.0.1:${port}/api/plan`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body,
        }),
      )
    },
  },
  {
    name: 'tables that nobody reads, 200 at once',
    run: async (port, over) =>
      told(
        await flood(port, over, 200, (socket) => {
          socket.pause()
          socket.write('GET /api/bars?from=1990-12-19&format=csv HTTP/1.1\r\nHost: localhost\r\n\r\n')
        }),
      ),
  },
  {
    name: 'plans, 50 at once',
    run: (port, over) =>
      ask(50, over, () =>
        fetch(`http://127.0.0.1:${port}/api/plan`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ job: 'full_history', params: {} }),
        }),
      ),
  },
  {
    name: 'made-up cookies, 50 at once',
    run: (port, over) =>
      ask(50, over, () =>
        fetch(`http://127.0.0.1:${port}/api/session`, {
          headers: { cookie: `ashare_session=${Math.random()}` },
        }),
      ),
  },
]

async function measure(service: DataService, { name }: Attack): Promise<string[]> {
  const args = ['--attack', name, '--connections', values.connections, '--port', new URL(service.url).port]
  const attacker = spawn(process.execPath, ['--import', 'tsx', import.meta.filename, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const came = textOf(attacker.stdout)
  await sleep(3_000)
  const crowd = startCrowd(service.url, {
    clients: CLIENTS,
    perSecond: PER_SECOND,
    questions: [
      { name: 'status', weight: 3, path: () => '/api/sync/status' },
      {
        name: 'a year of bars',
        weight: 1,
        path: (turn) => `/api/bars?symbol=${600_001 + (turn % 40)}&from=2025-11-20`,
      },
    ],
  })
  await sleep(Number(values.seconds) * 1_000)
  const answered = await crowd.leave()
  attacker.stdin.end()
  const result = await came
  const waits = answered.flatMap((each) => each.waits).sort((a, b) => a - b)
  const errors = answered.flatMap((each) => each.errors)
  for (const error of new Set(errors)) process.stdout.write(`${name}: ${error}\n`)
  const [half, late, last] = [0.5, 0.99, 1].map((share) => quantile(waits, share).toFixed(0))
  const line = [
    name,
    grouped(waits.length),
    half ?? '',
    late ?? '',
    last ?? '',
    grouped(errors.length),
    result,
  ]
  process.stdout.write(`${line.join('  ')}\n`)
  return line
}

/** The attacker's process: goes on until its input ends, and says what came of it. */
async function attack(name: string, port: number): Promise<void> {
  const over = new AbortController()
  process.stdin.on('end', () => over.abort()).resume()
  process.stdout.write((await ATTACKS.find((each) => each.name === name)?.run(port, over.signal)) ?? '')
  process.exit(0)
}

async function measureAll(): Promise<void> {
  const service = await openDataService({ stocks: 40, sessions: 7_300 })
  try {
    const lines: string[][] = []
    for (const each of ATTACKS.filter(({ name }) => name.includes(values.only)))
      lines.push(await measure(service, each))
    if (!values.record) return
    const head = [
      'meanwhile',
      'answers to others',
      'median, ms',
      '99th percentile, ms',
      'longest, ms',
      'errors',
      'what came of it',
    ]
    const title = `${CLIENTS} clients ask ${PER_SECOND} times a second in all for ${values.seconds} s each, from the same address as the attacker and on the same 2 cores; waits are counted from the moment at which a request was due. Peak of the API: ${grouped(service.peakMebibytes())} MiB.`
    record('Others during attacks', [await circumstances(service.db), title, '', ...table(head, lines)])
  } finally {
    await service.close()
  }
}

await (values.attack === undefined ? measureAll() : attack(values.attack, Number(values.port)))
