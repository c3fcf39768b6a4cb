/** What the whole market costs by date. */
export interface MarketLimits {
  rowCap: number
  /** Sessions that one call may span, wanted or not. */
  maxDates: number
  /** Requests that count for each page of a call. */
  cost: number
  /** Rows that the upstream has on the session at a position. */
  rows: (position: number) => number
}

/** One by-date call: the sessions of [start, end). */
export interface MarketCall {
  start: number
  end: number
  rows: number
  /** The wanted sessions among them, newest first. */
  positions: number[]
}

/** Requests behind a call: a session above the cap is paged, everything else is planned below it. */
export const requestsOf = (rows: number, rowCap: number): number => Math.max(1, Math.ceil(rows / rowCap))

/** The same for calls by date, with all that counts for them. */
export const marketRequests = (calls: readonly { rows: number }[], { rowCap, cost }: MarketLimits): number =>
  calls.reduce((sum, { rows }) => sum + requestsOf(rows, rowCap) * cost, 0)

/** By-date calls for sessions given newest first; a call takes older sessions for as long as they fit. */
export function marketCalls(positions: readonly number[], limits: MarketLimits): MarketCall[] {
  const calls: MarketCall[] = []
  for (const position of positions) {
    const call = calls.at(-1)
    if (call && call.end - position <= limits.maxDates) {
      let rows = call.rows
      for (let p = call.start - 1; p >= position; p--) rows += limits.rows(p)
      if (rows <= limits.rowCap) {
        call.positions.push(position)
        Object.assign(call, { start: position, rows })
        continue
      }
    }
    calls.push({ start: position, end: position + 1, rows: limits.rows(position), positions: [position] })
  }
  return calls
}
