import type { Config } from '../config.ts'
import { baostockHost } from '../market/baostock.ts'
import { SOURCE_NAMES, SOURCES, type SourceName } from '../market/sources.ts'

type Settings = Pick<
  Config,
  | 'TUSHARE_TOKEN'
  | 'TUSHARE_PRIORITY'
  | 'TUSHARE_URL'
  | 'AKTOOLS_URL'
  | 'AKSHARE_PRIORITY'
  | 'BAOSTOCK_HOST'
  | 'BAOSTOCK_API_KEY'
  | 'BAOSTOCK_PRIORITY'
>

const WIDTH = Math.max(...SOURCE_NAMES.map((name) => name.length))

/**
 * One line for each source: whether it can be used as the environment sets it, and if not what to do. What is stored in
 * the database is not known here: `GET /api/sources` shows both.
 */
export function sourceNeeds(config: Settings): string[] {
  return SOURCE_NAMES.map((name) => `${name.padEnd(WIDTH)}  ${lineOf(name, config)}`)
}

function lineOf(name: SourceName, config: Settings): string {
  const priorities: Record<SourceName, number | null> = {
    tushare: config.TUSHARE_PRIORITY,
    akshare: config.AKSHARE_PRIORITY,
    baostock: config.BAOSTOCK_PRIORITY,
  }
  if (priorities[name] === null) return `switched off (${name.toUpperCase()}_PRIORITY is empty)`
  return LINES[name](config)
}

const LINES: Readonly<Record<SourceName, (config: Settings) => string>> = {
  tushare: ({ TUSHARE_TOKEN: token, TUSHARE_URL: url }) =>
    token
      ? `ready, ${new URL(url).host}`
      : `no token in the environment: set TUSHARE_TOKEN in .env and start again, or store one with PUT /api/sources/tushare (https://tushare.pro gives one)`,
  akshare: ({ AKTOOLS_URL: url }) =>
    url
      ? `ready, AKTools at ${new URL(url).host}`
      : `no address: pip install aktools && python -m aktools, then set AKTOOLS_URL=http://127.0.0.1:8080 in .env and start again`,
  baostock: ({ BAOSTOCK_HOST: host, BAOSTOCK_API_KEY: apiKey }) =>
    `ready, ${baostockHost({ host, apiKey })}${apiKey ? '' : `; ${SOURCES.baostock.title} needs no account`}`,
}
