import type { Fault } from '../replay/faults.ts'
import type { ReadyInfo } from '../node-part.ts'

/*
 * The replay process of the demo: how it is started, how worker and API find its three servers, and how its Tushare is
 * taken away in the middle of a run.
 */

export interface MarketOptions {
  /** Folder of a recording; undefined: the sandbox market. */
  data: string | undefined
  stocks: string
  years: string
  /** Calls a minute that Tushare grants for each interface; undefined: no limit. */
  limit: string | undefined
}

// Of smaller markets too little is left when it is time, and all of it would be brought while Tushare is away.
const LEAST_STOCK_YEARS = 500

/** Whether the market is large enough for Tushare to be taken away in the middle of it. */
export const hasRoomForOutage = ({ data, stocks, years }: MarketOptions): boolean =>
  data === undefined && Number(stocks) * Number(years) >= LEAST_STOCK_YEARS

const TOKEN = 'token-of-the-replay-upstream'

/** Arguments of local/replay/main.ts. */
export const upstreamArguments = ({ data, stocks, years, limit }: MarketOptions): string[] => [
  ...['--token', TOKEN],
  ...(data === undefined ? ['--stocks', stocks, '--years', years, '--follow-clock'] : ['--data', data]),
  ...(limit === undefined ? [] : ['--limits', `*=${limit}`]),
]

// A call that hangs is given up after this. Answers of the replay take milliseconds, on a busy machine a few hundred.
const TUSHARE_TIMEOUT_MS = 1_500
// Nobody has to be spared, so no pace is kept, but for BaoStock: it has one connection and is slower in earnest, too. While
// Tushare is away (about 5.5 s) it brings a quarter of the market, two calls for each stock; the rest is there when Tushare
// is back.
const NO_PACE = { CALLS_PER_MINUTE: '0', MIN_INTERVAL_MS: '0' }
const baostockInterval = (stocks: number): number => Math.round(5_500 / (stocks * 2 * 0.25))

/**
 * Environment of worker and API. It names everything that a source is set by, so that what the user has set for the real
 * upstreams, here or in `.env`, is never called.
 */
export function sourceEnvironment(options: MarketOptions, upstream: ReadyInfo): Record<string, string> {
  const { aktools, baostock } = upstream as {
    aktools: { url: string }
    baostock: { host: string; port: number }
  }
  const hasAll = options.data === undefined
  return {
    ...prefixed('TUSHARE', NO_PACE),
    ...prefixed('AKSHARE', NO_PACE),
    ...prefixed('BAOSTOCK', {
      ...NO_PACE,
      MIN_INTERVAL_MS: String(baostockInterval(Number(options.stocks))),
    }),
    TUSHARE_URL: String(upstream.url),
    TUSHARE_TOKEN: TOKEN,
    TUSHARE_TOKEN_FILE: '',
    BAOSTOCK_API_KEY_FILE: '',
    TUSHARE_POINTS: '',
    TUSHARE_PRIORITY: '1',
    TUSHARE_TIMEOUT_MS: String(TUSHARE_TIMEOUT_MS),
    ...(options.limit !== undefined && { TUSHARE_CALLS_PER_MINUTE: options.limit }),
    BAOSTOCK_HOST: baostock.host,
    BAOSTOCK_PORT: String(baostock.port),
    BAOSTOCK_API_KEY: '',
    BAOSTOCK_PRIORITY: hasAll ? '2' : '',
    AKTOOLS_URL: hasAll ? aktools.url : '',
    AKSHARE_PRIORITY: hasAll ? '3' : '',
    // What a demo does is what it shows.
    DEFAULT_SCHEDULES: 'off',
  }
}

const prefixed = (source: string, settings: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(settings).map(([name, value]) => [`${source}_${name}`, value]))

/** Replaces what goes wrong with the replay's Tushare. */
export async function setTushareFaults(upstream: ReadyInfo, faults: readonly Fault[]): Promise<void> {
  const response = await fetch(`${String(upstream.url)}/__replay/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-replay-key': String(upstream.controlKey) },
    body: JSON.stringify({ faults }),
  })
  if (!response.ok)
    throw new Error(`the replay refused the faults with ${response.status}: ${await response.text()}`)
}
