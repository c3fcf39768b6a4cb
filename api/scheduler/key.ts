import { isJob, JOB_NAMES, type Job } from '../../market/jobs.ts'
import { Problem } from '../problems.ts'

/*
 * A schedule is known by its job, or by its job and a name where a job has several: `weekly`, `daily_incremental.evening`.
 * In Temporal it is `schedule/weekly`, `schedule/daily_incremental/evening`.
 */

const NAME = /^[a-z0-9][a-z0-9_-]{0,39}$/

/** The job behind a key; null when there is none. */
export function jobOf(key: string): Job | null {
  const [job = '', name, ...more] = key.split('.')
  return isJob(job) && more.length === 0 && (name === undefined || NAME.test(name)) ? job : null
}

/** The job behind what a caller names, or a refusal. */
export function requireJob(key: string): Job {
  const job = jobOf(key)
  if (job !== null) return job
  const shown = JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)
  throw new Problem(
    'job_not_found',
    `${shown} is no job; there are ${JOB_NAMES.join(', ')}, each also with a name of your own behind a dot, like weekly.noon`,
  )
}
