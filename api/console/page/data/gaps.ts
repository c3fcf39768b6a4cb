import { answerOf } from '../../../../client/index.ts'
import { DATASET_NAMES } from '../../../../market/datasets.ts'
import { Action } from '../action.ts'
import type { ItemOf } from '../api.ts'
import { type App, linkTo, may, type OpenScreen } from '../app.ts'
import { h } from '../dom.ts'
import { Pages } from '../pages.ts'
import { button, card, empty, morePages, outcome, shown } from '../parts/parts.ts'
import { form, input, select, textIn } from '../parts/fields.ts'
import { datasetName, sourceName } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'

type Gap = ItemOf<App['client']['api']['gaps']['$get']>

/** Cells that a source was asked for and that have no row, and what a person decides about them. */
export const openGaps: OpenScreen = (place) => {
  const { app, query } = place
  const { gaps } = app.client.api
  const dataset = DATASET_NAMES.find((each) => each === query.get('dataset'))
  const symbol = query.get('symbol') ?? ''
  const wanted = query.get('wanted') === 'all' ? undefined : ('true' as const)
  const pages = new Pages(place, (where) =>
    answerOf(
      gaps.$get({
        query: {
          ...where,
          limit: '50',
          ...(dataset && { dataset }),
          ...(symbol && { symbol }),
          ...(wanted && { wanted }),
        },
      }),
    ),
  )
  const decide = new Action<[Gap]>(app, async (gap) => {
    const name = gap.wanted ? 'accept' : 'reopen'
    const source = gap.source as NonNullable<Parameters<typeof gaps.accept.$post>[0]>['json']['source']
    const json = {
      dataset: gap.dataset as (typeof DATASET_NAMES)[number],
      symbols: [gap.symbol],
      from: gap.date,
      to: gap.date,
      source,
    }
    await answerOf(gaps[name].$post({ json }))
    await pages.reload()
  })
  const filter = (changed: Record<string, string | undefined>): void => {
    location.hash = linkTo('data/gaps', { dataset, symbol, wanted: wanted ? '' : 'all', ...changed })
  }
  return () => {
    const { t } = app
    return card(
      t.data.gaps,
      h('p', { class: 'hint' }, t.data.gapsHint),
      form(
        (data) => filter({ symbol: textIn(data, 'symbol') ?? '' }),
        h(
          'div',
          { class: 'fields' },
          select('gaps/dataset', t.common.dataset, {
            choices: [['', t.common.all], ...DATASET_NAMES.map((each) => [each, t.datasets[each]] as const)],
            value: dataset ?? '',
            change: (value) => filter({ dataset: value }),
          }),
          select('gaps/wanted', t.data.which, {
            choices: [
              ['', t.data.wanted],
              ['all', t.common.all],
            ],
            value: wanted ? '' : 'all',
            change: (value) => filter({ wanted: value }),
          }),
          input('gaps/symbol', t.common.symbol, { props: { value: symbol, placeholder: '600519' } }),
        ),
      ),
      outcome(decide),
      shown(app, { value: pages.items, error: pages.error }, (items) =>
        items.length === 0
          ? empty(t.data.noGaps)
          : table(
              t.data.gaps,
              [
                { title: t.common.date, view: (gap) => gap.date },
                { title: t.common.dataset, view: (gap) => datasetName(app, gap.dataset) },
                {
                  title: t.common.symbol,
                  view: (gap) => h('a', { href: linkTo(`stocks/${gap.symbol}`) }, gap.symbol),
                },
                { title: t.common.source, view: (gap) => sourceName(app, gap.source) },
                {
                  title: t.data.reason,
                  view: (gap) => (t.reasons as Record<string, string>)[gap.reason] ?? gap.reason,
                },
                { title: t.data.answers, isNumber: true, view: (gap) => gap.answers },
                {
                  title: t.common.deeds,
                  isDeeds: true,
                  view: (gap) =>
                    may(app, 'operator') &&
                    button(gap.wanted ? t.data.accept : t.data.reopen, () => void decide.run(gap), {
                      disabled: decide.isBusy,
                      label: `${gap.wanted ? t.data.accept : t.data.reopen}: ${gap.symbol} ${gap.date}`,
                    }),
                },
              ],
              items,
              (gap) => `${gap.dataset} ${gap.symbol} ${gap.date} ${gap.source}`,
            ),
      ),
      morePages(place, pages),
    )
  }
}
