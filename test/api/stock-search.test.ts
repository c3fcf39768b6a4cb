import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { soundOf, soundsLike } from '../../api/stocks/pinyin.ts'
import { addStock } from '../db/bars-support.ts'
import { type ApiLab, openApiLab } from './support.ts'

/* Stocks as people look for them. */

const STOCKS = [
  { codes: ['600519.SH'], name: '贵州茅台', industry: '白酒' },
  { codes: ['000002.SZ'], name: '万  科Ａ', industry: '全国地产' },
  { codes: ['600132.SH'], name: '重庆啤酒', industry: '啤酒' },
  { codes: ['688981.SH'], name: 'N中芯', industry: '半导体' },
  { codes: ['000858.SZ'], name: '五粮液', industry: '白酒' },
  { codes: ['830001.BJ', '920001.BJ'], name: 'TCL科技', industry: '元器件' },
  { codes: ['600001.SH'], name: '*ST长钢', industry: '普钢', status: 'D' },
]

let lab: ApiLab
beforeAll(async () => {
  lab = await openApiLab()
  for (const { codes, name, industry, status = 'L' } of STOCKS) {
    const id = await addStock(lab.db.sql, codes)
    const symbol = codes.at(-1) ?? ''
    await lab.db.sql`
      insert into stock_basic_info (code, source, instrument_id, symbol, name, industry, exchange, list_status)
      values (${symbol.slice(0, 6)}, 'tushare', ${id}, ${symbol}, ${name}, ${industry}, 'SSE', ${status})`
  }
})
afterAll(() => lab.close())

interface Page {
  items: { symbol: string; name: string }[]
  next_cursor: string | null
}
const search = async (text: string, filter = '') => {
  const { body } = await lab.get<Page>(`/api/stocks?search=${encodeURIComponent(text)}${filter}`)
  return body.items.map(({ name }) => name)
}

test.each([
  ['gzmt', '贵州茅台'],
  ['GZMT', '贵州茅台'],
  ['gzm', '贵州茅台'],
  ['guizhou', '贵州茅台'],
  ['guizhoumao', '贵州茅台'],
  ['gzmaotai', '贵州茅台'],
  ['茅台', '贵州茅台'],
  ['万科A', '万  科Ａ'],
  ['万科ａ', '万  科Ａ'],
  ['wka', '万  科Ａ'],
  ['cqpj', '重庆啤酒'],
  ['chongqing', '重庆啤酒'],
  ['zhongqing', '重庆啤酒'],
  ['nzx', 'N中芯'],
  ['zhongxin', 'N中芯'],
  ['wly', '五粮液'],
  ['tclkj', 'TCL科技'],
  ['stcg', '*ST长钢'],
  ['changgang', '*ST长钢'],
  ['*st', '*ST长钢'],
  ['６００５１９', '贵州茅台'],
  ['sh600519', '贵州茅台'],
  ['sh.6005', '贵州茅台'],
  ['830001', 'TCL科技'],
  ['bj920', 'TCL科技'],
  ['000858.sz', '五粮液'],
])('%s finds %s alone', async (text, name) => {
  expect(await search(text)).toEqual([name])
})

test.each(['zmt', 'maotai', 'gzmtx', 'sz600519', '茅台酒', '%', "'; drop table instrument"])(
  '%s finds nothing',
  async (text) => {
    expect(await search(text)).toEqual([])
  },
)

test('filters narrow it, and pages go on by symbol', async () => {
  const names = async (query: string) => (await lab.get<Page>(`/api/stocks?${query}`)).body
  expect((await names(`industry=${encodeURIComponent('白酒')}`)).items.map(({ symbol }) => symbol)).toEqual([
    '000858.SZ',
    '600519.SH',
  ])
  expect(await search('6', '&status=D')).toEqual(['*ST长钢'])
  const first = await names('search=6&limit=2')
  const second = await names(`search=6&limit=2&cursor=${first.next_cursor ?? ''}`)
  expect([first, second].map(({ items }) => items.map(({ symbol }) => symbol))).toEqual([
    ['600001.SH', '600132.SH'],
    ['600519.SH', '688981.SH'],
  ])
})

test('a changed list is found at once', async () => {
  expect(await search('gzmt')).toEqual(['贵州茅台'])
  await lab.db.sql`update stock_basic_info set name = '茅台酒业' where code = '600519'`
  expect([await search('gzmt'), await search('mtjy')]).toEqual([[], ['茅台酒业']])
})

describe('sounds', () => {
  test('a character goes by all of its readings', () => {
    const sound = soundOf('长安银行')
    const typed = ['changan', 'zhangan', 'caxx', 'cayh', 'zayx', 'zayh', 'changanyinhang', 'changanyinxing']
    expect(typed.filter((text) => soundsLike(sound, text))).toEqual(typed.filter((text) => text !== 'caxx'))
  })

  test('every beginning of a name in full sounds like it', () => {
    const sound = soundOf('贵州茅台')
    const whole = 'guizhoumaotai'
    for (let end = 1; end <= whole.length; end++) expect(soundsLike(sound, whole.slice(0, end))).toBe(true)
  })
})
