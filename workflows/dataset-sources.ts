import { SOURCE_ERRORS } from '../market/source-errors.ts'
import { SOURCES, type SourceName } from '../market/sources.ts'
import { BudgetWaits } from './budget-waits.ts'
import { Candidates } from './candidates.ts'
import type { Readiness } from './choose.ts'
import type { BatchOutcome, PlannedDataset, Resting, SourcePlace } from './contract/messages.ts'
import type { LaneContext } from './lane-context.ts'
import type { Rest } from './source-board.ts'
import { SourceNews, type SourceView } from './source-news.ts'
import { beijingTime, reasonOf, type Trouble } from './trouble.ts'

// A refusal for the rate that names no time.
const RATE_LIMIT_MS = 60_000
// A source that is alone is waited for, but with mode `all` the others' data stands without it.
const MOST_RESTS_OF_ALL = 3
// What a run can do without is waited for while it may be a hiccup: the first rest in a row, if it is a short one.
const HICCUP_MS = 10_000

type Failure = Extract<BatchOutcome, { kind: 'failed' }>

/** The sources of one dataset: what their failures mean for it, who may be asked now, and the lines that say so. */
export class DatasetSources {
  readonly candidates: Candidates
  readonly #dataset: string
  readonly #places: readonly SourcePlace[]
  readonly #context: LaneContext
  readonly #isDispensable: boolean
  readonly #hasWork: () => boolean
  readonly #waits = new BudgetWaits(() => this.tellNews())
  readonly #news: SourceNews

  /** @param hasWork whether batches wait: of a dataset without any there is nothing to tell */
  constructor(planned: PlannedDataset, context: LaneContext, hasWork: () => boolean) {
    this.#dataset = planned.dataset
    this.#places = planned.sources
    this.#isDispensable = planned.dispensable ?? false
    this.#context = context
    this.#hasWork = hasWork
    this.candidates = new Candidates(planned.dataset, planned.sources)
    this.#news = new SourceNews(planned.dataset, context.mode)
  }

  /** @param load batches of this dataset that the place has in hand */
  readiness(place: SourcePlace, load: number): Readiness {
    const rest = this.#context.board.restOf(place)
    if (rest) return { kind: 'away', untilMs: rest.untilMs }
    const wait = this.#waits.of(place.source)
    if (wait) return { kind: wait.isLong ? 'away' : 'busy', untilMs: wait.untilMs }
    return { kind: load >= SOURCES[place.source].batchesAtOnce ? 'busy' : 'free', untilMs: 0 }
  }

