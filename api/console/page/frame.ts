import type { App } from './app.ts'
import { linkTo } from './app.ts'
import { type Child, h } from './dom.ts'
import { button } from './parts/parts.ts'
import { LANGUAGES, type Language } from './words/words.ts'

/** Screens, in the order of the menu. */
export const SCREENS = ['now', 'runs', 'data', 'stocks', 'schedules', 'sources'] as const
export type Screen = (typeof SCREENS)[number]

interface FrameParts {
  screen: Screen | null
  content: Child
  speak: (language: Language) => void
  signOut: () => void
}

/** What stands around every screen. */
export function frame(app: App, { screen, content, speak, signOut }: FrameParts): HTMLElement {
  const { t, session } = app
  return h(
    'div',
    { id: 'app' },
    h('a', { class: 'skip', href: '#main', on: { click: (event) => skip(event) } }, t.common.skip),
    h(
      'header',
      { class: 'top' },
      h(
        'a',
        { class: 'brand', href: linkTo('now') },
        h('img', { src: '/console/icon.svg', alt: '', width: 24, height: 24 }),
        'ashare-sync',
      ),
      screen !== null &&
        h(
          'nav',
          { class: 'menu', 'aria-label': t.nav.menu },
          SCREENS.map((name) =>
            h('a', { href: linkTo(name), 'aria-current': name === screen && 'page' }, t.nav[name]),
          ),
        ),
      h(
        'div',
        { class: 'side' },
        session?.by === 'session' && [
          h(
            'span',
            { class: 'who' },
            `${session.name ?? ''} · ${session.role === null ? '' : t.roles[session.role]}`,
          ),
          button(t.access.leave, signOut),
        ],
        h(
          'label',
          {},
          h('span', { class: 'heard' }, t.common.language),
          h(
            'select',
            {
              class: 'language',
              on: { change: (event) => speak((event.target as HTMLSelectElement).value as Language) },
            },
            Object.entries(LANGUAGES).map(([code, name]) =>
              h('option', { value: code, selected: code === app.language, lang: code }, name),
            ),
          ),
        ),
      ),
    ),
    h('div', { role: 'status' }, !app.isReachable && h('p', { class: 'away' }, t.common.away)),
    h('main', { id: 'main', tabindex: -1 }, content),
    h('footer', {}, h('a', { href: '/docs' }, t.common.api), h('span', {}, t.common.zone)),
  )
}

/** The address is for screens: the jump must not change it. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}
