import type { Config } from '../config.ts'
import { SOURCES } from '../market/sources.ts'

/** One line for each source: whether it can be used, and if not what to set. */
export function sourceNeeds(
  config: Pick<Config, 'TUSHARE_TOKEN' | 'TUSHARE_PRIORITY' | 'TUSHARE_URL'>,
): string[] {
  return [`tushare    ${tushareLine(config)}`]
}

function tushareLine(config: Pick<Config, 'TUSHARE_TOKEN' | 'TUSHARE_PRIORITY' | 'TUSHARE_URL'>): string {
  if (config.TUSHARE_PRIORITY === null) return 'switched off (TUSHARE_PRIORITY is empty)'
  if (!config.TUSHARE_TOKEN) {
    return `${SOURCES.tushare.title} has no token: set TUSHARE_TOKEN in .env or in the environment (https://tushare.pro gives one), then start again`
  }
  return `ready, ${new URL(config.TUSHARE_URL).host}`
}
