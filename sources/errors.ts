import type { SourceErrorClass } from '../market/source-errors.ts'
import type { SourceName } from '../market/sources.ts'

/** The window that a limit counts in. */
export type LimitWindow = 'minute' | 'hour' | 'day'

export interface SourceErrorDetails {
  source: SourceName
  api: string
  errorClass: SourceErrorClass
  /** The upstream's own words, or what happened on the wire; secrets already redacted. */
  upstreamMessage: string
  /** For RateLimited: the limit that the refusal named. */
  limit?: { window: LimitWindow; calls: number | null }
  /** Nothing came within the time limit: asking again at once would cost the limit again. */
  timedOut?: true
  /** For SchemaDrift: a piece of the answer, for the quarantine. */
  sample?: string
}

// They go into tables, which have no place for some of these, and to terminals, which obey others.
const CONTROLS = /[\p{Cc}\p{Cs}]+/gu

/** Every failure of an upstream, translated once at the source's edge. */
export class SourceError extends Error {
  override readonly name = 'SourceError'
  readonly details: SourceErrorDetails

  constructor(given: SourceErrorDetails, options?: { cause?: unknown }) {
    const { sample } = given
    const details = {
      ...given,
      upstreamMessage: given.upstreamMessage.replaceAll(CONTROLS, ' '),
      ...(sample !== undefined && { sample: sample.replaceAll(CONTROLS, ' ') }),
    }
    super(`${details.source} ${details.api}: ${details.errorClass}: ${details.upstreamMessage}`, options)
    this.details = details
  }

  get errorClass(): SourceErrorClass {
    return this.details.errorClass
  }
}

/** Takes every secret out of a text and keeps it short enough for a log line. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text
  for (const secret of secrets) if (secret.length > 0) clean = clean.split(secret).join('[redacted]')
  return clean.length > 500 ? `${clean.slice(0, 500)}…` : clean
}
