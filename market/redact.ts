import type { Secret } from './secret.ts'

const CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@]*@/gi

/** Takes secrets out of texts that leave the process. */
export interface Redactor {
  /** Replaces known secrets, and user names and passwords in addresses. */
  redact: (text: string) => string
  /** One more. None is ever forgotten: an answer to a token that was replaced may still be on its way. */
  learn: (secret: Secret) => void
}

export function createRedactor(secrets: readonly (Secret | undefined)[]): Redactor {
  const known = new Set<string>()
  const learn = (secret: Secret): void => {
    const text = secret.reveal()
    if (text.length > 0) known.add(text)
  }
  for (const secret of secrets) if (secret) learn(secret)
  return {
    redact: (text) =>
      // The longest first: one may be the beginning of another.
      [...known]
        .sort((a, b) => b.length - a.length)
        .reduce((clean, secret) => clean.replaceAll(secret, '[redacted]'), text)
        .replace(CREDENTIALS, '$1[redacted]@'),
    learn,
  }
}

/** The same value with every text in it, names of fields too, redacted; it stays what JSON can hold. */
export function redactValue<T>(value: T, redact: (text: string) => string): T
export function redactValue(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((each: unknown) => redactValue(each, redact))
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [redact(name), redactValue<unknown>(each, redact)]),
  )
}
