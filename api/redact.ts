import type { Secret } from '../market/secret.ts'

const CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi

/** Makes a function that takes known secrets, and user names and passwords in addresses, out of a text. */
export function createRedact(secrets: readonly (Secret | undefined)[]): (text: string) => string {
  const known = secrets
    .flatMap((secret) => (secret ? [secret.reveal()] : []))
    .filter((text) => text.length > 0)
  return (text) =>
    known
      .reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text)
      .replace(CREDENTIALS, '$1[redacted]@')
}
