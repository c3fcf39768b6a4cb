import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { startBaostockReplay } from '../../local/replay/baostock-server.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { openConnection, readFrame, requestBytes, withBaostock } from './baostock-client.ts'
import type { Frame } from './baostock-client.ts'
import { recordedData } from './client.ts'

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(/\s/g, ''), 'hex')

// What the reference client 0.9.4 sends, and how the answer to it is laid out.
const LOGIN =
  bytes(`30302e392e34300130300130303030303030303234 6c6f67696e01616e6f6e796d6f75730131323334353601300131
  37393032303031343 00a`)
const LOGIN_ANSWER =
  bytes(`30302e392e3030013031013030303030303030343330017375636365737301 6c6f67696e01616e6f6e796d6f757301
  323032363131323231323337353331353001 33373832313432363035 3c215b43444154415b5d5d3e0a`)
const K_DATA =
  bytes(`30302e392e34300139350130303030303030303934 71756572795f686973746f72795f6b5f646174615f706c757301
  616e6f6e796d6f757301 310132303030 01737a2e30303030303101646174652c636f64652c636c6f736501
  323032342d30312d303201323032342d30312d303301640133 01323434333930393431 0a`)

test('a login is answered with the very bytes of the description', async () => {
  const market = createSandboxMarket({ stocks: 12, years: 1 })
  const now = () => Date.parse('2026-11-22T12:37:53.150+08:00')
  const replay = await startBaostockReplay({ market, now })
  const connection = await openConnection(replay)
  expect((await connection.send(LOGIN)).bytes).toEqual(LOGIN_ANSWER)
  await connection.close()
  await replay.close()
})

test('K data come compressed, with the length in bytes, the parameters repeated and a CRC that fits nothing', () =>
  withBaostock({ market: createSandboxMarket({ stocks: 60, years: 4 }) }, async ({ send }, _, market) => {
    const frame = await send(K_DATA)
    const closes = [...market.truthBars('000001.SZ')]
      .filter(({ trade_date: date }) => date === '2024-01-02' || date === '2024-01-03')
      .map((bar) => [bar.trade_date, 'sz.000001', Number(bar.close).toFixed(10)])
    expect(closes.length).toBe(2)
    expect([frame.type, frame.body.replaceAll('\x01', '|')]).toEqual([
      '96',
      `0|success|query_history_k_data_plus|anonymous|1|2000|${JSON.stringify({ record: closes })}` +
        '|sz.000001|date,code,close|2024-01-02|2024-01-03|d|3',
    ])
    const text = frame.bytes.toString('latin1')
    expect(text.slice(0, 21)).toBe(`00.9.00\x0196\x01${String(frame.length).padStart(10, '0')}`)
    expect(frame.bytes.subarray(21, 23)).toEqual(Buffer.from([0x78, 0x01]))
    expect(text.slice(21 + frame.length)).toMatch(new RegExp(`^\x01\\d{1,10}\n<!\\[CDATA\\[\\]\\]>\n$`))
    expect(frame.crcIsRight).toBe(false)
  }))

test('a server that remembers its replies makes each of them once, and not for strangers', () =>
  withBaostock({ rememberReplies: true }, async ({ ask }, replay) => {
    const day = ['98', 'query_daily_history_k_AStock', '2026-11-20'] as const
    const first = await ask(...day)
    expect(first.parts.slice(0, 3)).toEqual(['0', 'success', day[1]])
    expect((await ask(...day)).bytes).toEqual(first.bytes)
    const other = await ask('98', day[1], '2026-11-19')
    expect(other.body).not.toBe(first.body)
    expect(replay.stats().byApi[day[1]]?.calls).toBe(2)
    const stranger = await openConnection(replay)
    expect((await stranger.ask(...day)).parts[0]).toBe('10001001')
    await stranger.close()
  }))

test('a plain answer counts characters, not bytes, and carries the CRC of both header and body', () =>
  withBaostock({}, async ({ ask }) => {
    const frame = await ask('35', 'query_all_stock', 1, 2000, '2026-11-20')
    expect(frame.length).toBe(Array.from(frame.body).length)
    expect(frame.length).toBeLessThan(Buffer.byteLength(frame.body))
    expect(frame.crcIsRight).toBe(true)
  }))

const withCrc = (head: string): string => `${head}\x01${crc32(head)}\n`

