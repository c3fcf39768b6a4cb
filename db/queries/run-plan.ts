import type { SourceName } from '../../market/sources.ts'
import type { Sql, Tx } from '../client.ts'

/** Who may bring a dataset in a run, best first, and who was left out. */
export interface StoredDatasetPlan {
  /** The one whose calls the batches were made for. */
  source: SourceName | null
  sources: { source: SourceName; site: string; boundOnly?: true }[]
  skipped: { source: SourceName; reason: string }[]
}

type Planned = StoredDatasetPlan & { dataset: string }

/** Keeps who may bring each dataset, so that a later execution of the run uses the same sources. */
export async function keepDatasetPlans(tx: Tx, runId: string, plans: readonly Planned[]): Promise<void> {
  const plan: Record<string, StoredDatasetPlan> = {}
  // One dataset may be planned once for each source.
  for (const { dataset, source, sources, skipped } of plans) {
    const own = plan[dataset]
    plan[dataset] = {
      source: own?.source ?? source,
      sources: [...(own?.sources ?? []), ...sources],
      skipped: [...(own?.skipped ?? []), ...skipped],
    }
  }
  await tx`update sync_run set plan = plan || ${tx.json(plan as never)} where id = ${runId}`
}

/** By dataset, who may bring it in a run; empty before anything was planned. */
export async function loadDatasetPlans(
  sql: Sql,
  runId: string,
): Promise<Partial<Record<string, StoredDatasetPlan>>> {
  const [row] = await sql<{ plan: Record<string, StoredDatasetPlan> }[]>`
    select plan from sync_run where id = ${runId}`
  return row?.plan ?? {}
}
