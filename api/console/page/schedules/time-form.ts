import { answerOf } from '../../../../client/index.ts'
import { JOB_NAMES, type Job } from '../../../../market/jobs.ts'
import { Action } from '../action.ts'
import type { App } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { button, card, outcome } from '../parts/parts.ts'
import { form, input, select, textIn } from '../parts/fields.ts'
import { jobName } from '../parts/run-words.ts'
import type { Schedule } from './schedules.ts'
import { type Times, timesOf, WAYS } from './times.ts'

type Way = Times['way']

const USUAL: Times = { way: 'daily', time: '20:30' }
const ZONE = 'Asia/Shanghai'

/** Makes a schedule, or changes the time of one. */
export class TimeForm {
  readonly #app: App
  readonly #save: Action<[FormData]>
  /** What is changed; null while one is made. */
  #of: Schedule | null = null
  #job: Job = 'daily_incremental'
  #way: Way = USUAL.way
  #known: readonly Schedule[] = []

  constructor(app: App, saved: () => void) {
    this.#app = app
    this.#save = new Action(app, async (data) => {
      const message = await this.#send(data)
      this.#of = null
      this.#way = USUAL.way
      saved()
      return message
    })
  }

  /** @param schedule what is to be changed; null to make one */
  open(schedule: Schedule | null): void {
    this.#of = schedule
    this.#way = this.#times.way
    this.#save.forget()
    this.#app.redraw(() => document.querySelector<HTMLElement>('#time-form select')?.focus())
  }

  /** @param schedules those that there are */
  view(schedules: readonly Schedule[]): Child {
    const { t } = this.#app
    this.#known = schedules
    const of = this.#of
    // Another form for each schedule, so that nothing that was typed for one is sent for another.
    return h(
      'div',
      { id: 'time-form', key: `times of ${of?.id ?? ''}` },
      card(
        of === null ? t.schedules.make : t.schedules.changeOf(`${jobName(this.#app, of.job)} (${of.id})`),
        form(
          (data) => void this.#save.run(data),
          h('div', { class: 'fields' }, of === null && this.#whatFields(), this.#timeFields()),
          h(
            'div',
            { class: 'buttons' },
            h('button', { type: 'submit', class: 'main', disabled: this.#save.isBusy }, t.common.save),
            of !== null && button(t.schedules.leave, () => this.open(null)),
          ),
        ),
        outcome(this.#save),
      ),
    )
  }

  /** Those that the schedule has now, where the form can show them. */
  get #times(): Times {
    return (this.#of && timesOf(this.#of)) ?? USUAL
  }

  /** Where the times are told: that of the schedule, and Shanghai for a new one. */
  get #zone(): string {
    // An interval has none of its own.
    return this.#of === null || this.#times.way === 'interval' ? ZONE : this.#of.timezone
  }

  #whatFields(): Child {
    const { t } = this.#app
    const hasOne = this.#known.some(({ id }) => id === this.#job)
    return [
      select('time/job', t.start.job, {
        choices: JOB_NAMES.map((job) => [job, jobName(this.#app, job)]),
        value: this.#job,
        change: (job) => {
          this.#job = JOB_NAMES.find((each) => each === job) ?? this.#job
          this.#app.redraw()
        },
      }),
      input('time/name', t.schedules.name, {
        hint: hasOne ? t.schedules.nameNeeded : t.schedules.nameHint,
        props: { required: hasOne, pattern: '[a-z0-9][a-z0-9_\\-]{0,39}', spellcheck: 'false' },
      }),
    ]
  }

  #timeFields(): Child {
    const { t } = this.#app
    const now = this.#times
    const known = { time: '20:30', days: 'mon-fri', day: '1', minutes: '60', cron: '', ...now }
    const way = select('time/way', t.schedules.when, {
      choices: WAYS.map((each) => [each, t.ways[each]]),
      value: this.#way,
      change: (chosen) => {
        this.#way = WAYS.find((each) => each === chosen) ?? this.#way
        this.#app.redraw()
      },
    })
    if (this.#way === 'interval')
      return [
        way,
        input('time/minutes', t.schedules.minutes, {
          props: { type: 'number', min: 1, max: 44_640, value: known.minutes, required: true },
        }),
      ]
    if (this.#way === 'cron')
      return [
        way,
        input('time/cron', t.schedules.cron, {
          hint: t.schedules.cronHint(this.#zone),
          props: { placeholder: '30 20 * * mon-fri', value: known.cron, required: true, spellcheck: 'false' },
        }),
      ]
    return [
      way,
      this.#way === 'week' &&
        input('time/days', t.schedules.days, {
          hint: t.schedules.daysHint,
          props: { placeholder: 'mon-fri', value: known.days, required: true, spellcheck: 'false' },
        }),
      this.#way === 'month' &&
        input('time/day', t.schedules.day, {
          props: { type: 'number', min: 1, max: 31, value: known.day, required: true },
        }),
      input('time/time', t.schedules.time, {
        hint: t.schedules.timeHint(this.#zone),
        props: { type: 'time', value: known.time, required: true },
      }),
    ]
  }

  async #send(data: FormData): Promise<string> {
    const { client, t } = this.#app
    const job = client.scheduler.jobs[':job_id']
    const name = textIn(data, 'name')
    const id = this.#of?.id ?? (name === undefined ? this.#job : `${this.#job}.${name}`)
    // The service would take this for a change of the one that is there.
    if (this.#of === null && this.#known.some((one) => one.id === id)) throw new Error(t.schedules.taken(id))
    const param = { job_id: id }
    if (this.#way === 'interval') {
      const json = { interval_minutes: Number(textIn(data, 'minutes')) }
      await answerOf(job.start.$post({ param, json }))
    } else await answerOf(job.schedule.$post({ param, json: this.#timeIn(data) }))
    return t.schedules.saved(id)
  }

  #timeIn(data: FormData): {
    cron?: string
    hour?: number
    minute?: number
    day_of_week?: string
    day_of_month?: number
    timezone: string
  } {
    const timezone = this.#zone
    if (this.#way === 'cron') return { cron: textIn(data, 'cron') ?? '', timezone }
    const [hour = 0, minute = 0] = (textIn(data, 'time') ?? '').split(':').map(Number)
    const days = textIn(data, 'days')
    const day = textIn(data, 'day')
    return {
      hour,
      minute,
      timezone,
      ...(days !== undefined && { day_of_week: days }),
      ...(day !== undefined && { day_of_month: Number(day) }),
    }
  }
}
