import { expect, test } from 'vitest'
import { Rng } from '../../../local/replay/sandbox/rng.ts'
import { APIS, type BaostockApi } from '../../../sources/baostock/apis.ts'
import { FrameDecoder, FramingError } from '../../../sources/baostock/frame.ts'
import { EchoError, fieldsOf, FormError, readPage } from '../../../sources/baostock/records.ts'
import { answerOf, type Request } from './wire.ts'

const MESSAGES = 100_000
const SEED = 20_261_122

interface Sample {
  api: BaostockApi
  params: readonly string[]
  bytes: Buffer
  /** As text, to compare by. */
  rows: string
}

const NAMES = ['浦发银行', '万 科Ａ', '*ST天成', 'TCL科技', '']

/** Honest answers of all shapes: plain and compressed, paged and not, without rows and with some. */
function samples(rng: Rng): Sample[] {
  const price = () => `${rng.between(1, 99)}.${String(rng.between(0, 99)).padStart(2, '0')}00000000`
  const code = () => `sh.60${String(rng.between(0, 9_999)).padStart(4, '0')}`
  const shapes: [BaostockApi, readonly string[], readonly string[], () => string[]][] = [
    [
      APIS.trade_dates,
      ['2024-01-01', '2024-12-31'],
      ['calendar_date', 'is_trading_day'],
      () => ['2024-01-02', '1'],
    ],
    [
      APIS.stock_basic,
      ['', ''],
      ['code', 'code_name', 'ipoDate', 'outDate', 'type', 'status'],
      () => [code(), NAMES[rng.between(0, 4)] ?? '', '1999-11-10', '', '1', '1'],
    ],
    [
      APIS.k_data,
      ['sh.600000', 'date,code,open,high,low,close,volume,amount', '2024-01-02', '2024-02-01', 'd', '3'],
      ['date', 'code', 'open', 'high', 'low', 'close', 'volume', 'amount'],
      () => [
        '2024-01-02',
        'sh.600000',
        price(),
        price(),
        price(),
        price(),
        String(rng.between(0, 1e9)),
        price(),
      ],
    ],
    [
      APIS.adjust_factor_of_day,
      ['2024-07-01'],
      ['code', 'dividOperateDate', 'foreAdjustFactor', 'backAdjustFactor', 'adjustFactor'],
      () => [code(), '2024-07-01', '1.000000', '11.949786', '11.949786'],
    ],
  ]
  return Array.from({ length: 200 }, (_, i) => {
    const [api, params, columns, row] = shapes[i % shapes.length] as (typeof shapes)[number]
    const rows = Array.from({ length: rng.between(0, 6) }, row)
    const request: Request = {
      type: api.type,
      method: api.api,
      params: [...params],
      page: 1,
      pageRows: 2_000,
    }
    return { api, params, bytes: answerOf(request, columns, rows), rows: JSON.stringify(rows) }
  })
}

/** One to three accidents: a bit, a byte, a piece more, a piece less, the end gone. */
function damaged(bytes: Buffer, rng: Rng): Buffer {
  let copy = Buffer.from(bytes)
  for (let left = rng.between(1, 3); left > 0; left--) {
    const at = rng.between(0, Math.max(0, copy.length - 1))
    const piece = rng.between(1, 9)
    switch (rng.between(0, 4)) {
      case 0:
        copy[at] = (copy[at] ?? 0) ^ (1 << rng.between(0, 7))
        break
      case 1:
        copy[at] = rng.between(0, 255)
        break
      case 2:
        copy = Buffer.concat([
          copy.subarray(0, at),
          Buffer.alloc(piece, rng.between(0, 255)),
          copy.subarray(at),
        ])
        break
      case 3:
        copy = Buffer.concat([copy.subarray(0, at), copy.subarray(at + piece)])
        break
      default:
        copy = copy.subarray(0, at)
    }
  }
  return copy
}

test(`${MESSAGES} damaged answers give an error, nothing, or the true rows; never others`, () => {
  const rng = new Rng(SEED)
  const pool = samples(rng)
  const seen = { refused: 0, incomplete: 0, whole: 0 }
  for (let i = 0; i < MESSAGES; i++) {
    const sample = pool[i % pool.length] as Sample
    const bytes = damaged(sample.bytes, rng)
    const cut = rng.between(0, bytes.length)
    try {
      const decoder = new FrameDecoder()
      const frames = [...decoder.feed(bytes.subarray(0, cut)), ...decoder.feed(bytes.subarray(cut))]
      const [frame] = frames
      if (frame === undefined) {
        seen.incomplete++
        continue
      }
      const page = readPage(sample.api, { params: sample.params, page: 1 }, fieldsOf(frame.body))
      if (JSON.stringify(page.rows.texts()) !== sample.rows)
        throw new Error(
          `message ${i} gave other rows: ${JSON.stringify(page.rows.texts())} for ${sample.rows}`,
        )
      seen.whole++
    } catch (error) {
      const isTyped =
        error instanceof FramingError || error instanceof EchoError || error instanceof FormError
      if (!isTyped) throw error
      seen.refused++
    }
  }
  // All three ways happen, so the accidents are of all sorts.
  expect(seen.refused).toBeGreaterThan(MESSAGES / 10)
  expect(seen.incomplete).toBeGreaterThan(MESSAGES / 50)
  expect(seen.whole).toBeGreaterThan(MESSAGES / 1_000)
})
