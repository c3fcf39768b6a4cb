import { answerOf } from '../../../../client/index.ts'
import { DATASET_NAMES } from '../../../../market/datasets.ts'
import { linkTo, type OpenScreen } from '../app.ts'
import { h } from '../dom.ts'
import { Pages } from '../pages.ts'
import { card, empty, morePages, shown } from '../parts/parts.ts'
import { select } from '../parts/fields.ts'
import { datasetName } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'
import { findingsInWords } from './finding-words.ts'
import { gateBadge } from './freshness.ts'

const STATES = ['incomplete', 'complete_with_gaps', 'unverified', 'complete'] as const

/** Days with what verification found about them: the incomplete ones, until somebody wants to see others. */
export const openDays: OpenScreen = (place) => {
  const { app, query } = place
  const state = STATES.find((each) => each === query.get('state')) ?? 'incomplete'
  const dataset = DATASET_NAMES.find((each) => each === query.get('dataset'))
  const pages = new Pages(place, (where) =>
    answerOf(
      app.client.api.quality.$get({ query: { ...where, state, limit: '50', ...(dataset && { dataset }) } }),
    ),
  )
  const filter = (changed: { state?: string; dataset?: string }): void => {
    location.hash = linkTo('data/days', { state, dataset, ...changed })
  }
  return () => {
    const { t, format } = app
    return card(
      t.data.days,
      h(
        'div',
        { class: 'fields' },
        select('days/state', t.common.status, {
          choices: STATES.map((each) => [each, t.gates[each]]),
          value: state,
          change: (value) => filter({ state: value }),
        }),
        select('days/dataset', t.common.dataset, {
          choices: [['', t.common.all], ...DATASET_NAMES.map((each) => [each, t.datasets[each]] as const)],
          value: dataset ?? '',
          change: (value) => filter({ dataset: value }),
        }),
      ),
      shown(app, { value: pages.items, error: pages.error }, (days) =>
        days.length === 0
          ? empty(state === 'incomplete' ? t.data.noIncomplete : t.common.nothing)
          : table(
              t.data.days,
              [
                { title: t.common.date, view: (day) => day.date },
                { title: t.common.dataset, view: (day) => datasetName(app, day.dataset) },
                { title: t.common.status, view: (day) => gateBadge(app, day.state) },
                {
                  title: t.data.present,
                  isNumber: true,
                  view: (day) => `${format.number(day.present)} / ${format.number(day.expected)}`,
                },
                { title: t.data.suspended, isNumber: true, view: (day) => format.number(day.suspended) },
                { title: t.data.findings, isText: true, view: (day) => findingsInWords(app, day.reasons) },
                { title: t.data.checked, view: (day) => format.time(day.checked_at) },
              ],
              days,
              (day) => `${day.dataset} ${day.date}`,
            ),
      ),
      morePages(place, pages),
    )
  }
}
