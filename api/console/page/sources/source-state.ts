import type { App } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import { badge, empty, type Tone } from '../parts/parts.ts'
import { datasetName } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'
import { siteName } from './source-test.ts'
import type { Source } from './sources.ts'

/* How a source is, what it still grants, and what it refuses. */

const TONES: Record<Source['sites'][number]['state'], Tone> = {
  up: 'good',
  resting: 'bad',
  half_open: 'warn',
}

const isKnown = ({ state, last_success_at, reason }: Source['sites'][number]): boolean =>
  state !== 'up' || last_success_at !== null || reason !== null

export function sites(app: App, { title, sites }: Source): Child {
  const { t, format } = app
  return table(
    `${title}: ${t.sources.health}`,
    [
      { title: t.sources.site, view: (one) => siteName(app, one.site) },
      {
        title: t.common.status,
        view: (one) =>
          isKnown(one)
            ? badge(TONES[one.state], t.siteStates[one.state])
            : badge('still', t.siteStates.never),
      },
      {
        title: t.sources.restingUntil,
        view: (one) =>
          one.resting_until === null
            ? DASH
            : [format.time(one.resting_until), h('small', {}, format.distance(one.resting_until))],
      },
      {
        title: t.sources.latency,
        isNumber: true,
        view: (one) => (one.latency_ms === null ? DASH : `${format.number(one.latency_ms)} ms`),
      },
      {
        title: t.sources.errorRate,
        isNumber: true,
        view: (one) => (isKnown(one) ? format.share(one.error_rate, 1) : DASH),
      },
      {
        title: t.sources.lastSuccess,
        view: (one) => (one.last_success_at === null ? DASH : format.distance(one.last_success_at)),
      },
      { title: t.sources.trouble, isText: true, view: (one) => one.reason ?? '' },
    ],
    sites,
    (one) => one.site,
  )
}

export function budgets(app: App, { title, budgets, rank }: Source): Child {
  const { t, format } = app
  if (budgets.length === 0) return rank !== null && empty(t.sources.noBudget)
  const used = ({ used, limit }: { used: number; limit: number | null }): string =>
    limit === null ? format.number(used) : `${format.number(used)} / ${format.number(limit)}`
  return h(
    'details',
    { open: budgets.length <= 4 },
    h('summary', {}, `${t.sources.budgets} (${format.number(budgets.length)})`),
    table(
      `${title}: ${t.sources.budgets}`,
      [
        { title: t.plan.api, view: (one) => h('code', {}, one.budget) },
        {
          title: t.plan.perMinute,
          isNumber: true,
          view: (one) => (one.calls_per_minute === null ? '∞' : format.number(one.calls_per_minute)),
        },
        { title: t.sources.hour, isNumber: true, view: (one) => used(one.hour) },
        { title: t.sources.day, isNumber: true, view: (one) => used(one.day) },
        {
          title: t.sources.left,
          isNumber: true,
          view: (one) => (one.day.left === null ? '∞' : format.number(one.day.left)),
        },
        {
          title: t.sources.nextSlot,
          view: (one) => (one.next_slot_at === null ? t.sources.now : format.time(one.next_slot_at)),
        },
        {
          title: t.sources.trouble,
          isText: true,
          view: (one) => one.denied?.message ?? one.blocked?.reason ?? '',
        },
      ],
      budgets,
      (one) => one.budget,
    ),
  )
}

/** What the account may not call. What it may is the rule and is not listed. */
export function refusals(app: App, { permissions }: Source): Child {
  const denied = permissions.filter(({ allowed }) => allowed === false)
  if (denied.length === 0) return null
  return [
    h('h3', {}, app.t.sources.denied),
    h(
      'ul',
      { class: 'plain' },
      denied.map(({ dataset, api, message }) =>
        h('li', {}, badge('bad', datasetName(app, dataset)), ' ', h('code', {}, api), ' ', message),
      ),
    ),
  ]
}
