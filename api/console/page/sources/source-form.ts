import { answerOf, type Client } from '../../../../client/index.ts'
import { Action } from '../action.ts'
import type { App } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { button, outcome } from '../parts/parts.ts'
import { check, form, input, textIn } from '../parts/fields.ts'
import type { Source } from './sources.ts'

type Patch = NonNullable<Parameters<Client['api']['sources'][':name']['$put']>[0]>['json']

/** Settings of a source. A token goes in and never comes out. */
export class SourceForm {
  readonly #app: App
  readonly #name: Source['name']
  readonly #save: Action<[Patch]>
  /** A new one empties the field of the token. */
  #turn = 0

  constructor(app: App, name: Source['name'], saved: () => void) {
    this.#app = app
    this.#name = name
    this.#save = new Action(app, async (json) => {
      await answerOf(app.client.api.sources[':name'].$put({ param: { name }, json }))
      this.#turn++
      saved()
      return app.t.common.saved
    })
  }

  view(source: Source): Child {
    const { t } = this.#app
    const name = this.#name
    return h(
      'details',
      {},
      h('summary', {}, t.sources.settings),
      form(
        (data) => void this.#save.run(patchOf(data)),
        h(
          'div',
          { class: 'fields' },
          check(`${name}/enabled`, t.sources.enabled, { props: { checked: source.enabled } }),
          check(`${name}/pinned`, t.sources.pinned, {
            hint: t.sources.pinnedHint,
            props: { checked: source.pinned },
          }),
          input(`${name}/priority`, t.sources.priority, {
            hint: t.sources.priorityHint,
            props: { type: 'number', min: 1, max: 99, value: source.priority },
          }),
          input(`${name}/calls_per_minute`, t.plan.perMinute, {
            hint: t.sources.paceHint,
            props: { type: 'number', min: 0, max: 100_000, value: source.calls_per_minute },
          }),
          name === 'tushare' &&
            h(
              'div',
              { key: `token ${this.#turn}` },
              input(`${name}/token`, t.sources.newToken, {
                hint: t.sources.tokenHint,
                props: { type: 'password', autocomplete: 'new-password' },
              }),
            ),
        ),
        h(
          'div',
          { class: 'buttons' },
          h('button', { type: 'submit', class: 'main', disabled: this.#save.isBusy }, t.common.save),
          source.token.stored &&
            button(t.sources.removeToken, () => void this.#save.run({ token: null }), {
              kind: 'danger',
              disabled: this.#save.isBusy,
            }),
        ),
      ),
      outcome(this.#save),
    )
  }
}

const numberIn = (data: FormData, name: string): number | null => {
  const text = textIn(data, name)
  return text === undefined ? null : Number(text)
}

function patchOf(data: FormData): Patch {
  const token = textIn(data, 'token')
  return {
    enabled: data.has('enabled'),
    pinned: data.has('pinned'),
    priority: numberIn(data, 'priority'),
    calls_per_minute: numberIn(data, 'calls_per_minute'),
    ...(token !== undefined && { token }),
  }
}
