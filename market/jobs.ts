import type { Dataset } from './datasets.ts'

/**
 * Everything that can be started. A job is a list of stages; a stage starts when the one before it has ended, since the
 * list needs no calendar but the bars need both. Datasets of one stage run side by side: their budgets are separate.
 *
 * `scope`: how the dates of a run are found where it does not name them, see db/scope.
 *
 *   given      all history, or what the parameters say
 *   sample     a few stocks and sessions, drawn
 *   newest     the newest session whose data is ready
 *   days       the sessions since the last complete one
 *   weeks      closed weeks that are not complete; `months` likewise
 *   reports    report periods since FINANCE_START_DATE
 *   announced  what was announced since the last time
 *   failures   what failed and may be tried again: of each dataset what it lacks, and nothing of the others
 *   audit      what is covered is compared with what is there
 *
 * `compares`: every source does everything and the run ends with how far they agree.
 * `backfill`: takes hours or days, and none of it is urgent: it gives way to every other kind of job between batches.
 */
export const JOBS = {
  stock_list: { title: 'Stock list', scope: 'given', stages: [['trade_calendar', 'stock_list']] },
  stock_basics: {
    title: 'Stock list with the newest valuation',
    scope: 'newest',
    stages: [['trade_calendar', 'stock_list'], ['suspension'], ['daily_basic']],
  },
  daily_incremental: {
    title: 'The sessions since the last one',
    scope: 'days',
    stages: [
      ['trade_calendar', 'stock_list'],
      ['suspension'],
      ['bars', 'adj_factor', 'daily_basic', 'index_bars'],
    ],
  },
  weekly: {
    title: 'Closed weeks',
    scope: 'weeks',
    stages: [['trade_calendar', 'stock_list'], ['suspension'], ['bars', 'adj_factor']],
  },
  monthly: {
    title: 'Closed months',
    scope: 'months',
    stages: [['trade_calendar', 'stock_list'], ['suspension'], ['bars', 'adj_factor']],
  },
  daily_history: {
    title: 'Daily bars, whole history',
    scope: 'given',
    backfill: true,
    stages: [['trade_calendar', 'stock_list'], ['suspension'], ['bars', 'adj_factor']],
  },
  finance_history: {
    title: 'Financial reports, whole history',
    scope: 'reports',
    backfill: true,
    stages: [
      ['trade_calendar', 'stock_list'],
      ['income', 'balance_sheet', 'cash_flow', 'fin_indicator'],
    ],
  },
  finance_incremental: {
    title: 'Financial reports since the last time',
    scope: 'announced',
    stages: [
      ['trade_calendar', 'stock_list', 'disclosure'],
      ['income', 'balance_sheet', 'cash_flow', 'fin_indicator'],
    ],
  },
  full_history: {
    title: 'All that is missing or changed',
    scope: 'given',
    backfill: true,
    stages: [
      ['trade_calendar', 'stock_list', 'name_change'],
      ['suspension'],
      ['bars', 'adj_factor', 'daily_basic', 'index_bars', 'index_member'],
      ['income', 'balance_sheet', 'cash_flow', 'fin_indicator'],
    ],
  },
  retry_failures: {
    title: 'What failed, once more',
    scope: 'failures',
    stages: [
      ['trade_calendar', 'stock_list', 'name_change', 'disclosure'],
      ['suspension'],
      ['bars', 'adj_factor', 'daily_basic', 'index_bars', 'index_member'],
      ['income', 'balance_sheet', 'cash_flow', 'fin_indicator'],
    ],
  },
  verify: {
    title: 'Check what is there, and mend it',
    scope: 'audit',
    stages: [
      ['trade_calendar', 'stock_list'],
      ['suspension'],
      ['bars', 'adj_factor', 'daily_basic', 'index_bars'],
    ],
  },
  compare: {
    title: 'Compare the sources on a sample',
    scope: 'sample',
    stages: [['trade_calendar', 'stock_list'], ['suspension'], ['bars', 'adj_factor']],
    compares: true,
  },
} as const satisfies Record<string, JobSpec>

export type Scope =
  'given' | 'sample' | 'newest' | 'days' | 'weeks' | 'months' | 'reports' | 'announced' | 'failures' | 'audit'

interface JobSpec {
  title: string
  scope: Scope
  stages: readonly (readonly Dataset[])[]
  compares?: true
  backfill?: true
}

export type Job = keyof typeof JOBS
export const JOB_NAMES = Object.keys(JOBS) as Job[]
export const isJob = (value: string): value is Job => Object.hasOwn(JOBS, value)
export const BACKFILLS: readonly Job[] = JOB_NAMES.filter((job) => 'backfill' in JOBS[job])
export const comparesSources = (job: Job): boolean => 'compares' in JOBS[job]
export const scopeOf = (job: Job): Scope => JOBS[job].scope

/** The job of a run that brings files of the user's own: it is no workflow, and nobody starts it over the API. */
export const IMPORT_JOB = 'import'
