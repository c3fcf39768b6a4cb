import { answerOf, type Client } from '../../../client/index.ts'
import { SignIn } from './access/sign-in.ts'
import { openClient } from './api.ts'
import type { App, OpenScreen, Session } from './app.ts'
import { openData } from './data/data.ts'
import { type Child, h } from './dom.ts'
import { type Format, formatFor } from './format.ts'
import { frame, type Screen, SCREENS } from './frame.ts'
import { morph } from './morph.ts'
import { openNow } from './now/now.ts'
import { openRun } from './runs/run.ts'
import { openRuns } from './runs/runs.ts'
import { openSchedules } from './schedules/schedules.ts'
import { openSources } from './sources/sources.ts'
import { openStock } from './stock/stock.ts'
import { openStocks } from './stock/stocks.ts'
import { firstLanguage, keepLanguage, type Language, localeOf, type Words, WORDS } from './words/words.ts'

const OPEN: Record<Screen, OpenScreen> = {
  now: openNow,
  runs: (place) => (place.parts.length > 0 ? openRun(place) : openRuns(place)),
  data: openData,
  stocks: (place) => (place.parts.length > 0 ? openStock(place) : openStocks(place)),
  schedules: openSchedules,
  sources: openSources,
}

const LOOK_MS = 2_000

/** The whole page: who looks at it, what is open, and whether anybody answers. */
export class Console implements App {
  readonly client: Client
  language: Language = firstLanguage()
  t: Words = WORDS[this.language]
  format: Format = formatFor(localeOf(this.language))
  session: Session | null = null
  workflowsUrl: string | null = null
  isReachable = true
  readonly #root: HTMLElement
  readonly #signIn: SignIn
  readonly #backs = new Set<() => void>()
  #open: { screen: Screen; view: () => Child; leave: AbortController } | null = null
  #willDraw = false
  readonly #whenDrawn: (() => void)[] = []

  constructor(root: HTMLElement) {
    this.#root = root
    this.client = openClient({
      reachable: (is) => this.#reachable(is),
      refused: () => this.#take(null),
    })
    this.#signIn = new SignIn(this, (session) => void this.#enter(session))
  }

  /** Shows the page and keeps it up to date from then on. */
  start(): void {
    addEventListener('hashchange', (event) => this.#move(event))
    this.redraw()
    void this.#meet()
  }

  redraw(then?: () => void): void {
    if (then) this.#whenDrawn.push(then)
    if (this.#willDraw) return
    this.#willDraw = true
    // No microtask: all lines of a log that come together are drawn once.
    setTimeout(() => {
      this.#willDraw = false
      this.#draw()
      for (const each of this.#whenDrawn.splice(0)) each()
    })
  }

  onBack(again: () => void, signal: AbortSignal): void {
    this.#backs.add(again)
    signal.addEventListener('abort', () => this.#backs.delete(again))
  }

  /** Who looks at the page; asked again until somebody answers. */
  async #meet(): Promise<void> {
    try {
      await this.#enter(await answerOf(this.client.api.session.$get()))
    } catch {
      setTimeout(() => void this.#meet(), LOOK_MS)
    }
  }

  async #enter(session: Session): Promise<void> {
    this.#take(session)
    if (session.role === null) return
    const { workflows_url } = await answerOf(this.client.api.service.$get())
    this.workflowsUrl = workflows_url
    this.redraw()
  }

  /** @param session null: nobody, since the one before is over */
  #take(session: Session | null): void {
    const isIn = session?.role != null
    this.session = session ?? (this.session && { ...this.session, name: null, role: null, by: null })
    if (isIn && this.#open === null) this.#go()
    if (!isIn) this.#close()
    this.redraw()
  }

  async #leave(): Promise<void> {
    await answerOf(this.client.api.session.$delete())
    this.#take(null)
  }

  #close(): void {
    this.#open?.leave.abort()
    this.#open = null
  }

  /** Another screen begins at its top, and whoever uses the keyboard goes on there. */
  #move({ oldURL, newURL }: HashChangeEvent): void {
    const [before, after] = [oldURL, newURL].map((url) => url.split('?')[0])
    const main = document.getElementById('main')
    const wasInside = main?.contains(document.activeElement) ?? false
    this.#go()
    if (before === after) return
    this.redraw(() => {
      scrollTo(0, 0)
      if (wasInside) main?.focus({ preventScroll: true })
    })
  }

  /** Opens what the address names. */
  #go(): void {
    this.#close()
    if (this.session?.role == null) return
    const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?')
    const [name = '', ...parts] = path.split('/').map(decode)
    const screen = SCREENS.find((each) => each === name) ?? 'now'
    const leave = new AbortController()
    const place = {
      app: this,
      parts: parts.filter((part) => part !== ''),
      query: new URLSearchParams(query),
      signal: leave.signal,
    }
    this.#open = { screen, leave, view: OPEN[screen](place) }
    this.redraw()
  }

  #speak(language: Language): void {
    keepLanguage(language)
    this.language = language
    this.t = WORDS[language]
    this.format = formatFor(localeOf(language))
    this.redraw()
  }

  #reachable(is: boolean): void {
    if (is === this.isReachable) return
    this.isReachable = is
    this.redraw()
    if (is) for (const again of [...this.#backs]) again()
    else setTimeout(() => void this.#look(), LOOK_MS)
  }

  /** Asks whether the service lives, until it does. */
  async #look(): Promise<void> {
    await this.client.healthz.$get().catch(() => undefined)
    if (!this.isReachable) setTimeout(() => void this.#look(), LOOK_MS)
  }

  #draw(): void {
    document.documentElement.lang = this.language
    const screen = this.#open?.screen ?? null
    document.title = `${screen === null ? '' : `${this.t.nav[screen]} · `}ashare-sync`
    morph(
      this.#root,
      frame(this, {
        screen,
        content: this.#content(),
        speak: (language) => this.#speak(language),
        signOut: () => void this.#leave(),
      }),
    )
  }

  #content(): Child {
    if (this.#open !== null)
      return h('div', { class: 'screen', key: location.hash.split('?')[0] ?? '' }, this.#open.view())
    if (this.session === null) return h('p', { class: 'loading' }, this.t.common.loading)
    return this.#signIn.view()
  }
}

const decode = (part: string): string => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
