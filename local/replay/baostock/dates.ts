import type { Calendar } from '../calendar.ts'
import type { Params } from './api.ts'
import {
  BAD_CODE,
  BAD_DATE,
  BAD_END_DATE,
  BAD_START_DATE,
  EMPTY_PARAMETER,
  START_AFTER_END,
} from './refusals.ts'
import type { Refusal } from './refusals.ts'

const CODE = /^(sh|sz|bj)\.[0-9a-z]{6}$/
const DATE = /^\d{4}-\d{2}-\d{2}$/
const DAY_MS = 86_400_000

const isDate = (text: string): boolean =>
  DATE.test(text) && new Date(`${text}T00:00:00Z`).toString() !== 'Invalid Date'

/** `2026-11-20` to `20261120`. */
export const compactDate = (date: string): string => date.replaceAll('-', '')

/** Reads `code`, which may be left empty only where the method says so. */
export const checkCode = ({ code = '' }: Params, mayBeEmpty = false): Refusal | undefined => {
  if (code === '') return mayBeEmpty ? undefined : EMPTY_PARAMETER
  return CODE.test(code) ? undefined : BAD_CODE
}

/** `start` and `end`; an empty one is no bound. */
export const checkRange = ({ start = '', end = '' }: Params): Refusal | undefined => {
  if (start !== '' && !isDate(start)) return BAD_START_DATE
  if (end !== '' && !isDate(end)) return BAD_END_DATE
  return start !== '' && end !== '' && start > end ? START_AFTER_END : undefined
}

/** `date`, which may be left empty only where the method says so. */
export const checkDate = ({ date = '' }: Params, mayBeEmpty = false): Refusal | undefined => {
  if (date === '') return mayBeEmpty ? undefined : BAD_DATE
  return isDate(date) ? undefined : BAD_DATE
}

/** Sessions of `start` to `end`, up to `last`; as indices, both included. */
export const sessionsOf = (
  { start = '', end = '' }: Params,
  calendar: Calendar,
  last: number,
): readonly [from: number, to: number] => [
  start === '' ? 0 : calendar.atOrAfter(compactDate(start)),
  end === '' ? last : Math.min(last, calendar.atOrBefore(compactDate(end))),
]

/** The Monday of a day's week, `YYYY-MM-DD`. */
export const mondayOf = (date: string): string => {
  const ms = Date.parse(`${date}T00:00:00Z`)
  const weekday = (new Date(ms).getUTCDay() + 6) % 7
  return new Date(ms - weekday * DAY_MS).toISOString().slice(0, 10)
}
