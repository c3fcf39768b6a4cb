import type { Instrument, ReplayMarket } from '../market.ts'
import { sharesOf } from '../shares.ts'
import { columns } from './frame.ts'
import type { Cell, Frame } from './frame.ts'
import { digitsOf, isStar, listedNow } from './instruments.ts'
import { noSuchColumns, PythonError } from './python-error.ts'
import type { Arguments } from './query.ts'
import { createFunction, pagesOf } from './tool-function.ts'
import type { ToolContext, ToolFunction } from './tool-function.ts'

type Exchange = Instrument['exchange']

const on = (market: ReplayMarket, exchange: Exchange): Instrument[] =>
  listedNow(market).filter((instrument) => instrument.exchange === exchange)

const shanghaiFrame = ({ market }: ToolContext, { symbol }: Arguments): Frame => {
  const shown = [
    ...columns('text', '证券代码', '证券简称', '证券全称', '公司简称', '公司全称'),
    ...columns('date', '上市日期'),
  ]
  // B shares are in no market here, and a list that is empty at the site has no columns to pick.
  const chosen =
    symbol === '主板B股' ? [] : on(market, 'SSE').filter((one) => isStar(one) === (symbol === '科创板'))
  if (chosen.length === 0) throw noSuchColumns(shown.map(({ name }) => name))
  return {
    columns: shown,
    rows: chosen.map(({ code, name, fullname, listDate }) => [
      digitsOf(code),
      name,
      name,
      name,
      fullname,
      listDate,
    ]),
  }
}

/** `2024-01-02`: Shenzhen's list comes as a spreadsheet, its dates and counts are texts. */
const dashed = (date: string | null): string | null =>
  date === null ? null : `${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}`

/** 1,234,567 */
const withSeparators = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ',')

const shenzhenRow = (market: ReplayMarket, instrument: Instrument): Cell[] => {
  const shares = sharesOf(market.bars(instrument.id))
  const { code, name, listDate, industry } = instrument
  const board = instrument.market === '创业板' ? '创业板' : '主板'
  const counts = shares === null ? [null, null] : [shares.total, shares.floating].map(withSeparators)
  return [board, digitsOf(code), name, dashed(listDate), ...counts, industry]
}

const shenzhenFrame = ({ market }: ToolContext, { symbol }: Arguments): Frame => ({
  columns: columns(
    'text',
    '板块',
    'A股代码',
    'A股简称',
    'A股上市日期',
    'A股总股本',
    'A股流通股本',
    '所属行业',
  ),
  rows: symbol === 'A股列表' ? on(market, 'SZSE').map((one) => shenzhenRow(market, one)) : [],
})

const beijingFrame = ({ market, session }: ToolContext): Frame => {
  const chosen = on(market, 'BSE')
  if (chosen.length === 0) throw new PythonError('Length mismatch')
  const reported = market.calendar.sessions[session] ?? null
  return {
    columns: [
      ...columns('text', '证券代码', '证券简称'),
      ...columns('int', '总股本', '流通股本'),
      ...columns('date', '上市日期'),
      ...columns('text', '所属行业', '地区'),
      ...columns('date', '报告日期'),
    ],
    rows: chosen.map(({ id, code, name, listDate, industry, area }) => {
      const shares = sharesOf(market.bars(id))
      const counts = [shares?.total ?? null, shares?.floating ?? null]
      return [digitsOf(code), name, ...counts, listDate, industry, area, reported]
    }),
  }
}

/** Codes and names in the order that the function asks for them; it fails as one of its four parts does. */
const allFrame = ({ frameOf }: ToolContext): Frame => {
  const main = frameOf('stock_info_sh_name_code', { symbol: '主板A股' })
  const shenzhen = frameOf('stock_info_sz_name_code', { symbol: 'A股列表' })
  const star = frameOf('stock_info_sh_name_code', { symbol: '科创板' })
  const beijing = frameOf('stock_info_bj_name_code', {})
  const pick = ({ rows }: Frame, code: number): Cell[][] =>
    rows.map((row) => [row[code] ?? null, row[code + 1] ?? null])
  return {
    columns: columns('text', 'code', 'name'),
    rows: [...pick(shenzhen, 1), ...pick(main, 0), ...pick(star, 0), ...pick(beijing, 0)],
  }
}

const gone = (market: ReplayMarket, exchange: Exchange): Instrument[] =>
  market.instruments.filter((one) => one.status === 'D' && one.exchange === exchange)

const delistedRow = ({ code, name, listDate, delistDate }: Instrument): Cell[] => [
  digitsOf(code),
  name,
  listDate,
  delistDate,
]

const shanghaiGoneFrame = ({ market }: ToolContext, { symbol }: Arguments): Frame => {
  // The last date is that of the delisting, whatever its name says.
  const shown = [...columns('text', '公司代码', '公司简称'), ...columns('date', '上市日期', '暂停上市日期')]
  const chosen = gone(market, 'SSE').filter(
    (one) => symbol === '全部' || isStar(one) === (symbol === '科创板'),
  )
  if (chosen.length === 0) throw noSuchColumns(shown.map(({ name }) => name))
  return { columns: shown, rows: chosen.map(delistedRow) }
}

const shenzhenGoneFrame = ({ market }: ToolContext, { symbol }: Arguments): Frame => ({
  columns: [...columns('text', '证券代码', '证券简称'), ...columns('date', '上市日期', '终止上市日期')],
  // Nothing was suspended from listing since 2020: the other list is empty.
  rows: symbol === '终止上市公司' ? gone(market, 'SZSE').map(delistedRow) : [],
})

/** The lists of the exchanges. Four of them keep their first answer until the process ends. */
export const LIST_FUNCTIONS: readonly ToolFunction[] = [
  createFunction({
    name: 'stock_info_sh_name_code',
    site: 'exchanges',
    parameters: { symbol: '主板A股' },
    choices: { symbol: ['主板A股', '主板B股', '科创板'] },
    isCached: true,
    frame: shanghaiFrame,
  }),
  createFunction({
    name: 'stock_info_sz_name_code',
    site: 'exchanges',
    parameters: { symbol: 'A股列表' },
    choices: { symbol: ['A股列表', 'B股列表', 'CDR列表', 'AB股列表'] },
    isCached: true,
    frame: shenzhenFrame,
  }),
  createFunction({
    name: 'stock_info_bj_name_code',
    site: 'exchanges',
    isCached: true,
    // The first page is asked twice: once to learn how many there are.
    requests: (market) => 1 + pagesOf(on(market, 'BSE').length, 20),
    frame: beijingFrame,
  }),
  createFunction({
    name: 'stock_info_a_code_name',
    site: 'exchanges',
    isCached: true,
    requests: (market) => 4 + pagesOf(on(market, 'BSE').length, 20),
    frame: allFrame,
  }),
  createFunction({
    name: 'stock_info_sh_delist',
    site: 'exchanges',
    parameters: { symbol: '全部' },
    choices: { symbol: ['全部', '沪市', '科创板'] },
    frame: shanghaiGoneFrame,
  }),
  createFunction({
    name: 'stock_info_sz_delist',
    site: 'exchanges',
    parameters: { symbol: '终止上市公司' },
    choices: { symbol: ['暂停上市公司', '终止上市公司'] },
    frame: shenzhenGoneFrame,
  }),
]