  /** Something changed on the board. */
  boardChanged(): void {
    for (const death of this.#context.board.deaths) this.candidates.leaveOut(death)
    if (!this.postpones) this.#leaveOutWhatIsDown()
    this.tellNews()
  }

  /** Whether batches are left for the end of the run rather than to wait for their sources. */
  get postpones(): boolean {
    return this.#context.mayPostpone && this.#canDoWithout()
  }

  /** True while every source that may do the batch rests, and there is one. */
  restsFor(seq: number): boolean {
    const places = this.candidates.of(seq)
    return places.length > 0 && places.every((place) => this.#context.board.restOf(place)?.confirmed)
  }

  served(place: SourcePlace): void {
    this.candidates.serves(place.source)
    this.#context.board.served(place)
  }

  failed(seq: number, place: SourcePlace, { errorClass, message, cursor, restingUntilMs }: Failure): void {
    const trouble: Trouble = { source: place.source, errorClass, message }
    const reason = reasonOf(trouble)
    const { next } = SOURCE_ERRORS[errorClass]
    if (cursor > 0) this.candidates.serves(place.source)
    if (next === 'stop') return this.#lose(trouble)
    if (next === 'skip') return this.#leaveOut(trouble)
    if (next === 'wait')
      return this.waits(place, { untilMs: restingUntilMs ?? Date.now() + RATE_LIMIT_MS, reason })
    if (this.candidates.strike(seq, trouble, cursor)) this.#tellLeftOut(trouble)
    if (restingUntilMs !== null) this.rests({ ...place, untilMs: restingUntilMs, reason })
    else if (next === 'rest' && this.candidates.isolates(seq, place.source)) this.#doubt(place, reason)
  }

  /** No worker took a batch that was put on the queue of its source then: none of its batches, unless all of them are busy. */
  notTaken(place: SourcePlace, sinceMs: number): void {
    if (this.#context.board.notTaken(place, sinceMs)) this.#context.lookAfter(place)
  }

  /** Its budget grants the next call only then. */
  waits({ source }: SourcePlace, { untilMs, reason }: { untilMs: number; reason: string }): void {
    this.#waits.set(source, { untilMs, reason })
  }

  rests({ source, site, untilMs, reason }: Resting): void {
    this.#context.board.rest({ source, site, untilMs, reason })
    this.#context.lookAfter({ source, site })
  }

  /** Says who does the dataset when that has changed; true when there was something to say. */
  tellNews(): boolean {
    if (!this.#hasWork()) return false
    const before = this.#news.inUse
    const line = this.#news.update(this.views())
    if (line) this.#context.log.say(line)
    if (before.join() !== this.#news.inUse.join()) this.#context.onUse(this.#news.inUse)
    return line !== null
  }

  tellPostponed(): void {
    const reasons = this.views().flatMap(({ why }) => (why === '' ? [] : [why]))
    const message = `${this.#dataset} is left for the end of the run: ${reasons.join('; ')}`
    this.#context.log.say({ level: 'warn', message })
  }

  /** How each of them stands, best first. */
  views(): SourceView[] {
    const { leftOut } = this.candidates
    return this.#places.map((place) => {
      const { source } = place
      const trouble = leftOut.find((each) => each.source === source)
      const rest = this.#context.board.restOf(place)
      const wait = this.#waits.of(source)
      if (trouble) return { source, kind: 'left out', why: whyLeftOut(trouble) }
      if (rest?.unattended) return { source, kind: 'rests', why: rest.reason }
      if (rest?.confirmed) return { source, kind: 'rests', why: `${source} rests until ${when(rest)}` }
      if (wait?.isLong)
        return { source, kind: 'waits', why: `${source} has no calls left until ${when(wait)}` }
      return { source, kind: 'up', why: '' }
    })
  }

  /** To isolate means to blame symbols for what fails: it has to be known that it is not the place. */
  #doubt(place: SourcePlace, reason: string): void {
    this.#context.board.doubt(place, reason)
    this.#context.lookAfter(place)
  }

  #lose(trouble: Trouble): void {
    const { board, log } = this.#context
    if (board.isLost(trouble.source)) return
    const { hint } = SOURCE_ERRORS[trouble.errorClass]
    const message = `${trouble.source} is left out of this run: ${reasonOf(trouble)}. What to do: ${hint}.`
    log.say({ level: 'error', message })
    board.lose(trouble)
  }

  #leaveOut(trouble: Trouble): void {
    if (this.candidates.leaveOut(trouble)) this.#tellLeftOut(trouble)
  }

  /** A run of one source waits for it, whatever it is that it cannot have. */
  #canDoWithout(): boolean {
    const { mode, sources } = this.#context
    return mode !== 'all' && this.#isDispensable && sources.length > 1
  }

  #leaveOutWhatIsDown(): void {
    const { board, mode } = this.#context
    for (const place of this.candidates.fit) {
      const rest = board.restOf(place)
      if (!rest?.confirmed) continue
      const rests = board.restsInARow(place)
      const isOut =
        mode === 'all'
          ? rests > MOST_RESTS_OF_ALL
          : this.#canDoWithout() && (rests !== 1 || rest.untilMs > Date.now() + HICCUP_MS)
      if (!isOut) continue
      this.#leaveOut({ source: place.source, errorClass: 'SourceDown', message: downFor(rests, rest) })
    }
  }

  /** A source that was in use is missed in the news; any other is named here. */
  #tellLeftOut({ source, ...trouble }: Trouble): void {
    if (this.tellNews()) return
    const message = `${this.#dataset} is done without ${source}: ${reasonOf(trouble)}`
    this.#context.log.say({ level: 'warn', message })
  }
}

function downFor(rests: number, rest: Rest): string {
  if (rest.unattended) return rest.reason
  if (rests === 1) return `rests until ${when(rest)}`
  return `rested ${rests === 2 ? 'once' : `${rests - 1} times in a row`} and is still down: ${rest.reason}`
}

const when = ({ untilMs, reason }: { untilMs: number; reason: string }): string =>
  `${beijingTime(untilMs, Date.now())} (${reason})`

function whyLeftOut({ source, ...trouble }: Trouble): string {
  return SOURCE_ERRORS[trouble.errorClass].next === 'stop'
    ? `${source} is left out of this run`
    : `${source} is left out (${reasonOf(trouble)})`
}

/** Why nobody is left for a dataset, when that is for a person to mend: a source refused the account. */
export const accountTrouble = (candidates: Candidates): Trouble | undefined =>
  candidates.fit.length > 0
    ? undefined
    : candidates.leftOut.find(({ errorClass }) => SOURCE_ERRORS[errorClass].next === 'stop')

/** Names a batch in the Web UI. */
export const batchName = (dataset: string, seq: number, source: SourceName): string =>
  `${dataset} batch ${seq} on ${source}`
