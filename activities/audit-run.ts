import { SESSION_DATASETS } from '../db/audit/cells.ts'
import { coveredSpan } from '../db/audit/covered-span.ts'
import { type AuditFinding, markLost } from '../db/audit/lost.ts'
import { logRun } from '../db/queries/logs.ts'
import { instrumentIds } from '../db/queries/planning.ts'
import { counted } from '../market/counted.ts'
import type { Dataset } from '../market/datasets.ts'
import type { RunParams } from '../market/run-params.ts'
import type { ActivityDeps } from './deps.ts'
import type { LoadedRun } from './run-context.ts'

/** Marks what a run that checks finds lost, so that its stages ask for it, and says what that is. */
export async function auditRun(deps: ActivityDeps, run: LoadedRun, params: RunParams): Promise<void> {
  const { sql } = deps.db
  const datasets: readonly Dataset[] = run.stages.flat()
  const ids = params.symbols ? [...(await instrumentIds(sql, params.symbols)).values()] : null
  for (const dataset of SESSION_DATASETS.filter((each) => datasets.includes(each))) {
    const span = await coveredSpan(sql, [dataset])
    if (span === null) continue
    const range = {
      from: laterOf(params.start_date, span.from),
      to: earlierOf(params.end_date, span.to),
    }
    const { findings, stoppedAt } = await markLost(sql, { ...range, dataset, instruments: ids })
    const lines = findings.flatMap(linesOf)
    if (stoppedAt !== null)
      lines.push(
        `${dataset}: so much is lost that nothing before ${stoppedAt} was looked at; run daily_history with "refresh" for those years`,
      )
    const level = lines.length > 0 ? 'warn' : 'info'
    for (const message of lines.length > 0 ? lines : [`${dataset}: every cell that is covered is there`])
      await logRun(sql, { runId: run.row.id, level, message })
  }
}

const laterOf = (asked: string | undefined, first: string) =>
  asked !== undefined && asked > first ? asked : first
const earlierOf = (asked: string | undefined, last: string) =>
  asked !== undefined && asked < last ? asked : last

const NAMED_DATES = 5

function linesOf({ dataset, source, lost, badRows, uncovered }: AuditFinding): string[] {
  const cells = [...lost.values()].reduce((sum, n) => sum + n, 0)
  const worst = [...lost].sort(([a, n], [b, m]) => m - n || (a < b ? 1 : -1)).slice(0, NAMED_DATES)
  const named = worst.map(([date, n]) => `${date}: ${n}`).join(', ')
  return [
    cells > 0
      ? `${counted(cells, 'cell')} of ${counted(lost.size, 'session')} ${cells === 1 ? 'is' : 'are'} lost (${named}${lost.size > NAMED_DATES ? ', …' : ''})`
      : null,
    badRows > 0
      ? `${counted(badRows, 'row cannot be true and is', 'rows cannot be true and are')} asked for again`
      : null,
    uncovered > 0
      ? `${counted(uncovered, 'row')} that no run has brought as a whole; a run over those dates would say what else belongs to them`
      : null,
  ].flatMap((line) => (line === null ? [] : [`${dataset} of ${source}: ${line}`]))
}
