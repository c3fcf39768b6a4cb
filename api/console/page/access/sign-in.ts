import { answerOf, ApiError } from '../../../../client/index.ts'
import { Action } from '../action.ts'
import type { App, Session } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { outcome } from '../parts/parts.ts'
import { form, input, textIn } from '../parts/fields.ts'

/** Asks for a key, which the browser shows once: from then on it has a cookie that no script reads. */
export class SignIn {
  readonly #app: App
  readonly #open: Action<[string]>

  constructor(app: App, opened: (session: Session) => void) {
    this.#app = app
    this.#open = new Action(app, async (key) => {
      try {
        opened(await answerOf(app.client.api.session.$post({ json: { key } })))
      } catch (error) {
        // What the service says is for programs: in which header to send it.
        throw error instanceof ApiError && error.status === 401 ? new Error(app.t.access.unknown) : error
      }
    })
  }

  view(): Child {
    const { t } = this.#app
    return h(
      'section',
      { class: 'card sign-in' },
      h('h1', {}, t.access.title),
      h('p', {}, t.access.why),
      form(
        (data) => void this.#open.run(textIn(data, 'key') ?? ''),
        input('access/key', t.access.key, {
          props: { type: 'password', autocomplete: 'current-password', required: true, autofocus: true },
        }),
        h(
          'div',
          { class: 'buttons' },
          h('button', { type: 'submit', class: 'main', disabled: this.#open.isBusy }, t.access.enter),
        ),
      ),
      outcome(this.#open),
      h(
        'p',
        { class: 'hint' },
        t.access.how,
        ' ',
        h('code', {}, 'npm run key -- create NAME --role operator'),
      ),
    )
  }
}
