import { answerOf } from '../../../../client/index.ts'
import { Action } from '../action.ts'
import type { Body } from '../api.ts'
import { type App, may } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { badge, button, outcome } from '../parts/parts.ts'
import type { Source } from './sources.ts'

type Tried = Body<App['client']['api']['sync']['multi-source']['sources']['test']['$post']>['data'][number]

/** One live request to each site of a source. */
export class SourceTest {
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

/** What a site is called in the present language. */
export const siteName = ({ t }: App, site: string): string =>
  (t.sites as Record<string, string>)[site] ?? site
