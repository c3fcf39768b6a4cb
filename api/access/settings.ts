import type { Role } from '../../market/roles.ts'
import type { Secret } from '../../market/secret.ts'

/** How the environment says who may call. */
export interface AccessSettings {
  /** Keys of `API_KEYS`; more are stored in the database. */
  keys: readonly { name: string; role: Role; key: Secret }[]
  /** Everybody may do everything while there is no key; only where no other machine reaches the service. */
  openWithoutKeys: boolean
  /** Names besides those of this machine that `Host` may have, in lower case, without port. */
  allowedHosts: readonly string[]
  /** Origins of pages that may call from a browser, like `https://charts.example`. */
  corsOrigins: readonly string[]
  /** Requests that change something, for each key, or each address where no key is needed; 0: no limit. */
  changesPerMinute: number
}
