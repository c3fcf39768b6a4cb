import type { Dataset } from './datasets.ts'

/**
 * Everything that can be started. A job is a list of stages; a stage starts when the one before it has ended, since the
 * list needs no calendar but the bars need both. Datasets of one stage run side by side: their budgets are separate.
 *
 * `compares`: every source does everything, over a sample of stocks and recent sessions unless these are given, and the
 * run ends with how far the sources agree.
 */
export const JOBS = {
  stock_list: { title: 'Stock list', stages: [['trade_calendar', 'stock_list']] },
  daily_history: {
    title: 'Daily bars, whole history',
    stages: [['trade_calendar', 'stock_list'], ['suspension'], ['bars', 'adj_factor']],
  },
  compare: {
    title: 'Compare the sources on a sample',
    stages: [['trade_calendar', 'stock_list'], ['suspension'], ['bars', 'adj_factor']],
    compares: true,
  },
} as const satisfies Record<string, JobSpec>

interface JobSpec {
  title: string
  stages: readonly (readonly Dataset[])[]
  compares?: true
}

export type Job = keyof typeof JOBS
export const JOB_NAMES = Object.keys(JOBS) as Job[]
export const isJob = (value: string): value is Job => Object.hasOwn(JOBS, value)
export const comparesSources = (job: Job): boolean => 'compares' in JOBS[job]
