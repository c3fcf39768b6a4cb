/** A number with what it counts: `1 session`, `2 sessions`, `3 batches`. */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${count} ${count === 1 ? noun : plural}`
