import { type Exchange, EXCHANGES } from './symbol.ts'

/**
 * The upstreams, in the default order of preference.
 *
 * `batchesAtOnce`: batches of one dataset that a run keeps in flight on the source. `precedence`: whose value stands
 * where several have one (1 is the best); it has nothing to do with who is asked first.
 */
export const SOURCES = {
  tushare: {
    title: 'Tushare Pro',
    description: 'Professional A-share data API of high quality; needs a token',
    needsToken: true,
    exchanges: ['SSE', 'SZSE', 'BSE'],
    batchesAtOnce: 4,
    precedence: 1,
  },
  akshare: {
    title: 'AKShare',
    description: 'Open-source collection of public market sites, through an AKTools server of your own',
    needsToken: false,
    exchanges: ['SSE', 'SZSE', 'BSE'],
    batchesAtOnce: 1,
    precedence: 3,
  },
  baostock: {
    title: 'BaoStock',
    description: 'Free market data platform with long histories; no account, no Beijing stocks',
    needsToken: false,
    exchanges: ['SSE', 'SZSE'],
    batchesAtOnce: 1,
    precedence: 2,
  },
} as const satisfies Record<string, SourceFacts>

interface SourceFacts {
  title: string
  description: string
  needsToken: boolean
  exchanges: readonly Exchange[]
  batchesAtOnce: number
  precedence: number
}

export type SourceName = keyof typeof SOURCES
export const SOURCE_NAMES = Object.keys(SOURCES) as SourceName[]
export const isSourceName = (value: string): value is SourceName => Object.hasOwn(SOURCES, value)

/** The source of rows out of files of the user's own. */
export const IMPORT_SOURCE = 'import'

/** Whose rows there may be: the upstreams, and what was imported. */
export type RowSource = SourceName | typeof IMPORT_SOURCE
export const ROW_SOURCES: RowSource[] = [...SOURCE_NAMES, IMPORT_SOURCE]

/** Exchanges whose instruments a source may have rows of. */
export const exchangesOf = (source: RowSource): readonly Exchange[] =>
  source === IMPORT_SOURCE ? EVERY_EXCHANGE : SOURCES[source].exchanges
const EVERY_EXCHANGE = Object.keys(EXCHANGES) as Exchange[]

// Behind every upstream: nobody knows where a file is from.
const IMPORT_PRECEDENCE = 100

/** 1 is the best. */
export const precedenceOf = (source: RowSource): number =>
  source === IMPORT_SOURCE ? IMPORT_PRECEDENCE : SOURCES[source].precedence
