import type { AktoolsFault } from '../../../local/replay/aktools/faults.ts'
import type { Fault } from '../../../local/replay/faults.ts'
import { SOURCE_MODES, type SourceMode } from '../../../market/run-params.ts'
import type { SourceErrorClass } from '../../../market/source-errors.ts'
import type { SourceName } from '../../../market/sources.ts'
import type { Scope } from './truth.ts'

/* What a case of the fault matrix says, and the three kinds that there are. */

/** What stands at the end of a run with `all`, where nobody steps in for the faulty source. */
export type OwnEnd =
  /** It brought everything. */
  | 'complete'
  /** It brought a part or nothing, and that is named. */
  | 'lacks'
  /** It brought nothing, and failures are recorded. */
  | 'fails'
  /** It has to be waited for until another day; the others are through. */
  | 'waits'

export interface FaultCase {
  source: SourceName
  fault: string
  /** Of the source's own replay server. */
  faults: readonly (Fault | AktoolsFault)[]
  /** `none`: the source copes with it, or serves rows that are refused one by one. */
  errorClass: SourceErrorClass | 'none'
  /** What a person reads of it in the run's log and in the Web UI; null: there is nothing to be read. */
  reason: RegExp | null
  /** Who brings what the source does not, with failover; `-`: the source itself brings all of it. */
  next: SourceName | '-'
  /** Rows that come and go to the quarantine: all of them or some. */
  refused: 'all' | 'some' | 'none'
  all: OwnEnd
  scope: Scope
  modes: readonly SourceMode[]
  /** The source says nothing, or not all of it: its time limit is short. */
  isSilent: boolean
}

/** Who is asked first, second, third when a source is the one under test. */
export const ORDER: Readonly<Record<SourceName, readonly [SourceName, SourceName, SourceName]>> = {
  tushare: ['tushare', 'baostock', 'akshare'],
  baostock: ['baostock', 'akshare', 'tushare'],
  akshare: ['akshare', 'tushare', 'baostock'],
}

const BASE = {
  reason: null,
  refused: 'none',
  scope: 'stocks',
  modes: SOURCE_MODES,
  isSilent: false,
} as const
/** What follows is the same as from another fault: it is enough to see who takes over. */
export const ALIKE = { modes: ['failover'] } as const
/** More batches than a source has in hand, so that it shows which of them are not sent. */
export const HANGS = { scope: 'many', isSilent: true } as const

/** The source copes with it. */
export const copes =
  (source: SourceName) =>
  (fault: string, faults: FaultCase['faults'], more: Partial<FaultCase> = {}): FaultCase => ({
    ...BASE,
    source,
    fault,
    faults,
    errorClass: 'none',
    next: '-',
    all: 'complete',
    ...more,
  })

/** The source fails with it. */
export const fails =
  (source: SourceName) =>
  (
    fault: string,
    faults: FaultCase['faults'],
    errorClass: SourceErrorClass,
    reason: RegExp,
    more: Partial<FaultCase> = {},
  ): FaultCase => ({
    ...BASE,
    source,
    fault,
    faults,
    errorClass,
    reason,
    next: ORDER[source][1],
    all: 'fails',
    ...more,
  })

/** The source brings a part, or nothing that can be true. */
export const lacks =
  (source: SourceName) =>
  (fault: string, faults: FaultCase['faults'], reason: RegExp, refused: FaultCase['refused']): FaultCase => ({
    ...BASE,
    source,
    fault,
    faults,
    errorClass: 'none',
    reason,
    refused,
    next: ORDER[source][1],
    all: 'lacks',
  })

/** Reasons that several sources are left with. */
export const MISSING = /\d+ cells missing in its answers/
export const WRONG_UNIT = /\d+ rows refused \(amount \/ volume is outside the range of prices: wrong unit\)/
export const OUT_OF_ORDER = /\d+ rows? refused \(prices out of order\)/
