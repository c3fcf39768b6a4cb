import { answerOf } from '../../../../client/index.ts'
import type { ItemOf } from '../api.ts'
import { type App, may, type OpenScreen } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import { Loaded } from '../loaded.ts'
import { badge, type Fact, facts, needs, shown, type Tone } from '../parts/parts.ts'
import { SourceForm } from './source-form.ts'
import { budgets, refusals, sites } from './source-state.ts'
import { SourceTest } from './source-test.ts'

export type Source = ItemOf<App['client']['api']['sources']['$get']>

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
          h('p', { class: 'hint' }, app.t.sourceAbout[source.name]),
          lack(app, source),
          facts(
            [
              app.t.sources.order,
              source.rank === null ? DASH : app.format.number(source.rank),
              source.rank === null ? null : reasonWords(app, source),
            ],
            [
              app.t.sources.precedence,
              app.format.number(source.precedence),
              app.t.sources.precedenceHint,
              'wide',
            ],
            accountOf(app, source),
          ),
          testOf(source.name).view(),
          sites(app, source),
          budgets(app, source),
          refusals(app, source),
          may(app, 'admin') && formOf(source.name).view(source),
        ),
      ),
    ),
    needs(app, 'admin'),
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

/** Why it is not asked at all, and what to do about it. */
function lack({ t }: App, { name, enabled, rank, rank_reason: reason, token }: Source): Child {
  if (token.problem !== null) return h('p', { class: 'problem' }, token.problem)
  if (!enabled || rank !== null) return null
  return h('p', { class: 'problem' }, name === 'tushare' ? t.sources.tokenNeeded : reason)
}

/** Its place in the language of the page, where nothing but the settings decides; else as the service tells it. */
const reasonWords = ({ t, format }: App, { rank_reason: reason, priority, pinned }: Source): string =>
  /^priority \d+(, pinned)?$/.test(reason) && priority !== null
    ? t.sources.by(format.number(priority), pinned)
    : reason

/** Where its account comes from; of AKShare the server that is asked for it. */
function accountOf({ t }: App, { token, name, description }: Source): Fact {
  const server = name === 'akshare' ? /\(AKTools at (.+)\)$/.exec(description)?.[1] : undefined
  if (server !== undefined) return ['AKTools', server]
  if (token.source !== null) return [t.sources.token, t.sources.tokenFrom[token.source]]
  return name === 'tushare'
    ? [t.sources.token, t.sources.noToken]
    : [t.sources.account, t.sources.noTokenNeeded]
}
