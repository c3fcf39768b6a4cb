import { answerOf, hasEnded } from '../../../../client/index.ts'
import type { Run } from '../../../schemas/run.ts'
import { type App, linkTo, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import { Loaded } from '../loaded.ts'
import { badge, facts, problem } from '../parts/parts.ts'
import { jobName, secondsOf, sourceName, statusBadge, workflowLink } from '../parts/run-words.ts'
import { type Batch, batchNames, batchWork, runFacts } from '../parts/run-facts.ts'
import { table } from '../parts/table.ts'
import { FollowedRun } from './follow.ts'
import { logLines } from './log-lines.ts'
import { Steering } from './steering.ts'

const LAST_LINES = 8
const LOOK_MS = 3_000
const MOST_BATCHES = '12'

/** A run that is under way, with what it does at the moment. @param known the run as it is known so far */
export function activeRun(place: Place, known: Run, onEnd: () => void): () => Child {
  const { app } = place
  const { id } = known
  const followed = new FollowedRun(place, id, onEnd)
  const steering = new Steering(place, id, (run) => followed.take(run))
  const batches = new Loaded(
    place,
    () =>
      answerOf(
        app.client.api.runs[':id'].batches.$get({
          param: { id },
          query: { state: 'running', limit: MOST_BATCHES },
        }),
      ),
    { every: LOOK_MS },
  )
  return () => {
    // So that nothing jumps while more is asked for.
    const run = followed.run ?? known
    const current = run.status === 'running' ? (batches.value?.items ?? []) : []
    return h(
      'section',
      { class: 'card run' },
      h(
        'header',
        {},
        h('h2', {}, jobName(app, run.job), ' ', statusBadge(app, run.status)),
        h(
          'p',
          { class: 'links' },
          h('a', { href: linkTo(`runs/${id}`) }, app.t.runs.detail),
          workflowLink(app, run),
        ),
      ),
      run.message !== null && h('p', { class: 'note' }, run.message),
      progressOf(app, run),
      steering.view(run),
      figures(app, followed, run, current),
      problem(followed.error),
      h('h3', {}, app.t.runs.log),
      h('div', { class: 'latest' }, logLines(app, followed.lines.slice(-LAST_LINES))),
      // Last, since batches come and go all the time and would move what is below.
      batchTable(app, current),
    )
  }
}

/** How far a run is: for eyes all the time, for readers at every tenth. */
export function progressOf({ t, format }: App, run: Run): Child {
  const text = format.share(run.percent / 100, 1)
  return [
    h(
      'div',
      { class: 'progress' },
      h('strong', {}, text),
      h('progress', { max: 100, value: run.percent, 'aria-label': t.runs.progress }, text),
    ),
    h(
      'p',
      { class: 'heard', 'aria-live': 'polite' },
      `${t.statuses[run.status]}, ${Math.floor(run.percent / 10) * 10} %`,
    ),
  ]
}

function figures(app: App, followed: FollowedRun, run: Run, current: readonly Batch[]): HTMLElement {
  const { t, format } = app
  const sources = [...new Set(current.flatMap(({ source }) => source ?? []))]
  const ended = hasEnded(run.status)
  const sourceBadge = (source: string): HTMLElement => badge('busy', sourceName(app, source))
  const { batches, symbols, rows, calls, failures, asked } = runFacts(app, run)
  return facts(
    [t.runs.phase, run.phase === null ? DASH : t.phases[run.phase]],
    batches,
    symbols,
    rows,
    calls,
    [t.runs.rate, ended || followed.rate === null ? DASH : t.runs.aSecond(format.number(followed.rate))],
    [ended ? t.runs.took : t.runs.left, format.duration(ended ? secondsOf(run) : run.eta_seconds)],
    failures,
    [
      t.runs.sources,
      sources.length === 0 ? DASH : h('span', { class: 'badges' }, sources.map(sourceBadge)),
      null,
      'wide',
    ],
    asked,
  )
}

function batchTable(app: App, batches: readonly Batch[]): Child {
  if (batches.length === 0) return null
  const { t } = app
  return [
    h('h3', {}, t.runs.inFlight),
    table(t.runs.inFlight, [...batchNames(app), ...batchWork(app)], batches, (b) => String(b.seq)),
  ]
}
