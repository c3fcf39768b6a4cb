import type { App } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import { facts } from '../parts/parts.ts'
import { datasetName, jobName, sourceName } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'
import type { Plan } from './start-form.ts'

// More than these would hide the plan.
const FEW_NOTES = 3

/** What a run would do and cost. */
export function planView(app: App, plan: Plan): Child {
  const { t, format } = app
  const stages = plan.stages.flat()
  const batches = stages.reduce((sum, { batches }) => sum + batches, 0)
  return h(
    'div',
    // Another plan has another list to open and close.
    {
      class: 'plan',
      key: `${plan.job} ${plan.calls} ${plan.notes.length}`,
      role: 'region',
      'aria-label': t.plan.title,
    },
    h('h3', {}, `${t.plan.title}: ${jobName(app, plan.job)}`),
    facts(
      [
        t.runs.calls,
        format.number(plan.calls),
        plan.ratio === null ? null : t.plan.ratio(format.number(plan.ratio, 2)),
      ],
      [t.plan.takes, format.duration(plan.minutes * 60)],
      [t.runs.batches, format.number(batches)],
      [t.plan.cells, format.number(plan.cells)],
    ),
    plan.notes.length > 0 &&
      h(
        'details',
        { open: plan.calls === 0 || plan.notes.length <= FEW_NOTES },
        h('summary', {}, t.plan.notes(format.number(plan.notes.length))),
        h(
          'ul',
          { class: 'plain' },
          plan.notes.map((note) => h('li', {}, note)),
        ),
      ),
    plan.apis.length > 0 && [
      h('h4', {}, t.plan.calls),
      table(
        t.plan.calls,
        [
          { title: t.common.source, view: (one) => sourceName(app, one.source) },
          { title: t.plan.api, view: (one) => h('code', {}, one.api) },
          { title: t.runs.calls, isNumber: true, view: (one) => format.number(one.calls) },
          { title: t.plan.perMinute, isNumber: true, view: (one) => format.number(one.calls_per_minute) },
          { title: t.plan.takes, isNumber: true, view: (one) => format.duration(one.minutes * 60) },
          { title: t.plan.quota, isNumber: true, view: (one) => format.share(one.days_of_quota, 1) },
        ],
        plan.apis,
      ),
    ],
    stages.length > 0 && [
      h('h4', {}, t.plan.datasets),
      table(
        t.plan.datasets,
        [
          { title: t.common.dataset, view: (one) => datasetName(app, one.dataset) },
          { title: t.common.source, view: (one) => (one.batches === 0 ? DASH : sourceName(app, one.source)) },
          {
            title: t.common.dates,
            view: (one) => (one.from_date === null ? '' : `${one.from_date} – ${one.to_date ?? ''}`),
          },
          {
            title: t.runs.batches,
            isNumber: true,
            view: (one) => (one.batches === 0 ? t.plan.nothing : format.number(one.batches)),
          },
          { title: t.runs.calls, isNumber: true, view: (one) => format.number(one.calls) },
        ],
        stages,
      ),
    ],
  )
}
