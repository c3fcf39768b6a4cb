import { DATASETS, type Dataset } from '../../market/datasets.ts'
import { isJob, JOBS } from '../../market/jobs.ts'
import { isFinal, type RunState } from '../../workflows/contract/status.ts'
import type { RunView } from '../../db/queries/run-views.ts'

type Counted = Pick<
  RunView,
  'job' | 'status' | 'cells_done' | 'cells_total' | 'batches_done' | 'batches_total'
>

/**
 * Share of a run that is done, one decimal; 100 only at a good end. Jobs that bring cells are measured by cells, so that
 * the lists before them count nothing and the share never falls when the cells are planned; list jobs by batches.
 */
export function percentOf(run: Counted): number {
  if (run.status === 'success') return 100
  const stages: readonly (readonly Dataset[])[] = isJob(run.job) ? JOBS[run.job].stages : []
  const byCells = stages.flat().some((dataset) => ['session', 'report'].includes(DATASETS[dataset].cell))
  const [done, total] = byCells ? [run.cells_done, run.cells_total] : [run.batches_done, run.batches_total]
  if (total === 0) return 0
  const percent = Math.floor((Math.min(done, total) / total) * 1000) / 10
  return isFinal(run.status as RunState) ? percent : Math.min(percent, 99.9)
}

/** Seconds until all cells are there, at the present rate; null when nobody can say, and while there is nothing to bring. */
export function etaOf(run: Counted, cellsPerSecond: number | null): number | null {
  const left = run.cells_total - run.cells_done
  return run.status === 'running' && cellsPerSecond && left > 0 ? Math.ceil(left / cellsPerSecond) : null
}
