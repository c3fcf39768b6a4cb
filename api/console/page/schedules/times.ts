/** When a schedule starts, as a form asks for it. Times are `HH:MM`. */
export type Times =
  | { way: 'daily'; time: string }
  | { way: 'week'; time: string; days: string }
  | { way: 'month'; time: string; day: string }
  | { way: 'interval'; minutes: string }
  | { way: 'cron'; cron: string }

export const WAYS = ['daily', 'week', 'month', 'interval', 'cron'] as const satisfies Times['way'][]

const AT = /^at (\d\d:\d\d) (?:(every day)|on day (\d+) of the month|on ([a-z,-]+))$/
const EVERY = /^every (?:(\d+) )?(minute|hour)s?$/

/** The times behind the words of the API; null for what was set in some other way. */
export function timesIn(trigger: string): Times | null {
  const at = AT.exec(trigger)
  if (at) {
    const [, time = '', daily, day, days] = at
    if (daily !== undefined) return { way: 'daily', time }
    if (day !== undefined) return { way: 'month', time, day }
    return { way: 'week', time, days: days ?? '' }
  }
  const every = EVERY.exec(trigger)
  if (every) {
    const [, count = '1', unit] = every
    return { way: 'interval', minutes: String(Number(count) * (unit === 'hour' ? 60 : 1)) }
  }
  return trigger.startsWith('cron ') ? { way: 'cron', cron: trigger.slice('cron '.length) } : null
}
