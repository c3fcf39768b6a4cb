import { answerOf, hasEnded } from '../../../../client/index.ts'
import type { Run } from '../../../schemas/run.ts'
import { Action } from '../action.ts'
import { may, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { button, outcome } from '../parts/parts.ts'

type Steer = 'pause' | 'resume' | 'cancel' | 'retry'

/** Buttons that steer a run. */
export class Steering {
  readonly #place: Place
  readonly #action: Action<[Steer]>
  #isAsking = false

  /** @param took gets the run as it is afterwards */
  constructor(place: Place, id: string, took: (run: Run) => void) {
    this.#place = place
    const { runs } = place.app.client.api
    this.#action = new Action(place.app, async (steer) => {
      this.#isAsking = false
      took(await answerOf(runs[':id'][steer].$post({ param: { id } })))
    })
  }

  view({ status }: Run): Child {
    const { app } = this.#place
    if (!may(app, 'operator')) return null
    const { t } = app
    const act = (steer: Steer, kind: 'main' | 'plain' | 'danger' = 'plain'): HTMLElement =>
      button(t.steer[steer], () => void this.#action.run(steer), {
        kind,
        disabled: this.#action.isBusy,
        key: steer,
      })
    if (this.#isAsking && !hasEnded(status)) return [this.#question(), outcome(this.#action)]
    const ask = button(t.steer.cancel, () => this.#ask(true), { disabled: this.#action.isBusy, key: 'ask' })
    return [
      h(
        'div',
        { class: 'buttons' },
        status === 'running' || status === 'pending' || status === 'waiting' ? act('pause') : null,
        status === 'paused' ? act('resume', 'main') : null,
        hasEnded(status) ? (status === 'success' ? null : act('retry', 'main')) : ask,
      ),
      outcome(this.#action),
    ]
  }

  #ask(is: boolean): void {
    this.#isAsking = is
    this.#place.app.redraw()
  }

  #question(): HTMLElement {
    const { t } = this.#place.app
    return h(
      'div',
      { class: 'question', role: 'alertdialog', 'aria-label': t.steer.cancel, key: 'question' },
      h('p', {}, t.steer.sure),
      h(
        'div',
        { class: 'buttons' },
        button(t.steer.cancelYes, () => void this.#action.run('cancel'), { kind: 'danger' }),
        button(t.steer.cancelNo, () => this.#ask(false)),
      ),
    )
  }
}
