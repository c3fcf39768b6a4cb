import type { SourceErrorClass } from '../../market/source-errors.ts'
import { redact, SourceError, type SourceErrorDetails } from '../errors.ts'
import { rawOf } from '../raw.ts'

// Enough to see a header and a few rows of an answer.
const SAMPLE_CHARACTERS = 4_000

/** An error of this source. `api` is the function, by which the site behind it is found. */
export function failure(
  api: string,
  errorClass: SourceErrorClass,
  message: string,
  extra: { sample?: unknown; timedOut?: true; limit?: SourceErrorDetails['limit']; cause?: unknown } = {},
): SourceError {
  const details: SourceErrorDetails = {
    source: 'akshare',
    api,
    errorClass,
    upstreamMessage: redact(message, []),
  }
  if (extra.limit) details.limit = extra.limit
  if (extra.timedOut) details.timedOut = true
  if (extra.sample !== undefined) {
    const text = typeof extra.sample === 'string' ? extra.sample : rawOf(extra.sample)
    details.sample = text.slice(0, SAMPLE_CHARACTERS)
  }
  return new SourceError(details, extra.cause === undefined ? undefined : { cause: extra.cause })
}

const EMPTY = 'empty answer: unknown code, block by the site or no data'
const EMPTY_TABLE =
  'AKShare found a table without rows, or without one column that it knows: block by the site or no data; upgrade AKShare if it stays'

/** `[]` and "no data" say nothing: an unknown code, a block by the site and a range without rows all look like it. */
export const emptyAnswer = (api: string): SourceError => failure(api, 'Transient', EMPTY)

/** AKShare picks the columns of some tables before it looks whether there are rows, which fails inside. */
export const emptyTable = (api: string): SourceError => failure(api, 'Transient', EMPTY_TABLE)

/** True for the two above. */
export const isEmptyAnswer = (error: unknown): boolean =>
  error instanceof SourceError && [EMPTY, EMPTY_TABLE].includes(error.details.upstreamMessage)
