import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto'
import type { Secret } from '../market/secret.ts'

/*
 * Texts that only who has APP_SECRET can read: AES-256-GCM under a key derived from it. The form is
 * `v1.<nonce>.<cipher text and tag>`, both base64url.
 */

/** A key that no log can show. */
export type SealKey = KeyObject

/** A sealed text could not be opened; the message says what to do and holds nothing of key or text. */
export class UnsealError extends Error {
  override readonly name = 'UnsealError'
}

const VERSION = 'v1'
const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
// Fixed: it keeps this key apart from others that may be derived from the same secret. The secret itself must be random.
const SALT = 'ashare-sync/sealed/v1'

export function sealKey(secret: Secret): SealKey {
  return createSecretKey(Buffer.from(hkdfSync('sha256', secret.reveal(), SALT, 'token', KEY_BYTES)))
}

/** @param context what the text belongs to, e.g. a source: a sealed text that was moved elsewhere does not open. */
export function seal(key: SealKey, text: string, context: string): string {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(Buffer.from(`${VERSION} ${context}`))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return [VERSION, nonce.toString('base64url'), sealed.toString('base64url')].join('.')
}

/** @throws UnsealError when the key is another one, the text was changed, or a newer version sealed it */
export function unseal(key: SealKey, sealed: string, context: string): string {
  const [version, nonce, body] = sealed.split('.')
  if (version !== VERSION)
    throw new UnsealError('the stored token has a form that this version does not know: store it again')
  try {
    const bytes = Buffer.from(body ?? '', 'base64url')
    const decipher = createDecipheriv(CIPHER, key, Buffer.from(nonce ?? '', 'base64url'), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(`${VERSION} ${context}`))
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES))
    return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8')
  } catch {
    throw new UnsealError(
      'APP_SECRET is not the one that this token was stored with: set the old one, or store the token again',
    )
  }
}
