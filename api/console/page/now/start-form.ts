import { answerOf, ApiError, type Client, hasEnded } from '../../../../client/index.ts'
import { JOB_NAMES, type Job } from '../../../../market/jobs.ts'
import { SOURCE_MODES } from '../../../../market/run-params.ts'
import { SOURCE_NAMES } from '../../../../market/sources.ts'
import { Action } from '../action.ts'
import type { Body } from '../api.ts'
import { linkTo, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { button, outcome } from '../parts/parts.ts'
import { check, form, input, select, textIn } from '../parts/fields.ts'
import { jobName } from '../parts/run-words.ts'
import { planView } from './plan-view.ts'

type Request = NonNullable<Parameters<Client['api']['runs']['$post']>[0]>['json']
export type Plan = Body<Client['api']['plan']['$post']>

const FORM = 'start'
const LOOK_MS = 500

/** Asks for a job, shows what it would cost, and starts it. */
export class StartForm {
  readonly #place: Place
  readonly #started: () => void
  readonly #plan: Action<[Request]>
  readonly #start: Action<[Request]>
  readonly #instead: Action<[Request, string]>
  #job: Job = 'full_history'
  #planned: Plan | null = null
  /** The run that has the lock, and what was to be started in its place. */
  #holder: { id: string; request: Request } | null = null

  constructor(place: Place, started: () => void) {
    this.#place = place
    this.#started = started
    const { app } = place
    this.#plan = new Action(app, async (json) => {
      this.#planned = await answerOf(app.client.api.plan.$post({ json }))
    })
    this.#start = new Action(app, (json) => this.#begin(json))
    this.#instead = new Action(app, async (json, holder) => {
      await this.#end(holder)
      await this.#begin(json)
    })
  }

  view(): Child {
    const { app } = this.#place
    const { t } = app
    const isBusy = this.#start.isBusy || this.#instead.isBusy
    return [
      form(
        (data, pressed) => void (pressed === 'plan' ? this.#plan : this.#start).run(this.#requestOf(data)),
        h('div', { class: 'fields' }, this.#fields()),
        h(
          'div',
          { class: 'buttons' },
          h('button', { type: 'submit', class: 'main', disabled: isBusy }, t.start.start),
          h(
            'button',
            { type: 'submit', class: 'plain', value: 'plan', disabled: this.#plan.isBusy },
            t.start.plan,
          ),
        ),
      ),
      this.#plan.isBusy && h('p', { class: 'loading' }, t.start.planning),
      // The question below says it for people.
      outcome(this.#plan, ...(this.#holder === null ? [this.#start] : []), this.#instead),
      this.#holder !== null && this.#question(this.#holder, isBusy),
      this.#planned !== null && planView(app, this.#planned),
    ]
  }

  #fields(): Child {
    const { app } = this.#place
    const { t } = app
    return [
      select(`${FORM}/job`, t.start.job, {
        choices: JOB_NAMES.map((job) => [job, jobName(app, job)]),
        value: this.#job,
        hint: t.jobHints[this.#job],
        change: (job) => this.#choose(job as Job),
      }),
      input(`${FORM}/symbols`, t.start.symbols, {
        hint: t.start.symbolsHint,
        props: { placeholder: '600519, 000001.SZ', spellcheck: 'false' },
      }),
      input(`${FORM}/start_date`, t.start.from, { props: { type: 'date' } }),
      input(`${FORM}/end_date`, t.start.to, { props: { type: 'date' } }),
      h(
        'fieldset',
        { class: 'field' },
        h('legend', {}, t.start.sources),
        SOURCE_NAMES.map((name) => check(`${FORM}/preferred_sources`, t.sourceNames[name], { value: name })),
        h('small', {}, t.start.sourcesHint),
      ),
      select(`${FORM}/source_mode`, t.start.mode, {
        choices: [['', t.start.usual], ...SOURCE_MODES.map((mode) => [mode, t.modes[mode]] as const)],
        value: '',
      }),
      check(`${FORM}/refresh`, t.start.refresh, { hint: t.start.refreshHint }),
    ]
  }

  #choose(job: Job): void {
    this.#job = job
    this.#planned = null
    this.#place.app.redraw()
  }

  #requestOf(data: FormData): Request {
    const symbols = textIn(data, 'symbols')
      ?.split(/[\s,，、;；]+/)
      .filter((each) => each !== '')
    const from = textIn(data, 'start_date')
    const to = textIn(data, 'end_date')
    const sources = SOURCE_NAMES.filter((name) => data.getAll('preferred_sources').includes(name))
    const mode = SOURCE_MODES.find((each) => each === textIn(data, 'source_mode'))
    return {
      job: this.#job,
      params: {
        ...(symbols && symbols.length > 0 && { symbols }),
        ...(from !== undefined && { start_date: from }),
        ...(to !== undefined && { end_date: to }),
        ...(sources.length > 0 && { preferred_sources: sources }),
        ...(mode && { source_mode: mode }),
        ...(data.has('refresh') && { refresh: true }),
      },
    }
  }

  async #begin(json: Request): Promise<undefined> {
    this.#holder = null
    try {
      await answerOf(this.#place.app.client.api.runs.$post({ json }))
    } catch (error) {
      if (error instanceof ApiError && error.code === 'run_active' && error.runId !== null)
        this.#holder = { id: error.runId, request: json }
      throw error
    }
    this.#planned = null
    this.#started()
  }

  /**
   * Cancels the run that was shown, and waits until it has given the lock back. Not by `force`: that cancels whichever run
   * has the lock by then, maybe one that somebody else has just begun and that nobody here has agreed to end.
   */
  async #end(id: string): Promise<void> {
    const run = this.#place.app.client.api.runs[':id']
    const param = { id }
    await answerOf(run.cancel.$post({ param })).catch((error: unknown) => {
      // It has ended by itself.
      if (!(error instanceof ApiError && (error.code === 'run_final' || error.code === 'run_gone')))
        throw error
    })
    while (!hasEnded((await answerOf(run.$get({ param }))).status))
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }

  /** The run that is under way stays. */
  #keep(): void {
    this.#holder = null
    this.#start.forget()
    this.#instead.forget()
    this.#place.app.redraw()
  }

  #question({ id, request }: { id: string; request: Request }, isBusy: boolean): HTMLElement {
    const { t } = this.#place.app
    return h(
      'div',
      { class: 'question', role: 'alertdialog', 'aria-label': t.start.force },
      h('p', {}, t.start.forceQuestion, ' ', h('a', { href: linkTo(`runs/${id}`) }, t.start.forceWhich)),
      h(
        'div',
        { class: 'buttons' },
        button(
          this.#instead.isBusy ? t.start.forcing : t.start.force,
          () => void this.#instead.run(request, id),
          { kind: 'danger', disabled: isBusy },
        ),
        button(t.steer.cancelNo, () => this.#keep(), { disabled: isBusy }),
      ),
    )
  }
}
