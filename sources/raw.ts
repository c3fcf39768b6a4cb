// What the quarantine keeps of a row.
const MOST_CHARACTERS = 4_000

/** What an upstream sent, as text for a person. It may be nested deeper than JSON can be written again. */
export function rawOf(value: unknown): string {
  try {
    return JSON.stringify(value).slice(0, MOST_CHARACTERS)
  } catch {
    return 'nested too deep to be shown'
  }
}
