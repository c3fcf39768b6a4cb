import type { SeqRanges } from './contract/messages.ts'

/** `[[1, 3], [7, 7]]` → 1, 2, 3, 7. */
export function expandRanges(ranges: SeqRanges): number[] {
  return ranges.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, i) => first + i))
}
