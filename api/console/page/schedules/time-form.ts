import { answerOf } from '../../../../client/index.ts'
import { JOB_NAMES } from '../../../../market/jobs.ts'
import { Action } from '../action.ts'
import type { App } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { card, outcome } from '../parts/parts.ts'
import { form, input, select, textIn } from '../parts/fields.ts'
import { jobName } from '../parts/run-words.ts'

const WAYS = ['daily', 'week', 'month', 'interval', 'cron'] as const
type Way = (typeof WAYS)[number]

/** Makes a schedule, or changes the time of one. */
export class TimeForm {
  readonly #app: App
  readonly #save: Action<[FormData]>
  #id = ''
  #way: Way = 'daily'

  constructor(app: App, saved: () => void) {
    this.#app = app
    this.#save = new Action(app, async (data) => {
      const message = await this.#send(data)
      saved()
      return message
    })
  }

  /** For the schedule of that id. */
  open(id: string): void {
    this.#id = id
    this.#app.redraw()
    document.querySelector<HTMLElement>('#time-form select')?.focus()
  }

  view(): Child {
    const app = this.#app
    const { t } = app
    const others = JOB_NAMES.filter((job) => job !== this.#id)
    const known = this.#id === '' ? [] : [this.#id]
    return h(
      'div',
      { id: 'time-form' },
      card(
        this.#id === '' ? t.schedules.make : t.schedules.changeOf(this.#id),
        form(
          (data) => void this.#save.run(data),
          h(
            'div',
            { class: 'fields' },
            select('time/way', t.schedules.when, {
              choices: WAYS.map((way) => [way, t.ways[way]]),
              value: this.#way,
              change: (way) => {
                this.#way = way as Way
                app.redraw()
              },
            }),
            select('time/id', t.start.job, {
              choices: [...known, ...others].map((job) => [job, jobName(app, job)]),
              value: this.#id,
              change: (id) => {
                this.#id = id
                app.redraw()
              },
            }),
            this.#fields(),
          ),
          h(
            'div',
            { class: 'buttons' },
            h('button', { type: 'submit', class: 'main', disabled: this.#save.isBusy }, t.common.save),
          ),
        ),
        outcome(this.#save),
      ),
    )
  }

  #fields(): Child {
    const { t } = this.#app
    if (this.#way === 'interval')
      return input('time/minutes', t.schedules.minutes, {
        props: { type: 'number', min: 1, max: 44_640, value: 60 },
      })
    if (this.#way === 'cron')
      return input('time/cron', t.schedules.cron, {
        props: { placeholder: '30 20 * * mon-fri', required: true },
      })
    return [
      input('time/time', t.schedules.time, {
        hint: t.schedules.timeHint,
        props: { type: 'time', value: '20:30', required: true },
      }),
      this.#way === 'week' &&
        input('time/days', t.schedules.days, { props: { placeholder: 'mon-fri', required: true } }),
      this.#way === 'month' &&
        input('time/day', t.schedules.day, { props: { type: 'number', min: 1, max: 31, value: 1 } }),
    ]
  }

  async #send(data: FormData): Promise<string> {
    const job = this.#app.client.scheduler.jobs[':job_id']
    const param = { job_id: textIn(data, 'id') ?? '' }
    if (this.#way === 'interval') {
      const json = { interval_minutes: Number(textIn(data, 'minutes')) }
      return (await answerOf(job.start.$post({ param, json }))).message
    }
    return (await answerOf(job.schedule.$post({ param, json: this.#timeIn(data) }))).message
  }

  #timeIn(data: FormData): {
    cron?: string
    hour?: number
    minute?: number
    day_of_week?: string
    day_of_month?: number
  } {
    if (this.#way === 'cron') return { cron: textIn(data, 'cron') ?? '' }
    const [hour = 0, minute = 0] = (textIn(data, 'time') ?? '').split(':').map(Number)
    const days = textIn(data, 'days')
    const day = textIn(data, 'day')
    return {
      hour,
      minute,
      ...(days !== undefined && { day_of_week: days }),
      ...(day !== undefined && { day_of_month: Number(day) }),
    }
  }
}
