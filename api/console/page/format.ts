import { type Child, h } from './dom.ts'

/** How numbers and times are written in a language. A dash stands for what is not known. */
export interface Format {
  number: (value: number | null | undefined, digits?: number) => string
  /** 0.42 → 42 % */
  share: (value: number | null | undefined, digits?: number) => string
  /** 12,345,678 → 12.3M */
  short: (value: number | null | undefined) => string
  duration: (seconds: number | null | undefined) => string
  /** An instant, in the zone of whoever reads it; that of Shanghai is told on top. */
  time: (instant: string | null | undefined) => Child
  /** How long ago or ahead, e.g. in 5 minutes. */
  distance: (instant: string | null | undefined) => string
}

export const DASH = '–'

const STEPS = [
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
  ['second', 1],
] as const

const isNothing = (value: unknown): value is null | undefined => value === null || value === undefined

export function formatFor(locale: string): Format {
  const short = new Intl.NumberFormat(locale, { notation: 'compact', maximumFractionDigits: 1 })
  const dayTime = { month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit' } as const
  const local = new Intl.DateTimeFormat(locale, { ...dayTime, hour12: false })
  const withYear = new Intl.DateTimeFormat(locale, { ...dayTime, year: 'numeric', hour12: false })
  const shanghai = new Intl.DateTimeFormat(locale, {
    dateStyle: 'medium',
    timeStyle: 'medium',
    timeZone: 'Asia/Shanghai',
    hour12: false,
  })
  const relative = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' })
  const unit = (value: number, name: string): string =>
    new Intl.NumberFormat(locale, { style: 'unit', unit: name, unitDisplay: 'narrow' }).format(value)
  const number: Format['number'] = (value, digits = 0) =>
    isNothing(value)
      ? DASH
      : value.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return {
    number,
    share: (value, digits = 0) => (isNothing(value) ? DASH : `${number(value * 100, digits)} %`),
    short: (value) => (isNothing(value) ? DASH : short.format(value)),
    duration: (seconds) => {
      if (isNothing(seconds)) return DASH
      const whole = Math.max(0, Math.round(seconds))
      const parts = STEPS.map(([name, size], i) => {
        const rest = i === 0 ? whole : whole % (STEPS[i - 1]?.[1] ?? Infinity)
        return [Math.floor(rest / size), name] as const
      })
      const first = parts.findIndex(([value]) => value > 0)
      if (first < 0) return unit(0, 'second')
      const shown = parts.slice(first, first + 2).filter(([value]) => value > 0)
      return shown.map(([value, name]) => unit(value, name)).join(' ')
    },
    time: (instant) => {
      if (isNothing(instant)) return DASH
      const at = new Date(instant)
      const text = (at.getFullYear() === new Date().getFullYear() ? local : withYear).format(at)
      return h('time', { datetime: instant, title: `${shanghai.format(at)} (Asia/Shanghai)` }, text)
    },
    distance: (instant) => {
      if (isNothing(instant)) return DASH
      const seconds = (Date.parse(instant) - Date.now()) / 1_000
      const [name, size] = STEPS.find(([, step]) => Math.abs(seconds) >= step) ?? ['second', 1]
      return relative.format(Math.round(seconds / size), name)
    },
  }
}
