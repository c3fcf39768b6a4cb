import { type Config, runSettings } from '../../config.ts'
import type { ActivitySettings } from '../deps.ts'

// 2^n seconds: most hiccups are over after one, and a source that is down should be noticed within ten.
const RETRY_DELAYS = [1_000, 2_000, 4_000] as const

/** What activities take from the configuration. */
export function activitySettings(config: Config): ActivitySettings {
  return {
    ...runSettings(config),
    lock: config.SYNC_LOCK,
    maxFailureRetries: config.MAX_FAILURE_RETRIES,
    retryDelays: RETRY_DELAYS,
  }
}
