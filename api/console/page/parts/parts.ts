import type { Action } from '../action.ts'
import type { Role } from '../../../../market/roles.ts'
import { type App, may, type Place } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { DASH } from '../format.ts'
import type { Pages } from '../pages.ts'

/* What all screens are made of. */

export type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'still'

/** A part of a screen under a heading. */
export const card = (title: Child, ...children: Child[]): HTMLElement =>
  h('section', { class: 'card' }, title ? h('h2', {}, title) : null, ...children)

/** A word with a colour; the word says it all without the colour. */
export const badge = (tone: Tone, text: string): HTMLElement =>
  h('span', { class: `badge ${tone}` }, h('span', { class: 'dot', 'aria-hidden': 'true' }), text)

/** A name, a value, what else there is to say about it, and more room than others need. */
export type Fact = readonly [name: string, value: Child, more?: Child, room?: 'wide' | 'full']

export const facts = (...pairs: readonly Fact[]): HTMLElement =>
  h(
    'dl',
    { class: 'facts' },
    pairs.map(([name, value, more, room]) =>
      h(
        'div',
        { class: room },
        h('dt', {}, name),
        h('dd', {}, value === '' || isNothing(value) ? DASH : value, more ? h('small', {}, more) : null),
      ),
    ),
  )

const isNothing = (value: Child): boolean => value === null || value === undefined || value === false

/** Nothing is there yet, and what to do about it. */
export const empty = (text: string, ...more: Child[]): HTMLElement =>
  h('p', { class: 'empty' }, text, ' ', ...more)

export const problem = (text: string | null): Child =>
  text !== null && h('p', { class: 'problem', role: 'alert' }, text)

/** What is shown of something that the API was asked for: it, why it is not there, or that it comes. */
export function shown<T>(
  app: App,
  what: { value: T | undefined; error: string | null },
  view: (value: T) => Child,
): Child {
  if (what.value === undefined)
    return problem(what.error) || h('p', { class: 'loading' }, app.t.common.loading)
  return [problem(what.error), view(what.value)]
}

/** Why somebody does not find here what others do; nothing for who may do what needs that role. */
export const needs = (app: App, role: Role): Child =>
  !may(app, role) && h('p', { class: 'hint' }, app.t.access.needs(app.t.roles[role]))

interface ButtonOptions {
  kind?: 'main' | 'danger' | 'plain'
  disabled?: boolean
  /** What a reader hears where the words on it do not say it all. */
  label?: string
  key?: string
}

export const button = (text: Child, click: () => void, options: ButtonOptions = {}): HTMLElement =>
  h(
    'button',
    {
      type: 'button',
      class: options.kind ?? 'plain',
      disabled: options.disabled ?? false,
      'aria-label': options.label,
      ...(options.key !== undefined && { key: options.key }),
      on: { click },
    },
    text,
  )

/** What came of an action, beside its button. */
export const outcome = (...actions: readonly Pick<Action, 'note' | 'error'>[]): Child =>
  actions.map(({ note, error }) => [
    note !== null && h('p', { class: 'note', role: 'status' }, note),
    problem(error),
  ])

/** A link that looks like one of a few choices. */
export const tabs = (
  label: string,
  choices: readonly { text: string; href: string; isCurrent: boolean }[],
): HTMLElement =>
  h(
    'nav',
    { class: 'tabs', 'aria-label': label },
    choices.map(({ text, href, isCurrent }) => h('a', { href, 'aria-current': isCurrent && 'page' }, text)),
  )

/** A button for the next page of a list. */
export const morePages = <T>({ app }: Place, pages: Pages<T>): Child =>
  pages.hasMore &&
  h(
    'p',
    { class: 'more' },
    button(app.t.common.more, () => void pages.more(), { disabled: pages.isBusy }),
  )
