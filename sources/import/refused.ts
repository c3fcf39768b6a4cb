/** What was given cannot be imported; the message says why and what to do. Nothing was written. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused'
}

/** What went wrong, in words that may be shown. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
