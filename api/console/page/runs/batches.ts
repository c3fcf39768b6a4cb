import { answerOf } from '../../../../client/index.ts'
import { type App, linkTo, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { Pages } from '../pages.ts'
import { card, empty, morePages, shown, type Tone, badge } from '../parts/parts.ts'
import { select } from '../parts/fields.ts'
import { type Batch, batchNames, batchWork } from '../parts/run-facts.ts'
import { type Column, table } from '../parts/table.ts'

const TONES: Record<Batch['state'], Tone> = {
  pending: 'still',
  running: 'busy',
  done: 'good',
  failed: 'bad',
  skipped: 'warn',
  split: 'still',
}

const isState = (text: string): text is Batch['state'] => Object.hasOwn(TONES, text)

/** The batches of a run: those that failed, until somebody wants to see others. */
export function batchList(place: Place, id: string): () => Child {
  const { app, query } = place
  const state = query.get('batches') ?? 'failed'
  const pages = new Pages(place, (where) =>
    answerOf(
      app.client.api.runs[':id'].batches.$get({
        param: { id },
        query: { ...where, limit: '50', ...(isState(state) && { state }) },
      }),
    ),
  )
  return () => {
    const { t } = app
    const choices = [['all', t.common.all], ...Object.entries(t.batchStates)] as const
    return card(
      t.runs.batches,
      h(
        'div',
        { class: 'fields' },
        select('batches/state', t.common.status, {
          choices: choices.map(([value, text]) => [value, text] as const),
          value: state,
          change: (value) => (location.hash = linkTo(`runs/${id}`, { batches: value })),
        }),
      ),
      shown(app, { value: pages.items, error: pages.error }, (batches) =>
        batches.length === 0
          ? empty(state === 'failed' ? t.runs.noFailedBatch : t.common.nothing)
          : table(t.runs.batches, columnsOf(app), batches, (b) => String(b.seq)),
      ),
      morePages(place, pages),
    )
  }
}

const columnsOf = (app: App): Column<Batch>[] => {
  const { t, format } = app
  return [
    { title: '#', isNumber: true, view: (b) => b.seq },
    ...batchNames(app),
    { title: t.common.status, view: (b) => badge(TONES[b.state], t.batchStates[b.state]) },
    ...batchWork(app),
    { title: t.runs.inserted, isNumber: true, view: (b) => format.number(b.inserted) },
    { title: t.runs.updated, isNumber: true, view: (b) => format.number(b.updated) },
    { title: t.runs.why, isText: true, view: (b) => b.message ?? '' },
  ]
}
