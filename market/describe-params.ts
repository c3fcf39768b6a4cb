import type { RunParams } from './run-params.ts'

const MODES = { failover: null, parallel: 'all sources at once', all: 'every source everything' } as const
const WANTED = {
  any: null,
  upgrade: 'what only lesser sources have as well',
  each: 'what the source at hand has not brought itself',
} as const

/** Parameters in a few words: `3 symbols, 2025-01-01 to 2025-12-31`. What is as always is left out. */
export function describeParams(params: RunParams): string {
  const { symbols, start_date: from, end_date: to, preferred_sources: sources, refresh } = params
  const { source_mode: mode = 'failover', want = 'any' } = params
  const [only] = symbols ?? []
  const parts = [
    symbols === undefined ? 'all symbols' : symbols.length === 1 ? only : `${symbols.length} symbols`,
    from !== undefined && to !== undefined
      ? `${from} to ${to}`
      : from
        ? `from ${from}`
        : to
          ? `to ${to}`
          : null,
    sources && sources.length > 0 ? `${sources.join(', ')} first` : null,
    MODES[mode],
    WANTED[want],
    refresh ? 'covered cells again' : null,
  ]
  return parts.filter(Boolean).join(', ')
}
