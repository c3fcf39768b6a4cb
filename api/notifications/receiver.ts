import type { Config } from '../../config.ts'
import { Secret } from '../../market/secret.ts'
import { formatOf } from './formats.ts'
import type { Receiver } from './send.ts'

// Shorter parts, like `services`, are words.
const SECRET_LENGTH = 16

/** An address and the parts of it that a receiver may repeat in its answer. */
export function secretsOf(address: Secret | undefined): Secret[] {
  if (!address) return []
  const { pathname, search, searchParams } = new URL(address.reveal())
  const parts = [address.reveal(), pathname + search, ...pathname.split('/'), ...searchParams.values()]
  return parts.filter((part) => part.length >= SECRET_LENGTH).map((part) => new Secret(part))
}

/** The receiver that the environment names; null when there is none. */
export function receiverOf(
  config: Pick<Config, 'NOTIFY_URL' | 'NOTIFY_FORMAT' | 'NOTIFY_SECRET'>,
): Receiver | null {
  const { NOTIFY_URL: url, NOTIFY_FORMAT: format, NOTIFY_SECRET: secret = null } = config
  if (!url) return null
  return { url, format: format === 'auto' ? formatOf(url.reveal()) : format, secret }
}
