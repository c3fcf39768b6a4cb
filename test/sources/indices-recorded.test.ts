import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isoDate } from '../../local/replay/decimal.ts'
import { startAktoolsReplay } from '../../local/replay/aktools-server.ts'
import { startBaostockReplay } from '../../local/replay/baostock-server.ts'
import { pickColumns, readCsv } from '../../local/replay/recorded/csv.ts'
import { startTushareReplay } from '../../local/replay/tushare-server.ts'
import type { SourceCall } from '../../market/capability.ts'
import { AktoolsClient } from '../../sources/akshare/client.ts'
import { AkshareSource } from '../../sources/akshare/source.ts'
import { BaostockSource } from '../../sources/baostock/source.ts'
import type { FetchContext, IndexBarRow, IndexMemberRow, Source } from '../../sources/contract.ts'
import { hasRecordedData, RECORDED_DATA, recordedMarket } from '../support/recorded.ts'
import { LocalExclusive } from './baostock/exclusive.ts'
import { settingsFor } from './baostock/upstream.ts'
import { AT_ONCE } from './akshare/upstream.ts'
import { openSource, TOKEN } from './tushare/upstream.ts'

/*
 * Recorded bars and members of indices over the wires of all three upstreams.
 */

const FROM = '2023-09-25'
const TO = '2025-10-23'
const context: FetchContext = { signal: new AbortController().signal, reserve: async () => undefined }
const sources = {} as Record<'tushare' | 'baostock' | 'akshare', Source>
const closing: (() => Promise<unknown>)[] = []

const barsOf = async (source: Source): Promise<IndexBarRow[]> => {
  const call: SourceCall = {
    dataset: 'index_bars',
    symbols: ['000300.SH'],
    from: FROM,
    to: TO,
    part: null,
    rows: 500,
  }
  const { rows, rejected } = await source.fetch(call, context)
  expect(rejected).toEqual([])
  return (rows as IndexBarRow[]).toSorted((a, b) => (a.trade_date < b.trade_date ? -1 : 1))
}
const membersOf = async (
  source: Source,
  part: string,
  from: string,
  to: string,
): Promise<IndexMemberRow[]> => {
  const call: SourceCall = { dataset: 'index_member', symbols: null, from, to, part, rows: 0 }
  const { rows, rejected } = await source.fetch(call, context)
  expect(rejected).toEqual([])
  return rows as IndexMemberRow[]
}

