import { answerOf } from '../../../../client/index.ts'
import { Action } from '../action.ts'
import type { Body } from '../api.ts'
import { type App, linkTo, may, type OpenScreen } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import { Loaded } from '../loaded.ts'
import { askedInWords } from '../parts/asked-words.ts'
import { badge, button, card, empty, needs, outcome, shown } from '../parts/parts.ts'
import { jobName, statusBadge } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'
import { TimeForm } from './time-form.ts'
import { timesInWords } from './time-words.ts'

export type Schedule = Body<App['client']['scheduler']['status']['$get']>['jobs'][number]
type Deed = 'pause' | 'resume' | 'stop' | 'trigger'

const LOOK_MS = 10_000

/** What starts by itself, and when. */
export const openSchedules: OpenScreen = (place) => {
  const { app } = place
  const { scheduler } = app.client
  const schedules = new Loaded(place, async () => (await answerOf(scheduler.status.$get())).jobs, {
    every: LOOK_MS,
  })
  const times = new TimeForm(app, () => void schedules.reload())
  let removing: string | null = null
  const act = new Action<[string, Deed]>(app, async (id, deed) => {
    removing = null
    const job = scheduler.jobs[':job_id']
    const param = { job_id: id }
    if (deed === 'trigger') {
      const { run_id } = await answerOf(job.trigger.$post({ param, json: {} }))
      location.hash = linkTo(`runs/${run_id}`)
      return
    }
    await answerOf(job[deed].$post({ param }))
    await schedules.reload()
  })
  const deeds = (schedule: Schedule): Child => {
    const { id, paused } = schedule
    const { t } = app
    if (!may(app, 'operator')) return null
    const deed = (name: Deed, kind: 'plain' | 'danger' = 'plain'): HTMLElement =>
      button(t.schedules[name], () => void act.run(id, name), {
        kind,
        disabled: act.isBusy,
        label: `${t.schedules[name]}: ${id}`,
        key: name,
      })
    const ask = (is: boolean): void => {
      removing = is ? id : null
      app.redraw()
    }
    if (removing === id)
      return h(
        'span',
        { class: 'buttons' },
        deed('stop', 'danger'),
        button(t.steer.cancelNo, () => ask(false), { key: 'keep' }),
      )
    return h(
      'span',
      { class: 'buttons' },
      deed('trigger'),
      deed(paused ? 'resume' : 'pause'),
      button(t.schedules.change, () => times.open(schedule), {
        key: 'change',
        label: `${t.schedules.change}: ${id}`,
      }),
      button(t.schedules.remove, () => ask(true), { key: 'ask', label: `${t.schedules.remove}: ${id}` }),
    )
  }
  return () => {
    const { t } = app
    return [
      h('h1', {}, t.nav.schedules),
      h('p', { class: 'hint' }, t.schedules.hint),
      card(
        null,
        outcome(act),
        shown(app, schedules, (rows) =>
          rows.length === 0
            ? empty(t.schedules.none)
            : table(
                t.nav.schedules,
                [
                  { title: t.start.job, view: (one) => [jobName(app, one.job), h('small', {}, one.id)] },
                  {
                    title: t.schedules.when,
                    view: (one) => [timesInWords(app, one), h('small', {}, one.timezone)],
                  },
                  {
                    title: t.schedules.next,
                    view: (one) => nextOf(app, one),
                  },
                  { title: t.schedules.last, view: (one) => lastOf(app, one) },
                  { title: t.runs.asked, isText: true, view: (one) => askedInWords(app, one.parameters) },
                  { title: t.common.deeds, isDeeds: true, view: deeds },
                ],
                rows,
                (one) => one.id,
              ),
        ),
      ),
      needs(app, 'operator') || times.view(schedules.value ?? []),
    ]
  }
}

/** The next time, and those behind it for who wants to see the pattern. */
function nextOf(
  { t, format }: App,
  { id, paused, next_run_time: next, next_run_times: times }: Schedule,
): Child {
  if (paused) return badge('warn', t.statuses.paused)
  const later = times.slice(1)
  return [
    format.time(next),
    h('small', {}, format.distance(next)),
    later.length > 0 &&
      h(
        'details',
        { class: 'later' },
        h('summary', { 'aria-label': `${t.schedules.later}: ${id}` }, t.schedules.later),
        later.map((at) => h('small', {}, format.time(at))),
      ),
  ]
}

function lastOf(app: App, { last_run: last }: Schedule): Child {
  if (last === null) return DASH
  const time = app.format.time(last.started_at)
  if (last.run_id === null) return [time, h('small', {}, app.t.schedules.noRun)]
  return [
    h('a', { href: linkTo(`runs/${last.run_id}`) }, time),
    ' ',
    last.status !== null && statusBadge(app, last.status),
  ]
}
