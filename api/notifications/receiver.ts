import type { Config } from '../../config.ts'
import { formatOf } from './formats.ts'
import type { Receiver } from './send.ts'

/** The receiver that the environment names; null when there is none. */
export function receiverOf(
  config: Pick<Config, 'NOTIFY_URL' | 'NOTIFY_FORMAT' | 'NOTIFY_SECRET'>,
): Receiver | null {
  const { NOTIFY_URL: url, NOTIFY_FORMAT: format, NOTIFY_SECRET: secret = null } = config
  if (!url) return null
  return { url, format: format === 'auto' ? formatOf(url.reveal()) : format, secret }
}
