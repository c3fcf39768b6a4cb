import type { Capability } from '../market/capability.ts'
import { EXCHANGES, type Exchange } from '../market/symbol.ts'

export const ALL_EXCHANGES = Object.keys(EXCHANGES) as Exchange[]

/** True for instruments of some exchanges, by the suffix of their symbols. */
export function ofExchanges(exchanges: readonly Exchange[]): (instrument: { symbol: string }) => boolean {
  const suffixes = new Set<string>(exchanges.map((exchange) => EXCHANGES[exchange].suffix))
  return ({ symbol }) => suffixes.has(symbol.slice(-2))
}

/** True for instruments that a source can be asked for by name, whatever the dates. */
export function askableOf({
  exchanges,
  digitsOnly,
}: Pick<Capability, 'exchanges' | 'digitsOnly'>): (instrument: { symbol: string }) => boolean {
  const isOf = ofExchanges(exchanges)
  return digitsOnly ? (instrument) => isOf(instrument) && /^\d{6}\./.test(instrument.symbol) : isOf
}

/** As a region of the whole market names them: absent where it is about all. */
export const exchangesField = (exchanges: readonly Exchange[]): { exchanges?: readonly Exchange[] } =>
  exchanges.length < ALL_EXCHANGES.length ? { exchanges } : {}
