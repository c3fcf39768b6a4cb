import type { SourceName } from '../market/sources.ts'
import type { Resting, SourcePlace } from './contract/messages.ts'
import type { Trouble } from './trouble.ts'

/** A place that is not to be asked now. */
export interface Rest extends Resting {
  /** False until a probe or the breaker said so: after a failure the place may be up all the same. */
  confirmed: boolean
  /** It is not the source's fault: no worker takes what is meant for it. Nobody knows until when. */
  unattended?: true
}

/**
 * What the run knows of its sources: which places rest, until when and why, and which sources are no use to it at all.
 * It only remembers; the healers ask. However many batches report a place, it is one rest.
 */
export class SourceBoard {
  readonly #rests = new Map<string, Rest>()
  readonly #inARow = new Map<string, number>()
  /** Sources without a worker, with the place where that was noticed. */
  readonly #unattended = new Map<SourceName, Rest>()
  readonly #heardAt = new Map<SourceName, number>()
  readonly #deaths = new Map<SourceName, Trouble>()
  readonly #onChange: () => void

  /** @param onChange called when a place rests, rests longer, is up again, or a source is lost */
  constructor(onChange: () => void) {
    this.#onChange = onChange
  }

  /** Confirmed rests. */
  get resting(): Rest[] {
    return [...this.#rests.values(), ...this.#unattended.values()].filter(({ confirmed }) => confirmed)
  }

  get deaths(): readonly Trouble[] {
    return [...this.#deaths.values()]
  }

  restOf({ source, site }: SourcePlace): Rest | null {
    const unattended = this.#unattended.get(source)
    return this.#rests.get(keyOf({ source, site })) ?? (unattended ? { ...unattended, site } : null)
  }

  /** Rests of a place since it last served anything, whether one of them ended in between or not. */
  restsInARow(place: SourcePlace): number {
    return this.#inARow.get(keyOf(place)) ?? 0
  }

  /** The place rests, as the breaker that all workers share says. */
  rest(resting: Resting): void {
    const known = this.#rests.get(keyOf(resting))
    if (known?.confirmed && known.untilMs >= resting.untilMs) return
    if (!known?.confirmed) this.#countRest(resting)
    this.#rests.set(keyOf(resting), { ...resting, confirmed: true })
    this.#onChange()
  }

  /** Something failed there that may be the place's fault: nothing starts there until a probe has answered. */
  doubt(place: SourcePlace, reason: string): void {
    if (this.restOf(place)) return
    const { source, site } = place
    this.#rests.set(keyOf(place), { source, site, untilMs: Date.now(), reason, confirmed: false })
    this.#onChange()
  }

  /**
   * A probe found it down.
   *
   * @param wasAsked false when the probe only heard that it is too early, or that another one asks
   */
  stillDown(resting: Resting, wasAsked: boolean): void {
    const known = this.#rests.get(keyOf(resting))
    if (wasAsked || !known?.confirmed) this.#countRest(resting)
    this.#rests.set(keyOf(resting), { ...resting, confirmed: true })
    this.#onChange()
  }

  up(place: SourcePlace): void {
    if (this.#rests.delete(keyOf(place))) this.#onChange()
  }

  /** It did what it was asked for. */
  served(place: SourcePlace): void {
    this.#inARow.delete(keyOf(place))
  }

  /** A worker of the source answered, whatever it said. */
  heard(source: SourceName): void {
    this.#heardAt.set(source, Date.now())
    if (this.#unattended.delete(source)) this.#onChange()
  }

  /**
   * Nobody took a batch off the queue of a source.
   *
   * @param sinceMs when it was put there
   * @returns false when workers answered meanwhile: then they are busy
   */
  notTaken({ source, site }: SourcePlace, sinceMs: number): boolean {
    if ((this.#heardAt.get(source) ?? 0) >= sinceMs) return false
    if (this.#unattended.has(source)) return true
    const reason = `no worker polls the queue of ${source}`
    this.#unattended.set(source, {
      source,
      site,
      untilMs: Date.now(),
      reason,
      confirmed: true,
      unattended: true,
    })
    this.#onChange()
    return true
  }

  isLost(source: SourceName): boolean {
    return this.#deaths.has(source)
  }

  /** The source is no use to this run any more. */
  lose(trouble: Trouble): void {
    if (this.isLost(trouble.source)) return
    this.#deaths.set(trouble.source, trouble)
    this.#onChange()
  }

  #countRest(place: SourcePlace): void {
    this.#inARow.set(keyOf(place), this.restsInARow(place) + 1)
  }
}

export const keyOf = ({ source, site }: SourcePlace): string => `${source} ${site}`
