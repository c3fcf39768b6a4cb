import { fromCompact, isTradeDate, type TradeDate } from '../../market/date.ts'

/*
 * Cells as AKTools writes them: what pandas makes of a column is what arrives, so one kind of value has several forms.
 */

/** A row of an answer, by column name. */
export type Row = Readonly<Record<string, unknown>>

/** A text that says something; null for blanks. */
export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value : null

/** A number; null where the frame had none. */
export const numberOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isFinite(value) ? value : null

const CODE = /^[0-9A-Z]{6}$/

/** Six characters; a code that became a number has lost its zeros and is none. */
export const codeOf = (value: unknown): string | null =>
  typeof value === 'string' && CODE.test(value) ? value : null

// A zone would have moved the day: such a text is not the calendar date that it looks like.
const DATE = /^(\d{4}-\d{2}-\d{2})(?:[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?)?$/

/**
 * A calendar day of Beijing: `2024-01-02T00:00:00.000`, `2024-01-02`, `2024-09-30 00:00:00`, `20240102` or 20240102.
 * Read by its first characters and never as an instant.
 */
export function dateOf(value: unknown): TradeDate | null {
  if (typeof value === 'number') return fromCompact(String(value))
  if (typeof value !== 'string') return null
  const day = DATE.exec(value)?.[1]
  if (day === undefined) return fromCompact(value)
  return isTradeDate(day) ? day : null
}

const GROUPED = /^\d{1,3}(?:,\d{3})*$/

/** A whole number, also as a float (`27766.0`, where one value of the column is missing) or as `19,405,918,198`. */
export function countOf(value: unknown): number | null {
  if (typeof value === 'string' && GROUPED.test(value)) return Number(value.replaceAll(',', ''))
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null
}

const DECIMAL = /^\d+(?:\.\d+)?$/

/** A decimal as a number or as text (`169.1453113717332000`). */
export function decimalOf(value: unknown): number | null {
  if (typeof value === 'string' && DECIMAL.test(value)) return Number(value)
  return numberOf(value)
}
