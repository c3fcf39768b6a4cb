import type { SourceErrorClass } from '../../market/source-errors.ts'
import type { LimitWindow } from '../errors.ts'

export interface Classified {
  errorClass: SourceErrorClass
  limit?: { window: LimitWindow; calls: number | null }
}

/** The server does not know this connection (any longer). A login may succeed and the next request say this. */
export const NOT_LOGGED_IN = '10001001'
/** "Wrong message format": of a client that got its messages right it is a connection that lost its place. */
const BAD_FORMAT = '10004019'

/** Codes that a new connection with a login of its own may mend; worth one such try. */
export const ASKS_FOR_LOGIN: ReadonlySet<string> = new Set([NOT_LOGGED_IN, BAD_FORMAT])

/** What the key check of this client says for a key that cannot be one. */
export const BAD_API_KEY = '10001012'

// The message of a block says so whatever its code is.
const BANNED_TEXT = '黑名单'

const CLASSES: Readonly<Record<string, SourceErrorClass>> = {
  [NOT_LOGGED_IN]: 'Transient',
  // Wrong user or password, empty user, empty password.
  '10001002': 'AuthFailed',
  '10001008': 'AuthFailed',
  '10001009': 'AuthFailed',
  [BAD_API_KEY]: 'AuthFailed',
  // No information about the user: on the server's side.
  '10001003': 'SourceDown',
  // The client's version has expired: nothing of this source works until the client is renewed, others may go on.
  '10001004': 'SourceDown',
  // Too many logins: sessions that nobody closed have to run out first.
  '10001005': 'SourceDown',
  '10001006': 'PermissionDenied',
  // "Needs activation" is what an exceeded quota is reported as; the quota is a day's.
  '10001007': 'RateLimited',
  '10001010': 'Transient',
  '10001011': 'Banned',
  '10004001': 'Transient',
  '10004002': 'Transient',
  '10004003': 'Transient',
  [BAD_FORMAT]: 'BadRequest',
  // Unknown type of message, which is also what retired interfaces answer. There is no answer whose form could have
  // changed: what was asked for does not exist.
  '10004020': 'BadRequest',
  '10005001': 'Transient',
}

// Network errors; the server never sends them, and system errors, which mend themselves.
const TRANSIENT_KINDS = /^(10002|10005)/

/** The class of a code other than 0. Codes that nobody knows are the request's fault: loud, and no reason to hammer. */
export function classifyCode(code: string, message: string): Classified {
  const errorClass = message.includes(BANNED_TEXT) ? 'Banned' : CLASSES[code]
  if (errorClass === 'RateLimited') return { errorClass, limit: { window: 'day', calls: null } }
  if (errorClass !== undefined) return { errorClass }
  return { errorClass: TRANSIENT_KINDS.test(code) ? 'Transient' : 'BadRequest' }
}

// After these the connection is still what it was.
const KEEPS_CONNECTION: ReadonlySet<SourceErrorClass> = new Set([
  'BadRequest',
  'PermissionDenied',
  'RateLimited',
])

/** Refusals after which nothing more is said on a connection: it is closed at once, without logout. */
export const endsConnection = ({ errorClass }: Classified): boolean => !KEEPS_CONNECTION.has(errorClass)
