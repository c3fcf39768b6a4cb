import { gzipSync } from 'node:zlib'
import { ByteWriter, ParquetWriter, parquetWriteBuffer, schemaFromColumnData } from 'hyparquet-writer'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { asBaostock, asTushare, bars, type Bench, openBench } from './support.ts'

let bench: Bench
beforeAll(async () => {
  bench = await openBench()
})
afterEach(async () => {
  // Whatever was refused left nothing behind, half or whole.
  const [left] = await bench.db
    .sql`select (select count(*) from bars) + (select count(*) from coverage) + (select count(*) from sync_run)
    + (select count(*) from quarantine) + (select count(*) from instrument where stub) as n`
  expect(left?.n).toBe(0)
})
afterAll(() => bench.close())

const whole = asTushare(bars())
const shifted = (text: string, by: (cells: string[]) => string[]) =>
  text
    .trim()
    .split('\n')
    .map((line, i) => (i === 0 ? line : by(line.split(',')).join()))
    .join('\n')
const parquet = () =>
  new Uint8Array(
    parquetWriteBuffer({ columnData: [{ name: 'ts_code', data: bars().map(({ symbol }) => symbol) }] }),
  )

/** A Parquet file whose foot says that its rows are so many. */
function parquetOf(rows: bigint): Uint8Array {
  const names = ['ts_code', 'trade_date', 'open', 'high', 'low', 'close', 'vol', 'amount']
  const columnData = names.map((name, i) => ({
    name,
    data: bars().map(({ symbol, date }) => [symbol, date][i] ?? '1'),
  }))
  const writer = new ByteWriter()
  const file = new ParquetWriter({ writer, schema: schemaFromColumnData({ columnData }) })
  void file.write({ columnData, rowGroupSize: 1_000_000 })
  for (const group of file.row_groups) group.num_rows = rows
  void file.finish()
  return new Uint8Array(writer.getBuffer())
}

test.each<[string, string | Uint8Array, RegExp]>([
  ['an empty file', '', /is empty/],
  ['a header alone', whole.split('\n')[0] ?? '', /has no rows/],
  ['other columns', 'a,b\n1,2\n', /no column for symbol, trade_date, open.*There are: a, b/],
  ['another delimiter', whole.replaceAll(',', ';'), /--delimiter/],
  ['a line that is cut', whole.slice(0, -20), /no readable CSV/],
  [
    'compressed data that is cut',
    gzipSync(whole).subarray(0, 900),
    /compressed data|cannot be read to its end/,
  ],
  ['a Parquet file that is cut', parquet().slice(0, -40), /no whole Parquet file/],
  ['a Parquet file without prices', parquet(), /no column for/],
  [
    'a Parquet file with rows without number',
    parquetOf(10n ** 15n),
    /1000000000000000 rows, and 10000000 are read at most/,
  ],
  ['a Parquet file with fewer than no rows', parquetOf(-1n), /says it has -1 rows/],
  ['a Parquet file with fewer rows than it says', parquetOf(5_000n), /cannot be read/],
  ['a ZIP file', 'PK\u0003\u0004…', /ZIP or Excel/],
  ['an Arrow file', 'ARROW1\u0000\u0000', /is an Arrow file: .* Parquet or CSV/],
  [
    'binary garbage',
    Uint8Array.from({ length: 4_096 }, (_, i) => (i * 7919) % 251),
    /no utf-8 text|zero bytes/,
  ],
  ['text of Excel in China', Buffer.from([0xc8, 0xd5, 0xc6, 0xda, 0x2c, 0x61, 0x0a]), /--encoding gb18030/],
  [
    'days that do not exist',
    whole.replaceAll(/,2024\d{4},/g, ',20250230,'),
    /trade_date is no day: "20250230"/,
  ],
  ['days that may be months', whole.replaceAll(/,2024(\d\d)(\d\d),/g, ',$1/$2/2024,'), /--date-format/],
  [
    'bars of minutes',
    whole.replaceAll(/,2024(\d\d)(\d\d),/g, ',2024-$1-$2 09:31:00,'),
    /trade_date is no day/,
  ],
  ['prices that are no numbers', shifted(whole, (c) => c.with(3, 'NaN')), /a price is missing/],
  ['prices out of order', shifted(whole, (c) => c.with(3, '1')), /prices out of order/],
  ['codes that lost their zeros', shifted(whole, (c) => c.with(0, '3')), /--symbol-format code/],
  ['adjusted prices of BaoStock', asBaostock(bars(), 2), /adjustflag 2/],
  ['days that are still to come', whole.replaceAll(',2024', ',2034'), /no session on that day/],
  ['codes of indices', shifted(whole, (c) => c.with(0, '000300.SH')), /the code of an index/],
])('%s', async (_, content, message) => {
  await expect(bench.import(bench.file('bad', content))).rejects.toThrow(message)
})

test.each([[{ volume: 'shares', amount: 'yuan' }], [{ volume: 'lots', amount: 'yuan' }]] as const)(
  'units that the prices contradict are refused, with those that fit: %o',
  async (stated) => {
    const target = bench.file('daily.csv', whole)
    await expect(bench.import(target, { units: { ...stated, worth: null } })).rejects.toThrow(
      /fits the prices of only 0 % of the rows, but volume in lots and amount in thousand-yuan fits 100 %: .*--volume-unit lots --amount-unit thousand-yuan/,
    )
  },
)

test('adjusted prices fit no units', async () => {
  const adjusted = shifted(whole, (cells) =>
    cells.map((cell, i) => (i >= 2 && i <= 5 ? String(Number(cell) * 3) : cell)),
  )
  await expect(bench.import(bench.file('hfq.csv', adjusted))).rejects.toThrow(/the prices are adjusted/)
})

test('weeks are no days', async () => {
  const fridays = bars().filter(({ date }) => new Date(date).getUTCDay() === 5)
  const target = bench.file('weekly.csv', asTushare(fridays))
  await expect(bench.import(target)).rejects.toThrow(/weekly or monthly bars/)
})

test('valuations whose units nobody says are refused', async () => {
  const target = bench.file('basic.csv', 'code,date,close,total_share\n600001,2024-01-02,10,500000000\n')
  await expect(bench.import(target, { dataset: 'daily_basic' })).rejects.toThrow(/--worth-unit/)
  await expect(
    bench.import(target, {
      dataset: 'daily_basic',
      units: { volume: null, amount: null, worth: 'ten-thousand' },
    }),
  ).rejects.toThrow(/state the other unit/)
})

test('an address of another database is refused without its password', async () => {
  const refused = bench.import('mysql://me:secret-word@host/db', { open: { query: 'select 1' } })
  await expect(refused).rejects.toThrow(/only PostgreSQL/)
  await expect(refused).rejects.not.toThrow(/secret-word/)
})

test('a dry run says what would be done', async () => {
  const seen: unknown[] = []
  const content = asTushare(bars()).replace(/,20240105,/, ',20240132,')
  const end = await bench.import(
    bench.file('daily.csv', content),
    { dryRun: true },
    { onSurvey: (survey, present) => seen.push(survey.refused, present, survey.unknown) },
  )
  expect(end).toBeNull()
  expect(seen).toEqual([
    [{ reason: 'trade_date is no day: "20240132"', rows: 1, example: 'line 4: 600001.SH' }],
    { missing: 159, different: 0, equal: 0 },
    [],
  ])
})