describe.skipIf(!hasRecordedData)('recorded indices', () => {
  beforeAll(async () => {
    const market = recordedMarket()
    const [tushare, baostock, aktools] = await Promise.all([
      startTushareReplay({ market, token: TOKEN }),
      startBaostockReplay({ market }),
      startAktoolsReplay({ market }),
    ])
    const now = () => new Date('2026-04-02T12:00:00Z')
    sources.tushare = openSource(tushare.url).source
    sources.baostock = new BaostockSource(settingsFor({ port: baostock.port }), new LocalExclusive(), { now })
    const client = new AktoolsClient({ url: aktools.url, timeoutMs: 5_000, pagesTimeoutMs: 5_000 })
    sources.akshare = new AkshareSource(client, AT_ONCE, now)
    closing.push(...Object.values(sources).map((source) => () => source.close()))
    closing.push(...[tushare, baostock, aktools].map((server) => () => server.close()))
  })
  afterAll(async () => {
    for (const close of closing) await close()
  })

  const recorded = () =>
    pickColumns(readCsv(RECORDED_DATA, 'index_daily'), [
      'trade_date', 'open', 'high', 'low', 'close', 'pre_close', 'change', 'pct_chg', 'vol', 'amount',
    ])
      .map(([date = '', ...values]) => [isoDate(date), ...values.map(Number)] as [string, ...number[]])
      .sort((a, b) => (a[0] < b[0] ? -1 : 1)) // prettier-ignore

  test('Tushare brings every recorded bar, in shares and yuan', async () => {
    const bars = await barsOf(sources.tushare)
    expect(bars).toHaveLength(500)
    expect(
      bars.map((b) => [
        b.trade_date,
        ...[b.open, b.high, b.low, b.close, b.pre_close, b.change, b.pct_chg].map(Number),
        Number(b.volume) / 100,
        Math.round(Number(b.amount)) / 1_000,
      ]),
    ).toEqual(recorded())
  })

  test.each(['baostock', 'akshare'] as const)(
    '%s brings the same bars as far as it has them',
    async (name) => {
      const bars = await barsOf(sources[name])
      const common = (rows: readonly (readonly (string | number)[])[]) => rows.map((row) => row.slice(0, 5))
      expect(bars.map((b) => [b.trade_date, ...[b.open, b.high, b.low, b.close].map(Number)])).toEqual(
        common(recorded()),
      )
      const volumes = recorded().map((row) => Math.round(Number(row[8]) * 100))
      // East Money counts in whole lots.
      const unit = name === 'akshare' ? 100 : 1
      expect(bars.map((b) => Number(b.volume))).toEqual(
        volumes.map((volume) => Math.round(volume / unit) * unit),
      )
    },
  )

  test('members come under the code of ours, though recorded under the second one', async () => {
    const rows = await membersOf(sources.tushare, '000300.SH', '2020-01-01', '2020-01-31')
    const expected = pickColumns(readCsv(RECORDED_DATA, 'index_weight'), [
      'trade_date',
      'con_code',
      'weight',
    ]).map(([date = '', code, weight]) => ['000300.SH', isoDate(date), code, Number(weight)].join(' '))
    expect(rows.map((m) => [m.index_symbol, m.trade_date, m.symbol, m.weight].join(' ')).sort()).toEqual(
      expected.sort(),
    )
  })

  test('BaoStock is asked for the end of each month and brings the list that is valid then', async () => {
    const rows = await membersOf(sources.baostock, '000905.SH', '2025-01-01', '2025-03-14')
    const dates = [...new Set(rows.map(({ trade_date }) => trade_date))]
    expect(dates).toEqual(['2025-01-31', '2025-02-28', '2025-03-14'])
    const all = pickColumns(readCsv(RECORDED_DATA, 'csi500_members'), ['trade_date', 'con_code'])
    for (const date of dates) {
      const newest = all
        .map(([listed = '']) => isoDate(listed))
        .filter((listed) => listed <= date)
        .sort()
        .at(-1)
      const members = all.filter(([listed = '']) => isoDate(listed) === newest).map(([, code]) => code)
      expect(
        rows
          .filter((row) => row.trade_date === date)
          .map(({ symbol }) => symbol)
          .sort(),
      ).toEqual(members.sort())
    }
  })

  test('a list for a day that has not come is refused: it is the newest one under another date', async () => {
    await expect(membersOf(sources.baostock, '000905.SH', '2026-04-01', '2026-04-24')).rejects.toMatchObject({
      errorClass: 'Transient',
    })
  })

  test.each([
    ['weekly', '2018-10-22', '2018-10-28', '2018-10-26'],
    ['monthly', '2018-10-01', '2018-10-31', '2018-10-31'],
  ] as const)(
    "Tushare's own %s bars come in shares, yuan and percent, in whatever unit they are served",
    async (period, from, to, last) => {
      const [bar] =
        (await sources.tushare.fetchPeriods?.({ period, symbols: ['000001.SZ'], from, to, last }, context)) ??
        []
      const [, open, high, low, close, volume, amount] =
        pickColumns(readCsv(RECORDED_DATA, `${period}_doc_sample`), [
          'trade_date',
          'open',
          'high',
          'low',
          'close',
          'vol',
          'amount',
        ])
          .map((row) => row.map(Number))
          .find(([date]) => isoDate(String(date)) === last) ?? []
      expect([bar?.trade_date, bar?.open, bar?.high, bar?.low, bar?.close]).toEqual([
        last,
        open,
        high,
        low,
        close,
      ])
      expect(Number(bar?.volume)).toBe(Math.round((volume ?? 0) * 100))
      expect(Math.abs(Number(bar?.amount) / 1_000 / (amount ?? 1) - 1)).toBeLessThan(1e-6)
      const change = ((bar?.close ?? 0) / (bar?.pre_close ?? 1) - 1) * 100
      expect(Math.abs((bar?.pct_chg ?? 0) - change)).toBeLessThan(0.01)
    },
  )
})
