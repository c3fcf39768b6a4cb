import { createCalendar } from '../../local/replay/calendar.ts'
import type { Instrument, ReplayMarket, Suspension } from '../../local/replay/market.ts'
import { realCalendar } from '../../local/replay/sandbox/calendar.ts'
import { BarSeries, FactorRuns } from '../../local/replay/series.ts'
import { createTruth } from '../../local/replay/truth.ts'
import { NO_VALUATIONS } from '../../local/replay/valuation.ts'

/*
 * A market of a few stocks and nine sessions, 2024-01-02 to 2024-01-12, small enough to write every answer out. The
 * answers in the tests were compared byte by byte with those of AKTools 0.0.91 over AKShare 1.19.5 and pandas 3.1.1,
 * whose web sites had been given these numbers.
 */

const whole = realCalendar()
const calendar = createCalendar(whole.days.filter(({ date }) => date >= '20240101' && date <= '20250110'))
const FIRST = calendar.indexOf('20240102')
const LAST = calendar.indexOf('20240112')

/** Open, high, low, close and pre_close in 0.01 yuan, shares, yuan; null: no trading. */
type Day = readonly [number, number, number, number, number, number, number] | null

interface Stock {
  readonly instrument: Omit<Instrument, 'id'>
  readonly days: readonly Day[]
  /** From a session on (0: the first one), in 0.0001. */
  readonly factors: readonly (readonly [at: number, value: number])[]
  readonly suspensions?: readonly Suspension[]
}

const company = (
  code: string,
  name: string,
  market: string,
  exchange: Instrument['exchange'],
  more: Partial<Instrument> = {},
): Omit<Instrument, 'id'> => ({
  code,
  name,
  market,
  exchange,
  status: 'L',
  listDate: '20240102',
  delistDate: null,
  area: '上海',
  industry: '银行',
  fullname: `${name}股份有限公司`,
  enname: null,
  cnspell: null,
  currency: 'CNY',
  isHs: null,
  actName: null,
  actEntType: null,
  ...more,
})

/** Days on which the price stands still, only the high climbs by 0.01 yuan a day. */
const flat = (price: number, count: number, shares: number): Day[] =>
  Array.from({ length: count }, (_, at) => {
    const amount = Math.round((price * shares) / 100)
    return [price, price + at, price, price, price, shares, amount]
  })

const STOCKS: readonly Stock[] = [
  {
    instrument: company('000002.SZ', '乙公司', '主板', 'SZSE', { industry: null }),
    days: flat(250, 9, 12_345),
    factors: [[0, 10_000]],
  },
  { instrument: company('000010.SZ', '庚退', '主板', 'SZSE', { status: 'D' }), days: [], factors: [] },
  {
    instrument: company('300005.SZ', '*ST戊', '创业板', 'SZSE'),
    days: [...flat(1000, 7, 40_000), null, null],
    factors: [[0, 10_000]],
    suspensions: [
      { from: FIRST + 3, to: FIRST + 3, timing: '09:30-10:00', resumes: true },
      { from: FIRST + 7, to: FIRST + 9, timing: null, resumes: true },
    ],
  },
  {
    // Ten for ten and 0.40 yuan on 2024-01-09; the next two bars are equal.
    instrument: company('600001.SH', '甲公司', '主板', 'SSE'),
    days: [
      [1000, 1010, 990, 1000, 1000, 100_000, 1_000_000],
      [1000, 1050, 1000, 1040, 1000, 120_050, 1_230_000],
      [1040, 1040, 1030, 1035, 1040, 99_950, 1_034_500],
      null,
      [1035, 1060, 1020, 1040, 1035, 100_000, 1_040_000],
      [500, 520, 490, 510, 500, 200_000, 1_010_000],
      [510, 510, 510, 510, 510, 100, 510],
      [510, 510, 510, 510, 510, 100, 510],
      [510, 530, 505, 525, 510, 210_000, 1_090_000],
    ],
    factors: [
      [0, 10_000],
      [5, 20_800],
    ],
    suspensions: [{ from: FIRST + 3, to: FIRST + 3, timing: null, resumes: true }],
  },
  {
    instrument: company('600009.SH', '己退', '主板', 'SSE', {
      status: 'D',
      listDate: '19990101',
      delistDate: '20231229',
    }),
    days: [],
    factors: [],
  },
  {
    instrument: company('688003.SH', '丙公司', '科创板', 'SSE'),
    days: flat(4321, 9, 2_000_001),
    factors: [[0, 10_000]],
  },
  {
    instrument: company('920004.BJ', '丁公司', '北交所', 'BSE', { fullname: null }),
    days: flat(777, 9, 5000),
    factors: [[0, 10_000]],
  },
]

const seriesOf = ({ days }: Stock): BarSeries => {
  const series = new BarSeries(FIRST, days.length)
  days.forEach((day, row) => {
    if (day === null) return
    const [open, high, low, close, preClose, volume, amount] = day
    series.set(row, { open, high, low, close, preClose, volume, amount })
  })
  return series
}

const runsOf = ({ factors }: Stock): FactorRuns =>
  new FactorRuns(
    Uint16Array.from(factors, ([at]) => FIRST + at),
    Uint16Array.from(factors, (_, i) => FIRST + (factors[i + 1]?.[0] ?? LAST - FIRST + 1) - 1),
    Float64Array.from(factors, ([, value]) => value),
  )

/** The small market; a new one each time. */
export const smallMarket = (): ReplayMarket => {
  const instruments = STOCKS.map(({ instrument }, id) => ({ id, ...instrument }))
  const series = STOCKS.map(seriesOf)
  const runs = STOCKS.map(runsOf)
  const none = new BarSeries(0, 0)
  const core = {
    label: 'small market (invented data)',
    calendar,
    firstSession: FIRST,
    lastSession: LAST,
    offers: { suspensions: true, codeChanges: false, nameChanges: false },
    instruments,
    find: (code: string) => instruments.find((one) => one.code === code),
    bars: (id: number) => series[id] ?? none,
    factors: (id: number) =>
      runs[id] ?? new FactorRuns(new Uint16Array(), new Uint16Array(), new Float64Array()),
    suspensions: (id: number) => STOCKS[id]?.suspensions ?? [],
    indices: { bars: () => [], lists: () => [], listOn: () => undefined },
    codeChanges: () => [],
    names: () => [],
    valuations: () => NO_VALUATIONS,
    setToday: () => undefined,
    correct: () => undefined,
  }
  return Object.assign(core, createTruth(core))
}
