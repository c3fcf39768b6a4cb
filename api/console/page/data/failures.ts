import { answerOf } from '../../../../client/index.ts'
import { Action } from '../action.ts'
import type { ItemOf } from '../api.ts'
import { type App, linkTo, may, type OpenScreen } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { Pages } from '../pages.ts'
import { button, card, empty, morePages, outcome, shown } from '../parts/parts.ts'
import { select } from '../parts/fields.ts'
import { datasetName, sourceName } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'

type Failure = ItemOf<App['client']['api']['failures']['$get']>

/** What could not be fetched, and another try. */
export const openFailures: OpenScreen = (place) => {
  const { app, query } = place
  const { failures } = app.client.api
  const open = query.get('open') === 'false' ? 'false' : 'true'
  const pages = new Pages(place, (where) =>
    answerOf(failures.$get({ query: { ...where, open, limit: '50' } })),
  )
  const retry = new Action<[number?]>(app, async (id) => {
    const answer = await answerOf(failures.retry.$post({ json: id === undefined ? {} : { ids: [id] } }))
    if (answer.run === null) return app.t.data.nothingToRetry
    location.hash = linkTo(`runs/${answer.run.id}`)
    return undefined
  })
  const resolve = new Action<[number]>(app, async (id) => {
    await answerOf(failures[':id'].resolve.$post({ param: { id: String(id) } }))
    await pages.reload()
  })
  return () => {
    const { t } = app
    const isOpen = open === 'true'
    return card(
      t.data.failures,
      h('p', { class: 'hint' }, t.data.failuresHint),
      h(
        'div',
        { class: 'fields' },
        select('failures/open', t.common.status, {
          choices: [
            ['true', t.data.open],
            ['false', t.data.resolved],
          ],
          value: open,
          change: (value) => (location.hash = linkTo('data/failures', { open: value })),
        }),
      ),
      may(app, 'operator') &&
        isOpen &&
        (pages.items?.length ?? 0) > 0 &&
        h(
          'div',
          { class: 'buttons' },
          button(t.data.retryAll, () => void retry.run(), { kind: 'main', disabled: retry.isBusy }),
        ),
      outcome(retry, resolve),
      shown(app, { value: pages.items, error: pages.error }, (items) =>
        items.length === 0
          ? empty(isOpen ? t.data.noFailures : t.common.nothing)
          : list(app, items, {
              retry: (id) => void retry.run(id),
              resolve: (id) => void resolve.run(id),
              isBusy: retry.isBusy || resolve.isBusy,
            }),
      ),
      morePages(place, pages),
    )
  }
}

interface Deeds {
  retry: (id: number) => void
  resolve: (id: number) => void
  isBusy: boolean
}

function list(app: App, items: readonly Failure[], { retry, resolve, isBusy }: Deeds): Child {
  const { t, format } = app
  const deeds = (failure: Failure): Child =>
    may(app, 'operator') &&
    failure.resolved_at === null &&
    h(
      'span',
      { class: 'buttons' },
      button(t.data.retry, () => retry(failure.id), {
        disabled: isBusy,
        label: `${t.data.retry} ${failure.id}`,
      }),
      button(t.data.settle, () => resolve(failure.id), {
        disabled: isBusy,
        label: `${t.data.settle} ${failure.id}`,
      }),
    )
  return table(
    t.data.failures,
    [
      { title: t.common.dataset, view: (one) => datasetName(app, one.dataset) },
      { title: t.common.symbol, view: (one) => one.symbol ?? t.common.all },
      {
        title: t.common.dates,
        view: (one) => (one.from_date === null ? '' : `${one.from_date} – ${one.to_date ?? ''}`),
      },
      { title: t.common.source, view: (one) => sourceName(app, one.source) },
      {
        title: t.runs.why,
        isText: true,
        view: (one) => [h('b', {}, one.error_class), ` ${one.message}`],
      },
      {
        title: t.data.tries,
        isNumber: true,
        view: (one) => `${format.number(one.retry_count)} / ${format.number(one.max_retries)}`,
      },
      {
        title: t.data.lastTry,
        view: (one) => h('a', { href: linkTo(`runs/${one.run_id}`) }, format.time(one.last_attempt_at)),
      },
      { title: t.common.deeds, isDeeds: true, view: deeds },
    ],
    items,
    (one) => String(one.id),
  )
}
