import type { App } from '../app.ts'
import { type Child, h } from '../dom.ts'

interface Line {
  id: number
  at: string | null
  level: string
  message: string
}

/** Lines of a run's log, as they were written. */
export function logLines({ t, language }: App, lines: readonly Line[]): Child {
  if (lines.length === 0) return h('p', { class: 'empty' }, t.runs.noLog)
  const clock = new Intl.DateTimeFormat(language, { timeStyle: 'medium', hour12: false })
  return h(
    'ol',
    { class: 'log' },
    lines.map(({ id, at, level, message }) =>
      h(
        'li',
        { class: level, key: String(id) },
        h('time', { datetime: at ?? '' }, at === null ? '' : clock.format(new Date(at))),
        level === 'warn' || level === 'error' ? h('b', {}, t.levels[level]) : null,
        h('span', {}, message),
      ),
    ),
  )
}