test.each([
  ['another length', (head: string) => withCrc(head.replace('0000000041', '0000000042'))],
  ['another CRC', (head: string) => withCrc(head).replace(/\d\n$/, (end) => (end === '1\n' ? '2\n' : '1\n'))],
  ['another version than numbers', (head: string) => withCrc(head.replace('00.9.40', 'version'))],
  ['no header', () => 'GET / HTTP/1.1\n'],
])('a request with %s is refused as badly formed', (_, spoil) =>
  withBaostock({}, async ({ send }) => {
    const request = requestBytes('35', ['query_all_stock', 'anonymous', '1', '10', '2026-11-20']).toString()
    expect((await send(Buffer.from(request))).type).toBe('36')
    const head = request.slice(0, request.lastIndexOf('\x01'))
    expect(withCrc(head)).toBe(request)
    const { type, parts } = await send(Buffer.from(spoil(head)))
    expect([type, ...parts]).toEqual(['04', '10004019', '消息格式不正确'])
  }),
)

test('requests that arrive in one segment, or cut anywhere, are answered one by one in their order', () =>
  withBaostock({}, async ({ socket, send, rest }) => {
    const of = (date: string) => requestBytes('33', ['query_trade_dates', 'anonymous', '1', '9', date, date])
    const three = Buffer.concat([of('2026-01-01'), of('2026-01-05'), of('2026-01-06')])
    socket.write(three.subarray(0, 30))
    await nextTurn()
    expect((await send(three.subarray(30))).body).toContain('[["2026-01-01","0"]]')
    await expect.poll(() => readFrame(rest())?.body).toContain('[["2026-01-05","1"]]')
    const second = readFrame(rest())?.bytes.length ?? 0
    await expect.poll(() => readFrame(rest().subarray(second))?.body).toContain('[["2026-01-06","1"]]')
  }))

const directory = recordedData()

/** What a value looks like: a number by its decimals, everything else by its kind. */
const shapeOf = (value: string): string => {
  const number = /^-?\d+\.(\d+)$/.exec(value)
  if (number !== null) return `${number[1]?.length ?? 0} decimals`
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return 'date'
  if (/^(sh|sz)\.\d{6}$/.test(value)) return 'code'
  return /^\d*$/.test(value) ? (value === '' ? 'empty' : 'integer') : 'text'
}

const shapes = (record: string): Set<string>[] => {
  if (record === '') return []
  const { record: rows } = JSON.parse(record) as { record: string[][] }
  const width = rows[0]?.length ?? 0
  expect(rows.every((row) => row.length === width)).toBe(true)
  return Array.from({ length: width }, (_, i) => new Set(rows.map((row) => shapeOf(row[i] ?? ''))))
}

const findCaptures = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return findCaptures(path)
    return name === 'request.bin' ? [folder] : []
  })

describe.skipIf(directory === undefined)('recorded exchanges', () => {
  const folder = join(directory ?? '', 'raw/baostock')
  const market = createSandboxMarket({ stocks: 60, years: 4 })
  const captures = directory === undefined ? [] : findCaptures(folder)

  const play = async (request: Buffer): Promise<Frame> => {
    let frame: Frame | undefined
    await withBaostock({ market }, async ({ send }) => {
      frame = await send(request)
    })
    if (frame === undefined) throw new Error('no answer')
    return frame
  }

  test('are there', () => expect(captures.length).toBe(35))

  test.each(captures.map((path) => [path.slice(folder.length + 1), path]))(
    '%s: the same layout',
    async (_, path) => {
      const recorded = readFrame(readFileSync(join(path, 'response.bin')))
      if (recorded === undefined) throw new Error('not a whole frame')
      const served = await play(readFileSync(join(path, 'request.bin')))
      // Refusals have nothing that could differ.
      if (recorded.type === '04') return expect(served.bytes).toEqual(recorded.bytes)
      const isSession = recorded.parts[2] === 'login' || recorded.parts[2] === 'logout'
      const changing = isSession ? 4 : 6
      const fixed = ({ type, parts, bytes: all }: Frame) => ({
        type,
        version: all.toString('latin1', 0, 7),
        parts: parts.map((part, i) => (i === changing ? '' : part)),
        tail: all.toString('latin1', all.lastIndexOf(1)).replace(/\d+/, ''),
      })
      expect(fixed(served)).toEqual(fixed(recorded))
      const [ours = '', theirs = ''] = [served.parts[changing], recorded.parts[changing]]
      if (isSession) return expect([ours, theirs].map((time) => /^\d{17}$/.test(time))).toEqual([true, true])
      shapes(ours).forEach((found, column) => {
        const known = shapes(theirs)[column] ?? new Set()
        // No market here holds every value; what is missing is empty as it is upstream.
        expect([...found].filter((shape) => shape !== 'empty' && !known.has(shape))).toEqual([])
      })
      return undefined
    },
  )
})
