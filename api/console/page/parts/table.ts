import { type Child, h } from '../dom.ts'

export interface Column<T> {
  title: string
  view: (row: T) => Child
  /** Numbers stand below each other by their digits. */
  isNumber?: boolean
  /** Buttons and links, whose title only readers need. */
  isDeeds?: boolean
  /** Long text may break. */
  isText?: boolean
}

/** A table that scrolls by itself where it is wider than the screen. */
export function table<T>(
  label: string,
  columns: readonly Column<T>[],
  rows: readonly T[],
  key?: (row: T) => string,
): HTMLElement {
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 },
    h(
      'table',
      { class: columns.some(({ isText, isDeeds }) => isText || isDeeds) && 'stack' },
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column) =>
            h(
              'th',
              { scope: 'col', class: classOf(column) },
              column.isDeeds ? h('span', { class: 'heard' }, column.title) : column.title,
            ),
          ),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            key ? { key: key(row) } : {},
            columns.map((column) => cell(column, row)),
          ),
        ),
      ),
    ),
  )
}

const classOf = <T>({ isNumber, isText }: Column<T>): string | null =>
  isNumber ? 'number' : isText ? 'text' : null

function cell<T>(column: Column<T>, row: T): HTMLElement {
  const value = h('div', { class: 'value' }, column.view(row))
  return h(
    'td',
    { class: classOf(column), 'data-title': column.isDeeds ? null : column.title },
    (value.textContent !== '' || value.childElementCount > 0) && value,
  )
}
