import { answerOf } from '../../../../client/index.ts'
import type { Run } from '../../../schemas/run.ts'
import { JOB_NAMES } from '../../../../market/jobs.ts'
import { linkTo, type OpenScreen } from '../app.ts'
import { h } from '../dom.ts'
import { Pages } from '../pages.ts'
import { card, empty, morePages, shown } from '../parts/parts.ts'
import { select } from '../parts/fields.ts'
import { jobName, runLink, secondsOf, statusBadge } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'

/** All runs, newest first. */
export const openRuns: OpenScreen = (place) => {
  const { app, query } = place
  const status = (query.get('status') ?? '') as Run['status'] | ''
  const job = (query.get('job') ?? '') as (typeof JOB_NAMES)[number] | ''
  const pages = new Pages(place, (where) =>
    answerOf(
      app.client.api.runs.$get({
        query: { ...where, limit: '50', ...(status && { status }), ...(job && { job }) },
      }),
    ),
  )
  const filter = (changed: { status?: string; job?: string }): void => {
    location.hash = linkTo('runs', { status, job, ...changed })
  }
  return () => {
    const { t, format } = app
    return [
      h('h1', {}, t.nav.runs),
      card(
        null,
        h(
          'div',
          { class: 'fields' },
          select('runs/status', t.common.status, {
            choices: [['', t.common.all], ...Object.entries(t.statuses)],
            value: status,
            change: (value) => filter({ status: value }),
          }),
          select('runs/job', t.start.job, {
            choices: [['', t.common.all], ...JOB_NAMES.map((name) => [name, jobName(app, name)] as const)],
            value: job,
            change: (value) => filter({ job: value }),
          }),
        ),
        shown(app, { value: pages.items, error: pages.error }, (runs) =>
          runs.length === 0
            ? empty(t.runs.none)
            : table(
                t.nav.runs,
                [
                  { title: t.start.job, view: (run) => runLink(app, run) },
                  { title: t.common.status, view: (run) => statusBadge(app, run.status) },
                  { title: t.runs.started, view: (run) => format.time(run.started_at ?? run.created_at) },
                  { title: t.runs.took, isNumber: true, view: (run) => format.duration(secondsOf(run)) },
                  { title: t.runs.progress, isNumber: true, view: (run) => format.share(run.percent / 100) },
                  { title: t.runs.inserted, isNumber: true, view: (run) => format.number(run.inserted) },
                  { title: t.runs.updated, isNumber: true, view: (run) => format.number(run.updated) },
                  { title: t.runs.calls, isNumber: true, view: (run) => format.number(run.calls) },
                  { title: t.runs.failures, isNumber: true, view: (run) => format.number(run.errors) },
                ],
                runs,
                (run) => run.id,
              ),
        ),
        morePages(place, pages),
      ),
    ]
  }
}
