import {
  COMPARED_DATASETS,
  type ComparedRegion,
  type FieldAgreement,
  recordAgreement,
} from '../db/queries/agreement.ts'
import { type DifferenceExample, worstDifferences } from '../db/queries/comparison.ts'
import { logRun } from '../db/queries/logs.ts'
import { comparesSources } from '../market/jobs.ts'
import type { ActivityDeps } from './deps.ts'
import type { LoadedRun } from './run-context.ts'

const EXAMPLES = 10

/** How far the sources agree about what a run was about; kept with the run's verification. */
export interface AgreementReport {
  /** `share` of the compared cells, rounded down: 1 only where all agree. */
  fields: (FieldAgreement & { share: number })[]
  worst: DifferenceExample[]
}

/**
 * Compares the sources that hold rows of a region, records what differs and keeps the outcome under `agreement` in the
 * run's verification, which has to be stored before. A region of one source leaves nothing behind, unless the run was to
 * compare. A comparison logs a line for each field and pair, other runs one in all.
 */
export async function compareReport(
  deps: Pick<ActivityDeps, 'db'>,
  run: LoadedRun,
  region: ComparedRegion,
): Promise<AgreementReport> {
  const { sql } = deps.db
  const runId = run.row.id
  const counts: FieldAgreement[] = []
  for (const dataset of COMPARED_DATASETS)
    counts.push(...(await recordAgreement(sql, { ...region, dataset, runId })))
  const report: AgreementReport = {
    fields: counts.map((count) => ({ ...count, share: shareOf(count) })),
    worst: counts.some(({ disagreed }) => disagreed > 0) ? await worstDifferences(sql, region, EXAMPLES) : [],
  }
  const lines = comparesSources(run.job) ? fieldLines(counts) : summaryLines(counts)
  if (lines.length === 0) return report
  await sql`
    update sync_run set verification = coalesce(verification, '{}') || ${sql.json({ agreement: report } as never)}, updated_at = now()
    where id = ${runId}`
  for (const { level, message } of lines) await logRun(sql, { runId, level, message })
  return report
}

const shareOf = ({ agreed, compared }: Pick<FieldAgreement, 'agreed' | 'compared'>): number =>
  compared === 0 ? 1 : Math.floor((agreed / compared) * 10_000) / 10_000

const number = (value: number) => value.toLocaleString('en-US')
const percent = (share: number) => `${(share * 100).toFixed(2)} %`

interface Line {
  level: 'info' | 'warn'
  message: string
}

function fieldLines(counts: readonly FieldAgreement[]): Line[] {
  if (counts.length === 0) {
    const message = 'no two sources have a cell in common: there was nothing to compare'
    return [{ level: 'warn', message }]
  }
  return counts.map((count) => {
    const { dataset, field, sourceA, sourceB, compared, agreed, explained } = count
    const name = dataset === 'adj_factor' ? 'factor step' : field
    const after = explained > 0 ? `, ${number(explained)} of them after the trade after hours is added` : ''
    return {
      level: agreed === compared ? 'info' : 'warn',
      message: `${name}: ${sourceA} and ${sourceB} agree on ${number(agreed)} of ${number(compared)} cells (${percent(shareOf(count))})${after}`,
    }
  })
}

function summaryLines(counts: readonly FieldAgreement[]): Line[] {
  if (counts.length === 0) return []
  const sum = (of: 'compared' | 'agreed' | 'disagreed') =>
    counts.reduce((total, count) => total + count[of], 0)
  const total = { compared: sum('compared'), agreed: sum('agreed') }
  const differ = sum('disagreed')
  const message = `sources agree on ${percent(shareOf(total))} of ${number(total.compared)} values that two of them have`
  return [
    {
      level: differ > 0 ? 'warn' : 'info',
      message: differ > 0 ? `${message}; ${number(differ)} differ: see agreement` : message,
    },
  ]
}
