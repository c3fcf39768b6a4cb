import { answerOf } from '../../../../client/index.ts'
import type { Run } from '../../../schemas/run.ts'
import type { App, OpenScreen } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { Loaded } from '../loaded.ts'
import { FollowedRun } from '../now/follow.ts'
import { progressOf } from '../now/active-run.ts'
import { logLines } from '../now/log-lines.ts'
import { Steering } from '../now/steering.ts'
import { card, empty, facts, problem, shown } from '../parts/parts.ts'
import { datasetName, jobName, secondsOf, sourceName, statusBadge, workflowLink } from '../parts/run-words.ts'
import { runFacts } from '../parts/run-facts.ts'
import { table } from '../parts/table.ts'
import { batchList } from './batches.ts'

/** One run: what it did, with whom, and what went wrong. */
export const openRun: OpenScreen = (place) => {
  const { app, parts } = place
  const [id = ''] = parts
  const param = { id }
  const sources = new Loaded(
    place,
    async () => (await answerOf(app.client.api.runs[':id'].sources.$get({ param }))).items,
    { every: 5_000 },
  )
  const followed = new FollowedRun(place, id, () => void sources.reload())
  const steering = new Steering(place, id, (run) => followed.take(run))
  const batches = batchList(place, id)
  return () => {
    const { run } = followed
    const { t, format } = app
    if (run === null) return problem(followed.error) || h('p', { class: 'loading' }, t.common.loading)
    return [
      h('h1', {}, jobName(app, run.job), ' ', statusBadge(app, run.status)),
      h(
        'section',
        { class: 'card run' },
        run.message !== null && h('p', { class: 'note' }, run.message),
        problem(followed.error),
        progressOf(app, run),
        steering.view(run),
        figures(app, run),
        h('p', { class: 'links' }, h('code', {}, run.id), workflowLink(app, run)),
      ),
      card(
        t.runs.brought,
        shown(app, sources, (rows) =>
          rows.length === 0
            ? empty(t.runs.nothingYet)
            : table(
                t.runs.brought,
                [
                  { title: t.common.dataset, view: (row) => datasetName(app, row.dataset) },
                  { title: t.common.source, view: (row) => sourceName(app, row.source) },
                  { title: t.runs.calls, isNumber: true, view: (row) => format.number(row.calls) },
                  { title: t.runs.inserted, isNumber: true, view: (row) => format.number(row.inserted) },
                  { title: t.runs.updated, isNumber: true, view: (row) => format.number(row.updated) },
                  { title: t.runs.unchanged, isNumber: true, view: (row) => format.number(row.unchanged) },
                  { title: t.runs.refused, isNumber: true, view: (row) => format.number(row.rejected) },
                ],
                rows,
              ),
        ),
      ),
      batches(),
      card(t.runs.log, logLines(app, followed.lines)),
    ]
  }
}

function figures(app: App, run: Run): Child {
  const { t, format } = app
  const { symbols, batches, rows, calls, failures, asked } = runFacts(app, run)
  return facts(
    [t.runs.started, format.time(run.started_at ?? run.created_at)],
    [t.runs.finished, format.time(run.finished_at)],
    [t.runs.took, format.duration(secondsOf(run))],
    symbols,
    batches,
    rows,
    calls,
    failures,
    [t.runs.newest, run.last_trade_date],
    asked,
  )
}
