import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { SourceCall } from '../../market/capability.ts'
import { DAY_FIELDS } from '../../sources/baostock/apis.ts'
import { encodeRequest } from '../../sources/baostock/frame.ts'
import { BaostockSource } from '../../sources/baostock/source.ts'
import type { Exclusive, FetchContext } from '../../sources/contract.ts'

/** The three clients that bench/baostock.ts compares. */

const run = promisify(execFile)

export interface Address {
  host: string
  port: number
}

/** A call as all three clients understand it. */
export type Call =
  readonly ['symbol', code: string, from: string, to: string] | readonly ['date', date: string]

export interface Load {
  rows: number
  seconds: number
  /** Seconds of all the client's threads. */
  cpu: number
}

/** Seconds since now, by the clock and of this process's threads. */
function startWatch(): () => Omit<Load, 'rows'> {
  const started = performance.now()
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return { seconds: (performance.now() - started) / 1_000, cpu: (user + system) / 1_000_000 }
  }
}

const ALONE: Exclusive = {
  acquire: async () => ({
    lost: new AbortController().signal,
    wanted: false,
    release: async () => undefined,
  }),
}

export async function withSource({ host, port }: Address, calls: readonly Call[]): Promise<Load> {
  const settings = { priority: 1, host, port, apiKey: undefined, timeoutMs: 120_000 }
  const source = new BaostockSource(
    { ...settings, callsPerMinute: undefined, minIntervalMs: undefined },
    ALONE,
  )
  const context: FetchContext = { signal: new AbortController().signal, reserve: async () => undefined }
  const wanted = calls.map((call): SourceCall => {
    const common = { dataset: 'bars', part: null, rows: 1 } as const
    if (call[0] === 'date') return { ...common, symbols: null, from: call[1], to: call[1] }
    const [, code, from, to] = call
    return { ...common, symbols: [`${code.slice(3)}.${code.slice(0, 2).toUpperCase()}`], from, to }
  })
  await source.probe(context)
  const stopwatch = startWatch()
  let rows = 0
  for (const call of wanted) rows += await rowsOf(source, call, context)
  const taken = stopwatch()
  await source.close()
  return { rows, ...taken }
}

/** The lines of an answer: a stock has one for each day, whether it traded or not. */
async function rowsOf(source: BaostockSource, call: SourceCall, context: FetchContext): Promise<number> {
  const { rows, rejected, alongside } = await source.fetch(call, context)
  if (rejected.length > 0) throw new Error(`rejected: ${rejected[0]?.reason ?? ''}`)
  return rows.length + (alongside?.suspension?.length ?? 0)
}

export async function withSdk(
  { host, port }: Address,
  python: string,
  calls: readonly Call[],
  folder: string,
  form: 'numbers' | 'texts',
): Promise<Load> {
  const file = join(folder, 'calls.json')
  writeFileSync(file, JSON.stringify(calls))
  const script = new URL('baostock-sdk.py', import.meta.url).pathname
  const { stdout } = await run(python, [script, host, String(port), file, form], { timeout: 1_800_000 })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}') as Load
}

/** Asks for the same and throws the answers away: what is left is the server and the network. */
export async function bytesOnly({ host, port }: Address, calls: readonly Call[]): Promise<Load> {
  const socket = connect({ host, port, noDelay: true })
  const end = Buffer.from('<![CDATA[]]>\n')
  const ask = async (type: string, fields: readonly string[]): Promise<void> => {
    socket.write(encodeRequest(type, fields))
    let tail = Buffer.alloc(0)
    while (!tail.equals(end)) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      tail = Buffer.concat([tail, chunk.subarray(-end.length)]).subarray(-end.length)
    }
  }
  await ask('00', ['login', 'anonymous', '123456', '0'])
  const stopwatch = startWatch()
  for (const call of calls) {
    if (call[0] === 'date') await ask('98', ['query_daily_history_k_AStock', 'anonymous', call[1]])
    else
      await ask('95', [
        'query_history_k_data_plus',
        'anonymous',
        '1',
        '2000',
        call[1],
        DAY_FIELDS,
        call[2],
        call[3],
        'd',
        '3',
      ])
  }
  const taken = stopwatch()
  socket.destroy()
  return { rows: 0, ...taken }
}
