import type { Run } from '../api/schemas/run.ts'
import type { Service } from './open-service.ts'
import { duration, number } from '../local/words.ts'
import { type Cell, fields, table } from './text.ts'

/** How a run is shown, in lines. */
export function runLines(run: Run, service: Pick<Service, 'temporalUi'>): string[] {
  const rows = `${number(run.inserted)} inserted, ${number(run.updated)} updated, ${number(run.unchanged)} unchanged, ${number(run.rejected)} rejected`
  const eta = run.eta_seconds === null ? '' : `, about ${duration(run.eta_seconds)} left`
  return fields([
    ['run', run.id],
    ['job', `${run.job} ${paramsText(run.params)}`.trimEnd()],
    ['status', run.phase === null ? run.status : `${run.status}, ${run.phase}`],
    ['message', run.message],
    [
      'progress',
      `${run.percent.toFixed(1)} %, ${number(run.batches_done)} of ${number(run.batches_total)} batches${eta}`,
    ],
    ['rows', rows],
    ['failures', run.errors],
    ['calls', run.calls],
    ['newest date', run.last_trade_date],
    ['started', run.started_at],
    ['ended', run.finished_at],
    ['Temporal', placeInTemporal(run, service)],
  ])
}

const paramsText = (params: Record<string, unknown>): string =>
  Object.keys(params).length === 0 ? '' : JSON.stringify(params)

/** The workflow of a run, and where people see it when that is known. */
export const placeInTemporal = (run: Run, { temporalUi }: Pick<Service, 'temporalUi'>): string =>
  temporalUi === null ? run.workflow_id : `${run.workflow_id}, in ${temporalUi}`

/** Runs below each other. */
export const runTable = (runs: readonly Run[]): string[] =>
  table(
    ['started', 'job', 'status', '%', 'rows', 'failures', 'run'],
    runs.map((run): Cell[] => [
      (run.started_at ?? run.created_at).slice(0, 19).replace('T', ' '),
      run.job,
      run.status,
      Math.floor(run.percent),
      run.inserted + run.updated,
      run.errors,
      run.id,
    ]),
  )

/** What a person hears of a run that was started. */
export function startedLines(run: Run, service: Service): string[] {
  return fields([
    ['run', run.id],
    ['job', run.job],
    ['status', run.status],
    ['service', `${service.url}/api/runs/${run.id}`],
    ['Temporal', placeInTemporal(run, service)],
    ['watch it', `ashare-sync status ${run.id} --watch`],
  ])
}
