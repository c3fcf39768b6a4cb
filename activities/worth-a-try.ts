import type { Sql } from '../db/client.ts'
import type { RunRow } from '../db/queries/runs.ts'
import { type Dataset, DATASETS } from '../market/datasets.ts'
import { isJob, JOBS } from '../market/jobs.ts'
import { LASTING_ERRORS } from '../market/source-errors.ts'

/**
 * Whether a run that has ended should be done once more in a while: it failed, or brought nothing of what it was about
 * though its lists came. What it left undone beside what it brought is for `retry_failures` and for the next run.
 */
export async function isWorthATry(sql: Sql, row: RunRow): Promise<boolean> {
  if (row.status === 'failed') return !LASTING_ERRORS.some((each) => each === row.errorClass)
  if (row.status !== 'success_with_errors' || !isJob(row.job)) return false
  const datasets: readonly Dataset[] = JOBS[row.job].stages.flat()
  const main = datasets.filter((dataset) => ['session', 'report'].includes(DATASETS[dataset].cell))
  const [found] = await sql<{ brought: boolean; passing: boolean }[]>`
    select exists (select from sync_run_source where run_id = ${row.id} and inserted + updated + unchanged > 0
        and dataset = any(${(main.length > 0 ? main : datasets) as string[]})) as brought,
      exists (select from sync_failure where run_id = ${row.id} and resolved_at is null
        and not error_class = any(${LASTING_ERRORS as string[]})) as passing`
  return found !== undefined && !found.brought && found.passing
}
