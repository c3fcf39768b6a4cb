import { addNotice } from '../../db/queries/notifications.ts'
import { loadCalendar } from '../../db/queries/planning.ts'
import { SESSION_DATASETS } from '../../db/audit/cells.ts'
import { newestReady } from '../../planning/market-facts.ts'
import type { ApiDeps } from '../deps.ts'

/*
 * A session that is long past its time and still not complete. Only of datasets that somebody keeps up: those whose days
 * were verified within the last month.
 */

// An evening's job, its retries and the job of the night after it have had their chance by then.
const GRACE_MS = 14 * 3_600_000

/** Leaves a notice, once for each dataset and session. */
export async function noticeStaleDays({
  db: { sql },
  sources,
  now,
}: Pick<ApiDeps, 'db' | 'sources' | 'now'>): Promise<void> {
  const { on } = await sources()
  const calendar = await loadCalendar(sql)
  const kept = await sql<{ dataset: string; newest: string | null }[]>`
    select dataset, max(trade_date) filter (where state in ('complete', 'complete_with_gaps', 'unverified'))::text as newest
    from day_gate group by 1 having max(checked_at) > now() - interval '30 days'`
  for (const { dataset, newest } of kept) {
    const name = SESSION_DATASETS.find((each) => each === dataset)
    const capability = name && [...on.values()].flatMap((facts) => facts.capabilities[name] ?? [])[0]
    if (!name || !capability) continue
    const due = newestReady(new Date(now().getTime() - GRACE_MS), capability, calendar)
    if (due === null || (newest ?? '') >= due) continue
    await addNotice(sql, {
      event: 'dataset_stale',
      title: `${name} of ${due} is not complete`,
      text: `It was due at ${capability.readyTime} Beijing time of that day or the next one. The newest complete session is ${newest ?? 'none'}: see /api/gaps?dataset=${name} and the last runs.`,
      details: { dataset: name, due, newest },
      dedup: `dataset_stale/${name}/${due}`,
    })
  }
}
