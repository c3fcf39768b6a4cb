import type { SeqRanges } from '../workflows/contract/messages.ts'

/** 1, 2, 3, 7 → `[[1, 3], [7, 7]]`. */
export function toRanges(seqs: readonly number[]): SeqRanges {
  const ranges: SeqRanges = []
  for (const seq of seqs) {
    const last = ranges.at(-1)
    if (last?.[1] === seq - 1) last[1] = seq
    else ranges.push([seq, seq])
  }
  return ranges
}
