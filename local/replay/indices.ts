/** A session of an index: points in 0.0001, volume in shares, amount in yuan. */
export interface IndexBar {
  readonly session: number
  readonly open: number
  readonly high: number
  readonly low: number
  readonly close: number
  readonly preClose: number
  readonly volume: number
  readonly amount: number
}

export interface IndexMember {
  readonly code: string
  /** Percent in 0.0001; null where nobody recorded it. */
  readonly weight: number | null
}

/** The members of an index on a session. */
export interface IndexList {
  readonly session: number
  readonly members: readonly IndexMember[]
}

/** The indices of a market, by symbols such as `000300.SH`; unknown ones have nothing. */
export interface IndexMarket {
  /** Ascending, up to today. */
  readonly bars: (symbol: string) => readonly IndexBar[]
  /** Lists as they are published, one a month; ascending, up to today. */
  readonly lists: (symbol: string) => readonly IndexList[]
  /** The list that is valid on a session. */
  readonly listOn: (symbol: string, session: number) => IndexList | undefined
}

/** pct_chg in 0.0001 %. */
export const indexChange = ({ close, preClose }: IndexBar): number =>
  Math.round(((close - preClose) * 1_000_000) / preClose)
