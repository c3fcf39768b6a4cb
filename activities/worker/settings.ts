import type { Config } from '../../config.ts'
import type { SourceSettings } from '../../sources/index.ts'
import type { ActivitySettings } from '../deps.ts'

/** What sources take from the configuration. */
export function sourceSettings(config: Config): SourceSettings {
  return {
    tushare: {
      priority: config.TUSHARE_PRIORITY,
      token: config.TUSHARE_TOKEN,
      url: config.TUSHARE_URL,
      timeoutMs: config.TUSHARE_TIMEOUT_MS,
      points: config.TUSHARE_POINTS,
      callsPerMinute: config.TUSHARE_CALLS_PER_MINUTE,
      minIntervalMs: config.TUSHARE_MIN_INTERVAL_MS,
    },
  }
}

// 2^n seconds: most hiccups are over after one, and a source that is down should be noticed within ten.
const RETRY_DELAYS = [1_000, 2_000, 4_000] as const

/** What activities take from the configuration. */
export function activitySettings(config: Config): ActivitySettings {
  return {
    historyStart: config.HISTORY_START_DATE,
    batchSize: config.BATCH_SIZE,
    maxFailureRetries: config.MAX_FAILURE_RETRIES,
    retryDelays: RETRY_DELAYS,
    sourcePriority: config.TUSHARE_PRIORITY === null ? {} : { tushare: config.TUSHARE_PRIORITY },
  }
}
