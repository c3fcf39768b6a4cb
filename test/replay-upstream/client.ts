import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ReplayMarket } from '../../local/replay/market.ts'
import { createSandboxMarket } from '../../local/replay/sandbox/market.ts'
import { startTushareReplay } from '../../local/replay/tushare-server.ts'
import type { TushareReplay, TushareReplayOptions } from '../../local/replay/tushare-server.ts'

/** Directory of the recorded data, or undefined where it is absent: tests over it are skipped then. */
export const recordedData = (): string | undefined => {
  const directory =
    process.env.RECORDED_DATA ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))
  return existsSync(`${directory}/trade_cal.csv.gz`) ? directory : undefined
}

export interface Reply {
  readonly request_id: string
  readonly code: number
  readonly msg: string
  readonly data: { fields: string[]; items: unknown[][]; has_more?: boolean; count?: number } | null
}

export const TOKEN = 'a-token'

/** One call as a client makes it. */
export const post = (url: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers })

export const call = async (
  url: string,
  api: string,
  params: Record<string, unknown> = {},
  fields = '',
  token = TOKEN,
): Promise<Reply> => (await (await post(url, { api_name: api, token, params, fields })).json()) as Reply

/** Rows of a successful reply as objects. */
export const rows = (reply: Reply): Record<string, unknown>[] => {
  if (reply.data === null) throw new Error(`no data: ${reply.code} ${reply.msg}`)
  const { fields, items } = reply.data
  return items.map((item) => Object.fromEntries(fields.map((name, i) => [name, item[i]])))
}

/** Runs a test against a server over a small market (60 stocks, 1 year) and closes it again. */
export const withReplay = async (
  options: Partial<TushareReplayOptions>,
  test: (replay: TushareReplay, market: ReplayMarket) => Promise<void>,
): Promise<void> => {
  const market = options.market ?? createSandboxMarket({ stocks: 60, years: 1 })
  const replay = await startTushareReplay({ token: TOKEN, ...options, market })
  try {
    await test(replay, market)
  } finally {
    await replay.close()
  }
}
