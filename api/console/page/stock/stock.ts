import { answerOf } from '../../../../client/index.ts'
import { ADJUSTMENT_NAMES } from '../../../../market/adjust.ts'
import { PERIODS } from '../../../../market/datasets.ts'
import type { Body } from '../api.ts'
import { type App, linkTo, type OpenScreen, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { Loaded } from '../loaded.ts'
import { card, empty, facts, shown, tabs } from '../parts/parts.ts'
import { datasetName, sourceName } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'
import { Chart } from './chart.ts'

type Bars = Body<App['client']['api']['bars']['$get']>['data']
type Detail = Body<App['client']['api']['stocks'][':symbol']['$get']>

/** Years that a chart shows; 0: all. */
const SPANS = ['1', '3', '0'] as const
const NEWEST = 15

/** One stock: its chart, its newest bars and what is known of it. */
export const openStock: OpenScreen = (place) => {
  const { app, parts } = place
  const [symbol = ''] = parts
  const asked = askedIn(place)
  const detail = new Loaded(place, () =>
    answerOf(app.client.api.stocks[':symbol'].$get({ param: { symbol } })),
  )
  const chart = new Chart(app)
  const bars = new Loaded(place, async () => {
    const from = asked.years === '0' ? {} : { from: yearsAgo(Number(asked.years)) }
    const query = { symbol, period: asked.period, adjust: asked.adjust, ...from }
    return (await answerOf(app.client.api.bars.$get({ query }))).data
  })
  return () => {
    const { t } = app
    return [
      h(
        'h1',
        {},
        h('span', { lang: 'zh' }, detail.value?.name ?? symbol),
        ' ',
        h('small', {}, detail.value?.symbol ?? symbol),
      ),
      card(
        null,
        choices(app, symbol, asked),
        shown(app, bars, (rows) =>
          rows.length === 0
            ? empty(t.stocks.noBars, h('a', { href: linkTo('now') }, t.data.begin))
            : [chart.view(rows), newestRows(app, rows), exports(app, symbol, asked)],
        ),
      ),
      shown(app, detail, (stock) => about(app, stock)),
    ]
  }
}

interface Asked {
  period: (typeof PERIODS)[number]
  adjust: (typeof ADJUSTMENT_NAMES)[number]
  years: (typeof SPANS)[number]
}

const askedIn = ({ query }: Place): Asked => ({
  period: PERIODS.find((each) => each === query.get('period')) ?? 'daily',
  adjust: ADJUSTMENT_NAMES.find((each) => each === query.get('adjust')) ?? 'qfq',
  years: SPANS.find((each) => each === query.get('years')) ?? '1',
})

function yearsAgo(years: number): string {
  const day = new Date()
  day.setFullYear(day.getFullYear() - years)
  return day.toISOString().slice(0, 10)
}

function choices({ t }: App, symbol: string, asked: Asked): Child {
  const to = (changed: Partial<Asked>): string => linkTo(`stocks/${symbol}`, { ...asked, ...changed })
  return h(
    'div',
    { class: 'choices' },
    tabs(
      t.data.period,
      PERIODS.map((period) => ({
        text: t.periods[period],
        href: to({ period }),
        isCurrent: period === asked.period,
      })),
    ),
    tabs(
      t.stocks.adjust,
      ADJUSTMENT_NAMES.map((adjust) => ({
        text: t.adjustments[adjust],
        href: to({ adjust }),
        isCurrent: adjust === asked.adjust,
      })),
    ),
    tabs(
      t.stocks.span,
      SPANS.map((years) => ({ text: t.spans[years], href: to({ years }), isCurrent: years === asked.years })),
    ),
  )
}

const newestRows = (app: App, bars: Bars): HTMLElement => {
  const { t, format } = app
  const price = (value: number | null): string => format.number(value, 2)
  return table(
    t.stocks.newest,
    [
      { title: t.common.date, view: (bar) => bar.trade_date },
      { title: t.stocks.open, isNumber: true, view: (bar) => price(bar.open) },
      { title: t.stocks.high, isNumber: true, view: (bar) => price(bar.high) },
      { title: t.stocks.low, isNumber: true, view: (bar) => price(bar.low) },
      { title: t.stocks.close, isNumber: true, view: (bar) => price(bar.close) },
      {
        title: t.stocks.change,
        isNumber: true,
        view: (bar) => (bar.pct_chg === null ? '' : `${format.number(bar.pct_chg, 2)} %`),
      },
      { title: t.stocks.volume, isNumber: true, view: (bar) => format.number(bar.volume) },
      { title: t.stocks.amount, isNumber: true, view: (bar) => format.number(bar.amount) },
      { title: t.common.source, view: (bar) => sourceName(app, bar.source) },
    ],
    bars.slice(-NEWEST).reverse(),
    (bar) => bar.trade_date,
  )
}

function exports({ t }: App, symbol: string, { period, adjust }: Asked): HTMLElement {
  const to = (format: string): string =>
    `/api/bars?${new URLSearchParams({ symbol, period, adjust, format }).toString()}`
  return h(
    'p',
    { class: 'links' },
    t.stocks.save,
    ['csv', 'parquet', 'arrow'].map((format) =>
      h('a', { href: to(format), download: '' }, format.toUpperCase()),
    ),
  )
}

function about(app: App, stock: Detail): Child {
  const { t, format } = app
  return [
    card(
      t.stocks.about,
      facts(
        [t.stocks.fullname, stock.fullname ?? ''],
        [t.stocks.industry, stock.industry ?? ''],
        [t.stocks.board, stock.market ?? stock.board],
        [
          t.stocks.listed,
          stock.list_date ?? '',
          stock.delist_date && `${t.stocks.delisted} ${stock.delist_date}`,
        ],
        [t.stocks.codes, stock.codes.map(({ symbol }) => symbol).join(', ')],
        ['PE (TTM)', format.number(stock.valuation?.pe_ttm, 2)],
        ['PB', format.number(stock.valuation?.pb, 2)],
        [
          t.stocks.worth,
          format.short(stock.valuation?.total_mv),
          stock.valuation?.total_mv ? stock.valuation.trade_date : null,
        ],
      ),
    ),
    card(
      t.stocks.covered,
      stock.covered.length === 0
        ? empty(t.common.nothing)
        : table(
            t.stocks.covered,
            [
              { title: t.common.dataset, view: (one) => datasetName(app, one.dataset) },
              { title: t.common.source, view: (one) => sourceName(app, one.source) },
              { title: t.data.first, view: (one) => one.from_date },
              { title: t.data.last, view: (one) => one.to_date },
              { title: t.data.gaps, isNumber: true, view: (one) => format.number(one.holes) },
            ],
            stock.covered,
          ),
    ),
  ]
}
