/** The sessions that lie in ranges. */
export const expandRanges = (
  ranges: readonly { from: string; to: string }[],
  sessions: readonly string[],
): string[] => sessions.filter((date) => ranges.some(({ from, to }) => date >= from && date <= to))
