import { type Dataset, DATASETS } from '../../market/datasets.ts'
import { addDays, shanghaiClock } from '../../market/date.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { PlanContext } from './shape.ts'

// A calendar that ends sooner than this may have been continued meanwhile: next year's comes in December.
const CALENDAR_AHEAD_DAYS = 10

/** Why a list need not be asked for now; null when it has to be. */
export async function freshList(
  { sql, listsAgain, now }: PlanContext,
  { refresh, source_mode }: RunParams,
  dataset: Dataset,
): Promise<string | null> {
  const spec = DATASETS[dataset]
  if (!('freshForDays' in spec) || listsAgain || refresh || source_mode === 'all') return null
  const [last] = await sql<{ days: number }[]>`
    select extract(epoch from now() - max(finished_at))::float8 / 86400 as days from sync_batch
    where dataset = ${dataset} and state = 'done' having max(finished_at) is not null`
  if (!last || last.days >= spec.freshForDays) return null
  const [calendar] = await sql<{ until: string | null }[]>`
    select max(trade_date)::text as until from trade_calendar where exchange = 'SSE'`
  const until = calendar?.until ?? null
  if (until === null || until < addDays(shanghaiClock(now()).date, CALENDAR_AHEAD_DAYS)) return null
  return `known up to ${until} since ${last.days < 1 ? 'today' : `${Math.floor(last.days)} days`}`
}
