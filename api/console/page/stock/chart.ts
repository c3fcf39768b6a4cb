import type { App } from '../app.ts'
import { type Child, h, svg } from '../dom.ts'

/* Closes as a line and volumes as columns below it. A gap in the line is a day without a price, e.g. without a factor. */

interface Bar {
  trade_date: string
  close: number | null
  volume: number
}

// In units of the drawing, which grows and shrinks with the page: of another shape on a telephone, to be read there.
const WIDE = { width: 1_000, dates: 5 }
const NARROW = { width: 440, dates: 3 }
const PRICES = { top: 14, bottom: 250 }
const VOLUMES = { top: 268, bottom: 340 }
const HEIGHT = 364
const RIGHT = 64
const LINES = 4
// More columns than this are thinner than a pixel.
const MOST_COLUMNS = 400

export class Chart {
  readonly #app: App
  readonly #narrow = matchMedia('(max-width: 640px)')
  #at: number | null = null

  constructor(app: App) {
    this.#app = app
  }

  get #shape(): typeof WIDE {
    return this.#narrow.matches ? NARROW : WIDE
  }

  view(bars: readonly Bar[]): Child {
    const { t, format } = this.#app
    const shown = bars[this.#at ?? bars.length - 1] ?? bars.at(-1)
    const said = shown
      ? `${shown.trade_date} · ${t.stocks.close} ${format.number(shown.close, 2)} · ${t.stocks.volume} ${format.short(shown.volume)}`
      : ''
    const drawing = svg(
      'svg',
      {
        viewBox: `0 0 ${this.#shape.width} ${HEIGHT}`,
        role: 'img',
        'aria-label': `${t.stocks.chart}: ${said}`,
      },
      this.#drawing(bars),
    )
    return h(
      'figure',
      {
        class: 'chart',
        on: {
          pointermove: (event) => this.#point(event, bars.length),
          pointerleave: () => this.#show(null),
        },
      },
      h('figcaption', {}, said),
      drawing,
    )
  }

  #point(event: PointerEvent, count: number): void {
    const box = (event.currentTarget as Element).querySelector('svg')?.getBoundingClientRect()
    if (!box || box.width === 0) return
    const { width } = this.#shape
    const x = ((event.clientX - box.left) / box.width) * width
    this.#show(Math.min(count - 1, Math.max(0, Math.floor((x / (width - RIGHT)) * count))))
  }

  #show(at: number | null): void {
    if (at === this.#at) return
    this.#at = at
    this.#app.redraw()
  }

  #drawing(bars: readonly Bar[]): Child {
    const closes = bars.flatMap(({ close }) => (close === null ? [] : [close]))
    const low = Math.min(...closes)
    const high = Math.max(...closes)
    const span = high - low || 1
    const { width, dates } = this.#shape
    const step = (width - RIGHT) / bars.length
    const x = (i: number): number => round((i + 0.5) * step)
    const y = (price: number): number =>
      round(PRICES.bottom - ((price - low) / span) * (PRICES.bottom - PRICES.top))
    return [
      closes.length > 0 && this.#grid(low, span, y),
      columns(bars, step),
      svg('path', { class: 'close', d: lineOf(bars, x, y) }),
      datesOf(bars, x, dates),
      this.#mark(bars, x, y),
    ]
  }

  #grid(low: number, span: number, y: (price: number) => number): Child {
    const right = this.#shape.width - RIGHT
    return Array.from({ length: LINES + 1 }, (_, i) => {
      const price = low + (span * i) / LINES
      return [
        svg('line', { class: 'grid', x1: 0, x2: right, y1: y(price), y2: y(price) }),
        svg('text', { x: right + 8, y: y(price) + 4 }, this.#app.format.number(price, 2)),
      ]
    })
  }

  #mark(bars: readonly Bar[], x: (i: number) => number, y: (price: number) => number): Child {
    const at = this.#at
    const bar = at === null ? undefined : bars[at]
    if (at === null || !bar) return null
    return [
      svg('line', { class: 'mark', x1: x(at), x2: x(at), y1: PRICES.top, y2: VOLUMES.bottom }),
      bar.close !== null && svg('circle', { class: 'mark', cx: x(at), cy: y(bar.close), r: 4 }),
    ]
  }
}

const round = (value: number): number => Math.round(value * 10) / 10

function lineOf(bars: readonly Bar[], x: (i: number) => number, y: (price: number) => number): string {
  let isDown = false
  return bars
    .map(({ close }, i) => {
      const step = close === null ? '' : `${isDown ? 'L' : 'M'}${x(i)} ${y(close)}`
      isDown = close !== null
      return step
    })
    .join('')
}

/** Volumes; several bars share a column where there are too many. */
function columns(bars: readonly Bar[], step: number): Child {
  const each = Math.ceil(bars.length / MOST_COLUMNS)
  const sums: number[] = []
  bars.forEach(({ volume }, i) => (sums[Math.floor(i / each)] = (sums[Math.floor(i / each)] ?? 0) + volume))
  const most = Math.max(...sums, 1)
  const width = step * each
  return sums.map((sum, i) => {
    const height = (sum / most) * (VOLUMES.bottom - VOLUMES.top)
    return svg('rect', {
      class: 'volume',
      x: round(i * width + width * 0.15),
      y: round(VOLUMES.bottom - height),
      width: Math.max(round(width * 0.7), 0.5),
      height: round(height),
    })
  })
}

function datesOf(bars: readonly Bar[], x: (i: number) => number, most: number): Child {
  const count = Math.min(most, bars.length)
  return Array.from({ length: count }, (_, n) => {
    const i = count === 1 ? 0 : Math.round((n * (bars.length - 1)) / (count - 1))
    const anchor = n === 0 ? 'start' : n === count - 1 ? 'end' : 'middle'
    return svg('text', { x: x(i), y: HEIGHT - 6, 'text-anchor': anchor }, bars[i]?.trade_date ?? '')
  })
}
