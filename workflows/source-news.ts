import { DATASETS, isDataset } from '../market/datasets.ts'
import type { SourceMode } from '../market/run-params.ts'
import type { SourceName } from '../market/sources.ts'

/** How a source of a dataset stands; `why` says in words why it is not up. */
export interface SourceView {
  source: SourceName
  kind: 'up' | 'rests' | 'waits' | 'left out'
  why: string
}

export interface NewsLine {
  level: 'info' | 'warn' | 'error'
  message: string
}

/** Tells, once for each change, which sources do a dataset and why it is not the others. */
export class SourceNews {
  readonly #dataset: string
  readonly #mode: SourceMode
  readonly #absences = new Map<SourceName, SourceView['kind']>()
  #told: readonly SourceName[] | null = null
  #isOver = false

  constructor(dataset: string, mode: SourceMode) {
    this.#dataset = dataset
    this.#mode = mode
  }

  /** Who does it, as told last. */
  get inUse(): readonly SourceName[] {
    return this.#told ?? []
  }

  /**
   * @param views best first
   * @returns null when nothing has changed; at the start: when it is as everybody expects
   */
  update(views: readonly SourceView[]): NewsLine | null {
    const now = this.#active(views.filter(isUp))
    const before = this.#told ?? this.#active(views)
    const line =
      views.length > 0 && views.every(isLeftOut)
        ? this.#end(views)
        : sameSources(before, now)
          ? null
          : this.#line(views, before, now)
    for (const { source, kind } of views) if (kind !== 'up') this.#absences.set(source, kind)
    this.#told = now
    return line
  }

  /** Nobody is left. With `all` that is nothing to the dataset, which the others bring as well. */
  #end(views: readonly SourceView[]): NewsLine | null {
    if (this.#isOver || this.#mode === 'all') return null
    this.#isOver = true
    const level = isDataset(this.#dataset) && 'optional' in DATASETS[this.#dataset] ? 'warn' : 'error'
    return { level, message: `no source is left for ${this.#dataset}: ${reasons(views)}` }
  }

  #active(views: readonly SourceView[]): SourceName[] {
    return (this.#mode === 'parallel' ? views : views.slice(0, 1)).map(({ source }) => source)
  }

  #line(views: readonly SourceView[], before: readonly SourceName[], now: readonly SourceName[]): NewsLine {
    const dataset = this.#dataset
    const absent = views.filter((view) => !isUp(view))
    if (now.length === 0) return { level: 'warn', message: `${dataset} waits: ${reasons(absent)}` }
    if (absent.some(({ source }) => before.includes(source))) {
      const verb = this.#told === null ? 'begins' : 'goes on'
      const missed = this.#mode === 'parallel' ? absent : missedFrom(views, before)
      return { level: 'warn', message: `${dataset} ${verb} with ${list(now)}: ${reasons(missed)}` }
    }
    const back = now.filter((source) => !before.includes(source))
    const event = back.map((source) => returnOf(source, this.#absences.get(source))).join(', ')
    const what =
      before.length === 0
        ? `${dataset} goes on`
        : this.#mode === 'parallel'
          ? `it takes part in ${dataset} again`
          : `${dataset} goes back to it`
    return { level: 'info', message: `${event}: ${what}` }
  }
}

/** Who would do it before the one that does, and who did it until now: a better one may be back when that one fails. */
function missedFrom(views: readonly SourceView[], before: readonly SourceName[]): readonly SourceView[] {
  const inUse = views.findIndex(isUp)
  return views.filter((view, i) => !isUp(view) && (i < inUse || before.includes(view.source)))
}

function returnOf(source: SourceName, absence: SourceView['kind'] | undefined): string {
  return absence === 'waits' ? `${source} has calls left again` : `${source} is up again`
}

const isUp = ({ kind }: SourceView): boolean => kind === 'up'
const isLeftOut = ({ kind }: SourceView): boolean => kind === 'left out'
const reasons = (views: readonly SourceView[]): string => views.map(({ why }) => why).join('; ')
const list = (sources: readonly SourceName[]): string => sources.join(' and ')
const sameSources = (a: readonly SourceName[], b: readonly SourceName[]): boolean =>
  a.length === b.length && a.every((source) => b.includes(source))
