import type { Instrument, ListStatus } from '../market.ts'
import type { Csv } from './csv.ts'
import { readCsv } from './csv.ts'

const EXCHANGES = { SH: 'SSE', SZ: 'SZSE', BJ: 'BSE' } as const

type Fields = Readonly<Record<string, string | undefined>>

const byCode = (csv: Csv, names: readonly string[]): Map<string, Fields> => {
  const places = names.map((name) => [name, csv.column(name)] as const)
  const rows = csv.rows.map((row) => Object.fromEntries(places.map(([name, at]) => [name, row[at]])))
  return new Map(rows.map((row) => [row.ts_code ?? '', row]))
}

const orNull = (...texts: (string | undefined)[]): string | null =>
  texts.find((text) => text !== undefined && text !== '') ?? null

const toInstrument = (
  id: number,
  code: string,
  now: Fields | undefined,
  old: Fields | undefined,
): Instrument => {
  const suffix = code.slice(-2)
  const status: ListStatus | null = now !== undefined ? 'L' : old !== undefined ? 'D' : null
  return {
    id,
    code,
    status,
    name: orNull(now?.name, old?.name) ?? code,
    listDate: orNull(now?.list_date, old?.list_date),
    // Delisted since 2020-01-16, but nobody recorded when.
    delistDate: null,
    market: orNull(now?.market, old?.market),
    exchange: suffix === 'SH' || suffix === 'BJ' ? EXCHANGES[suffix] : EXCHANGES.SZ,
    area: orNull(now?.area, old?.area),
    industry: orNull(now?.industry, old?.industry),
    fullname: orNull(old?.fullname),
    enname: orNull(old?.enname),
    cnspell: orNull(now?.cnspell),
    currency: orNull(old?.curr_type),
    isHs: orNull(old?.is_hs),
    actName: null,
    actEntType: orNull(now?.act_ent_type),
  }
}

/**
 * The instruments of a recording, sorted by code: the list of June 2026 (listed), what only the list of 2020-01-16
 * has (delisted since), and codes that occur in rows but in no list (Beijing's old codes; their status is null).
 */
export const readInstruments = (directory: string, codesWithRows: Iterable<string>): Instrument[] => {
  const now = byCode(readCsv(directory, 'stock_basic'), [
    'ts_code',
    'name',
    'area',
    'industry',
    'cnspell',
    'market',
    'list_date',
    'act_ent_type',
  ])
  const old = byCode(readCsv(directory, 'stock_basic_20200116'), [
    'ts_code',
    'name',
    'area',
    'industry',
    'fullname',
    'enname',
    'market',
    'curr_type',
    'list_date',
    'is_hs',
  ])
  const codes = [...new Set([...now.keys(), ...old.keys(), ...codesWithRows])].sort()
  return codes.map((code, id) => toInstrument(id, code, now.get(code), old.get(code)))
}
