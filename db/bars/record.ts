import type { StoredBar } from './rows.ts'

/*
 * Bars come as one text each, as PostgreSQL writes a row: the driver makes a buffer and a string of every value, which
 * takes three times as long as cutting the text here.
 */

/** `(17,2024-01-02,10.5,…)` → a bar; nothing between two commas is null. */
export function parseBar(record: string): StoredBar {
  const inner = record.slice(1, -1)
  const cells = inner.includes('"') ? quotedCells(inner) : inner.split(',')
  const [id, date = '', open = '', high = '', low = '', close = '', preClose, change, pctChg] = cells
  const [, , , , , , , , , volume, amount = '', isSt, source = '', disputed, periodStart, isFinal] = cells
  const bar: StoredBar = [
    Number(id),
    date,
    open,
    high,
    low,
    close,
    preClose || null,
    change || null,
    pctChg || null,
    Number(volume),
    amount,
    flagOf(isSt),
    source,
    disputed === 't',
  ]
  // Weeks and months have the day that they begin on, and whether they are final.
  if (isFinal !== undefined) bar.push(periodStart || null, isFinal === 't')
  return bar
}

function flagOf(text: string | undefined): boolean | null {
  return text ? text === 't' : null
}

/** What has commas, spaces or the like in it stands in quotes; quotes and backslashes are doubled inside. */
const quotedCells = (inner: string): string[] =>
  [...inner.matchAll(/(?:"((?:[^"]|"")*)"|([^,]*))(?:,|$)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replace(/(["\\])\1/g, '$1'),
  )
