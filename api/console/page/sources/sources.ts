import { answerOf } from '../../../../client/index.ts'
import { Action } from '../action.ts'
import type { Body, ItemOf } from '../api.ts'
import { type App, may, type OpenScreen } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import { Loaded } from '../loaded.ts'
import { badge, button, empty, facts, outcome, shown, type Tone } from '../parts/parts.ts'
import { datasetName } from '../parts/run-words.ts'
import { table } from '../parts/table.ts'
import { SourceForm } from './source-form.ts'

export type Source = ItemOf<App['client']['api']['sources']['$get']>
type Tried = Body<App['client']['api']['sync']['multi-source']['sources']['test']['$post']>['data'][number]

const LOOK_MS = 5_000

/** Who is asked, in which order, and how they are. */
export const openSources: OpenScreen = (place) => {
  const { app } = place
  const { api } = app.client
  const sources = new Loaded(place, async () => (await answerOf(api.sources.$get())).items, {
    every: LOOK_MS,
  })
  const forms = new Map<string, SourceForm>()
  const tests = new Map<string, SourceTest>()
  const formOf = (name: Source['name']): SourceForm => {
    const form = forms.get(name) ?? new SourceForm(app, name, () => void sources.reload())
    forms.set(name, form)
    return form
  }
  const testOf = (name: Source['name']): SourceTest => {
    const test = tests.get(name) ?? new SourceTest(app, name, () => void sources.reload())
    tests.set(name, test)
    return test
  }
  return () => [
    h('h1', {}, app.t.nav.sources),
    h('p', { class: 'hint' }, app.t.sources.hint),
    shown(app, sources, (items) =>
      items.map((source) =>
        h(
          'section',
          { class: 'card source', key: source.name },
          heading(app, source),
          h('p', { class: 'hint' }, source.description),
          source.token.problem !== null && h('p', { class: 'problem' }, source.token.problem),
          facts(
            [
              app.t.sources.order,
              source.rank === null ? DASH : app.format.number(source.rank),
              source.rank_reason,
            ],
            [app.t.sources.precedence, app.format.number(source.precedence), app.t.sources.precedenceHint],
            [app.t.sources.token, tokenWords(app, source)],
          ),
          testOf(source.name).view(),
          sites(app, source),
          budgets(app, source),
          refusals(app, source),
          may(app, 'admin') && formOf(source.name).view(source),
        ),
      ),
    ),
  ]
}

function heading({ t }: App, source: Source): HTMLElement {
  const [tone, text]: [Tone, string] = !source.enabled
    ? ['still', t.sources.off]
    : source.available
      ? ['good', t.sources.ready]
      : ['bad', t.sources.notReady]
  return h('h2', {}, source.title, ' ', badge(tone, text))
}

const tokenWords = ({ t }: App, { token, name }: Source): string =>
  token.source !== null
    ? t.sources.tokenFrom[token.source]
    : name === 'tushare'
      ? t.sources.noToken
      : t.sources.noTokenNeeded

/** One live request to each site of a source. */
class SourceTest {
  readonly #app: App
  readonly #test: Action
  #tried: readonly Tried[] = []

  constructor(app: App, name: Source['name'], done: () => void) {
    this.#app = app
    this.#test = new Action(app, async () => {
      const { sources } = app.client.api.sync['multi-source']
      this.#tried = (await answerOf(sources.test.$post({ json: { source: name } }))).data
      done()
    })
  }

  view(): Child {
    const { t } = this.#app
    if (!may(this.#app, 'operator')) return null
    return [
      h(
        'div',
        { class: 'buttons' },
        button(this.#test.isBusy ? t.sources.testing : t.sources.test, () => void this.#test.run(), {
          disabled: this.#test.isBusy,
        }),
      ),
      outcome(this.#test),
      h(
        'ul',
        { class: 'plain', 'aria-live': 'polite' },
        this.#tried.map(({ site, ok, message }) =>
          h('li', {}, badge(ok ? 'good' : 'bad', siteName(this.#app, site)), ' ', message),
        ),
      ),
    ]
  }
}

const siteName = ({ t }: App, site: string): string => (t.sites as Record<string, string>)[site] ?? site

const TONES: Record<Source['sites'][number]['state'], Tone> = {
  up: 'good',
  resting: 'bad',
  half_open: 'warn',
}

function sites(app: App, { sites }: Source): Child {
  const { t, format } = app
  return table(
    t.sources.health,
    [
      { title: t.sources.site, view: (one) => siteName(app, one.site) },
      { title: t.common.status, view: (one) => badge(TONES[one.state], t.siteStates[one.state]) },
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
      { title: t.sources.errorRate, isNumber: true, view: (one) => format.share(one.error_rate, 1) },
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

function budgets(app: App, { budgets, enabled }: Source): Child {
  const { t, format } = app
  if (budgets.length === 0) return enabled && empty(t.sources.noBudget)
  const used = ({ used, limit }: { used: number; limit: number | null }): string =>
    limit === null ? format.number(used) : `${format.number(used)} / ${format.number(limit)}`
  return h(
    'details',
    { open: budgets.length <= 4 },
    h('summary', {}, t.sources.budgets),
    table(
      t.sources.budgets,
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
function refusals(app: App, { permissions }: Source): Child {
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
