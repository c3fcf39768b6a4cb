import { type Client, responseOf } from '../client/index.ts'
import { listOf } from './command.ts'
import { usageError } from './errors.ts'

/* The tables that can be written to a file, and what each of them can be asked for. */

export const FORMATS = ['csv', 'parquet', 'arrow', 'json'] as const
export type Format = (typeof FORMATS)[number]

/** Options of `export` that narrow a table down. */
export interface TableOptions {
  symbols?: string
  start?: string
  end?: string
  date?: string
  period?: string
  adjust?: string
  anchor?: string
  decimals?: string
  source?: string
  asOf?: string
  statement?: string
  seenBy?: string
  versions?: string
  exchange?: string
  allDays?: boolean
}

type Query = Record<string, string>
type Ask = (client: Client, query: Query, signal: AbortSignal) => Promise<Response>

interface Exported {
  takes: readonly (keyof TableOptions)[]
  ask: Ask
}

// What is wrong about a query the service says.
const RANGE = ['symbols', 'start', 'end', 'date', 'source'] as const

export const EXPORTS = {
  bars: {
    takes: [...RANGE, 'asOf', 'period', 'adjust', 'anchor', 'decimals'],
    ask: (client, query, signal) =>
      responseOf(client.api.bars.$get({ query, header: {} }, { init: { signal } })),
  },
  valuation: {
    takes: [...RANGE, 'asOf'],
    ask: (client, query, signal) =>
      responseOf(client.api.valuation.$get({ query, header: {} }, { init: { signal } })),
  },
  financials: {
    takes: ['symbols', 'start', 'end', 'statement', 'asOf', 'seenBy', 'versions'],
    ask: (client, query, signal) =>
      responseOf(client.api.financials.$get({ query, header: {} }, { init: { signal } })),
  },
  factors: {
    takes: RANGE,
    ask: (client, query, signal) =>
      responseOf(client.api.factors.$get({ query, header: {} }, { init: { signal } })),
  },
  calendar: {
    takes: ['start', 'end', 'exchange', 'allDays'],
    ask: (client, query, signal) =>
      responseOf(client.api.calendar.$get({ query, header: {} }, { init: { signal } })),
  },
  'index-bars': {
    takes: ['symbols', 'start', 'end', 'source'],
    ask: (client, { symbol = '', ...query }, signal) =>
      responseOf(
        client.api.indices[':symbol'].bars.$get(
          { param: { symbol }, query, header: {} },
          { init: { signal } },
        ),
      ),
  },
} as const satisfies Record<string, Exported>

export type ExportName = keyof typeof EXPORTS
export const isExport = (name: string): name is ExportName => Object.hasOwn(EXPORTS, name)

const FIELDS: Readonly<Record<keyof TableOptions, string>> = {
  symbols: 'symbol',
  start: 'from',
  end: 'to',
  date: 'date',
  period: 'period',
  adjust: 'adjust',
  anchor: 'anchor',
  decimals: 'decimals',
  source: 'source',
  asOf: 'as_of',
  statement: 'statement',
  seenBy: 'seen_by',
  versions: 'versions',
  exchange: 'exchange',
  allDays: 'days',
}

/**
 * The query of a table.
 *
 * @throws CliError naming an option that the table does not have
 */
export function queryOf(name: ExportName, options: TableOptions): Query {
  const takes: readonly (keyof TableOptions)[] = EXPORTS[name].takes
  const query: Query = {}
  for (const option of Object.keys(FIELDS) as (keyof TableOptions)[]) {
    const value = options[option]
    if (value === undefined) continue
    if (!takes.includes(option))
      throw usageError(`${name} has no --${option.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`)
    query[FIELDS[option]] = value === true ? 'all' : String(value)
  }
  const symbols = listOf(options.symbols) ?? []
  if (name === 'index-bars' && symbols.length !== 1)
    throw usageError('index-bars needs --symbols with one index, like 000300.SH')
  return query
}
