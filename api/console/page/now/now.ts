import { answerOf, hasEnded } from '../../../../client/index.ts'
import type { Run } from '../../../schemas/run.ts'
import { type App, linkTo, type OpenScreen, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { Loaded } from '../loaded.ts'
import { card, empty, type Fact, facts, needs, problem } from '../parts/parts.ts'
import { jobName, runLink, secondsOf, statusBadge } from '../parts/run-words.ts'
import { runFacts } from '../parts/run-facts.ts'
import { activeRun } from './active-run.ts'
import { StartForm } from './start-form.ts'

const LOOK_MS = 2_000
const SCHEDULES_MS = 60_000
// Enough to see every run that is open beside the current one.
const NEWEST = '20'

/** What goes on now, or what was last and comes next; and a form to start something. */
export const openNow: OpenScreen = (place) => {
  const { app } = place
  const { api, scheduler } = app.client
  const current = new Loaded(place, async () => (await answerOf(api.sync.status.$get({}))).data, {
    every: LOOK_MS,
  })
  const newest = new Loaded(
    place,
    async () => (await answerOf(api.runs.$get({ query: { limit: NEWEST } }))).items,
    { every: LOOK_MS },
  )
  const next = new Loaded(place, async () => (await answerOf(scheduler.status.$get())).jobs, {
    every: SCHEDULES_MS,
  })
  const look = (): void => {
    void current.reload()
    void newest.reload()
  }
  const starting = new StartForm(place, look)
  const active = followCurrent(place, look)
  return () => {
    const { value: status, error } = current
    if (status === undefined) return problem(error) || h('p', { class: 'loading' }, app.t.common.loading)
    const run = newest.value?.find(({ id }) => id === status.job_id)
    const isOpen = status.job_id !== null && run !== undefined && !hasEnded(run.status)
    const open = (newest.value ?? []).filter((one) => !hasEnded(one.status) && one.id !== status.job_id)
    return [
      h('h1', {}, app.t.nav.now),
      problem(error),
      isOpen ? active(run) : idle(place, run ?? null, next.value, newest.value?.length === 0),
      open.length > 0 && others(place, open),
      needs(app, 'operator') ||
        h(
          'details',
          { class: 'card', open: !isOpen, key: isOpen ? 'start-later' : 'start-now' },
          h('summary', {}, app.t.start.title),
          starting.view(),
        ),
    ]
  }
}

/** Follows whichever run is the current one. */
function followCurrent(place: Place, onEnd: () => void): (run: Run) => Child {
  let shown: { id: string; view: () => Child; leave: AbortController } | null = null
  return (run) => {
    const { id } = run
    if (shown?.id !== id) {
      shown?.leave.abort()
      const leave = new AbortController()
      const signal = AbortSignal.any([place.signal, leave.signal])
      shown = { id, leave, view: activeRun({ ...place, signal }, run, onEnd) }
    }
    return shown.view()
  }
}

type Schedules = readonly { id: string; job: string; next_run_time: string | null }[]

function idle(place: Place, last: Run | null, schedules: Schedules | undefined, isNew: boolean): Child {
  const { app } = place
  const { t, format } = app
  const next = (schedules ?? [])
    .filter((one) => one.next_run_time !== null)
    .sort((a, b) => (a.next_run_time ?? '').localeCompare(b.next_run_time ?? ''))
    .at(0)
  return card(
    t.now.idle,
    isNew && empty(t.now.first, h('a', { href: linkTo('sources') }, t.now.firstSources)),
    last !== null && last.message !== null && h('p', { class: 'note' }, last.message),
    facts(
      [
        t.now.last,
        last === null ? t.now.none : [runLink(app, last), ' ', statusBadge(app, last.status)],
        last && format.time(last.finished_at),
      ],
      ...(last === null ? [] : resultOf(app, last)),
      [
        t.now.next,
        next ? jobName(app, next.job) : t.now.none,
        next
          ? [format.time(next.next_run_time), ` · ${format.distance(next.next_run_time)}`]
          : h('a', { href: linkTo('schedules') }, t.nav.schedules),
      ],
    ),
  )
}

function resultOf(app: App, last: Run): Fact[] {
  const { t, format } = app
  const { rows } = runFacts(app, last)
  return [
    rows,
    [t.runs.took, format.duration(secondsOf(last))],
    [
      t.runs.failures,
      format.number(last.errors),
      last.errors > 0 && h('a', { href: linkTo('data/failures') }, t.data.failures),
    ],
  ]
}

const others = ({ app }: Place, runs: readonly Run[]): HTMLElement =>
  card(
    app.t.now.others,
    h(
      'ul',
      { class: 'plain' },
      runs.map((run) =>
        h(
          'li',
          { key: run.id },
          runLink(app, run),
          ' ',
          statusBadge(app, run.status),
          ' ',
          app.format.share(run.percent / 100, 1),
        ),
      ),
    ),
  )
