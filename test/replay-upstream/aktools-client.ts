import { startAktoolsReplay } from '../../local/replay/aktools-server.ts'
import type { AktoolsReplay, AktoolsReplayOptions } from '../../local/replay/aktools-server.ts'
import type { ReplayMarket } from '../../local/replay/market.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'

export type Row = Readonly<Record<string, string | number | null>>
export type Params = Readonly<Record<string, string>>

export const callUrl = (url: string, name: string, params: Params = {}): string =>
  `${url}/api/public/${name}?${new URLSearchParams(params).toString()}`

/** Rows of a call that must succeed. */
export const rowsOf = async (url: string, name: string, params: Params = {}): Promise<Row[]> => {
  const response = await fetch(callUrl(url, name, params))
  if (response.status !== 200) throw new Error(`${name}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Row[]
}

export const statusOf = async (url: string, name: string, params: Params = {}): Promise<number> =>
  (await fetch(callUrl(url, name, params))).status

/** Runs a test against a server over a sandbox market (80 stocks, 1 year) and closes it again. */
export const withAktools = async (
  options: Partial<AktoolsReplayOptions>,
  test: (replay: AktoolsReplay, market: ReplayMarket) => Promise<void>,
): Promise<void> => {
  const market = options.market ?? createSandboxMarket({ stocks: 80, years: 1 })
  const replay = await startAktoolsReplay({ ...options, market })
  try {
    await test(replay, market)
  } finally {
    await replay.close()
  }
}

/** The calendar date of a served one. */
export const day = (date: unknown): string => String(date).slice(0, 10)

/** `sh600000` for `600000.SH`. */
export const prefixed = (symbol: string): string => symbol.slice(7).toLowerCase() + symbol.slice(0, 6)

/** Listed today, as the truth has it. */
export const listed = (market: ReplayMarket) =>
  [...market.truthStocks()].filter(({ status }) => status !== 'D')
