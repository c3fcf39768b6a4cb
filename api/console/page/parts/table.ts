import { type Child, h } from '../dom.ts'

export interface Column<T> {
  title: string
  view: (row: T) => Child
  /** Numbers stand below each other by their digits. */
  isNumber?: boolean
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
  const classOf = ({ isNumber, isText }: Column<T>): string | null =>
    isNumber ? 'number' : isText ? 'text' : null
  return h(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: 0 },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          columns.map((column) => h('th', { scope: 'col', class: classOf(column) }, column.title)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            key ? { key: key(row) } : {},
            columns.map((column) => h('td', { class: classOf(column) }, column.view(row))),
          ),
        ),
      ),
    ),
  )
}
