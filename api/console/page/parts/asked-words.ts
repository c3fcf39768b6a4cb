import type { RunParams } from '../../../../market/run-params.ts'
import type { App } from '../app.ts'
import { sourceName, valuesInWords } from './run-words.ts'

const MOST_SYMBOLS = 6

/** What a run or a schedule was asked for; '' for everything there is. */
export function askedInWords(app: App, params: Readonly<Record<string, unknown>>): string {
  const { asked: t, modes, periods: names } = app.t
  // As the API has checked it; what it may hold one day besides comes behind, as it is.
  const {
    symbols,
    start_date: from,
    end_date: to,
    announced_from: since,
    announced_to: until,
    periods,
    preferred_sources: first,
    source_mode: mode,
    want,
    refresh,
    days_back: days,
    recheck,
    recheck_share: share,
    mend,
    failures,
    check_vendor: compare,
    ...rest
  } = params as RunParams
  const number = (value: number): string => app.format.number(value)
  return [
    symbols && t.symbols(number(symbols.length), listed(symbols, MOST_SYMBOLS)),
    span(from, to),
    (since ?? until) && t.announced(span(since, until)),
    days !== undefined && t.days(number(days)),
    periods?.map((period) => names[period]).join(', '),
    first && first.length > 0 && t.first(first.map((name) => sourceName(app, name)).join(', ')),
    mode && modes[mode],
    want && want !== 'any' && t[want],
    refresh && t.refresh,
    recheck !== undefined && recheck > 0 && t.recheck(number(recheck)),
    share && t.share,
    mend && t.mend,
    failures && t.failures(number(failures.length)),
    compare && t.vendor,
    valuesInWords(rest),
  ]
    .filter(Boolean)
    .join(' · ')
}

const span = (from: string | undefined, to: string | undefined): string =>
  from === undefined && to === undefined ? '' : `${from ?? '…'} – ${to ?? '…'}`

const listed = (all: readonly string[], most: number): string =>
  `${all.slice(0, most).join(', ')}${all.length > most ? ' …' : ''}`
