import { answerOf } from '../../../../client/index.ts'
import { SOURCE_NAMES } from '../../../../market/sources.ts'
import { PERIODS } from '../../../../market/datasets.ts'
import type { Body, ItemOf } from '../api.ts'
import { type App, linkTo, type OpenScreen } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import { Loaded } from '../loaded.ts'
import { badge, card, empty, shown, type Tone } from '../parts/parts.ts'
import { datasetName, sourceName } from '../parts/run-words.ts'
import { type Column, table } from '../parts/table.ts'

type Dataset = ItemOf<App['client']['api']['datasets']['$get']>
type Statistics = Body<App['client']['api']['multi-period-sync']['statistics']['$get']>['data']
type Summary = Body<App['client']['api']['quality']['$get']>['summary']

const LOOK_MS = 15_000

const TONES: Readonly<Record<string, Tone>> = {
  complete: 'good',
  complete_with_gaps: 'warn',
  incomplete: 'bad',
  unverified: 'still',
}

/** A state of verification in words. */
export const gateBadge = ({ t }: App, state: string): HTMLElement =>
  badge(TONES[state] ?? 'still', (t.gates as Record<string, string>)[state] ?? state)

/** How fresh each dataset is, what verification found, and how many bars there are. */
export const openFreshness: OpenScreen = (place) => {
  const { app } = place
  const { api } = app.client
  const datasets = new Loaded(place, async () => (await answerOf(api.datasets.$get())).items, {
    every: LOOK_MS,
  })
  const summary = new Loaded(
    place,
    async () => (await answerOf(api.quality.$get({ query: { limit: '1' } }))).summary,
    { every: LOOK_MS },
  )
  const statistics = new Loaded(
    place,
    async () => (await answerOf(api['multi-period-sync'].statistics.$get())).data,
    { every: LOOK_MS },
  )
  return () => {
    const { t } = app
    return [
      card(
        t.data.freshness,
        shown(app, datasets, (items) =>
          items.every(({ sources }) => sources.length === 0)
            ? empty(t.data.none, h('a', { href: linkTo('now') }, t.data.begin))
            : [
                h('p', { class: 'hint' }, t.data.freshHint),
                table(t.data.freshness, columnsOf(app), items, (one) => one.dataset),
              ],
        ),
      ),
      card(
        t.data.verified,
        shown(app, summary, (rows) =>
          rows.length === 0 ? empty(t.data.notVerified) : summaryTable(app, rows),
        ),
      ),
      card(
        t.data.bars,
        shown(app, statistics, (found) => barTable(app, found)),
      ),
    ]
  }
}

function columnsOf(app: App): Column<Dataset>[] {
  const { t, format } = app
  return [
    { title: t.common.dataset, view: (one) => datasetName(app, one.dataset) },
    { title: t.data.newest, view: (one) => one.newest_complete ?? DASH },
    ...SOURCE_NAMES.map((name) => ({
      title: t.sourceNames[name],
      view: ({ sources }: Dataset): Child => {
        const own = sources.find(({ source }) => source === name)
        if (!own) return DASH
        if (own.from_date === null) return format.time(own.last_run_at)
        return h('span', { title: `${own.from_date} – ${own.to_date ?? ''}` }, own.to_date ?? DASH)
      },
    })),
  ]
}

const summaryTable = (app: App, rows: Summary): HTMLElement =>
  table(
    app.t.data.verified,
    [
      { title: app.t.common.dataset, view: (row) => datasetName(app, row.dataset) },
      { title: app.t.common.status, view: (row) => gateBadge(app, row.state) },
      { title: app.t.data.dates, isNumber: true, view: (row) => app.format.number(row.dates) },
      { title: app.t.data.first, view: (row) => row.first },
      { title: app.t.data.last, view: (row) => row.last },
      {
        title: app.t.common.deeds,
        isDeeds: true,
        view: (row) =>
          row.state === 'complete'
            ? null
            : h(
                'a',
                { href: linkTo('data/days', { dataset: row.dataset, state: row.state }) },
                app.t.data.show,
              ),
      },
    ],
    rows,
  )

function barTable(app: App, { period_statistics: periods }: Statistics): Child {
  const { t, format } = app
  const rows = PERIODS.flatMap((period) =>
    Object.entries(periods[period] ?? {}).map(([source, counted]) => ({ period, source, ...counted })),
  )
  if (rows.length === 0) return empty(t.data.noBars)
  return table(
    t.data.bars,
    [
      { title: t.data.period, view: (row) => t.periods[row.period] },
      { title: t.common.source, view: (row) => sourceName(app, row.source) },
      { title: t.data.count, isNumber: true, view: (row) => format.number(row.count) },
      { title: t.data.last, view: (row) => row.latest_date },
    ],
    rows,
  )
}
