import type { OwnedRun } from '../workflows/contract/activities.ts'
import type { RunPhase } from '../workflows/contract/status.ts'
import type { ActivityDeps } from './deps.ts'

/** Shows what a run does from now on to whoever watches it. */
export async function showPhase({ db }: ActivityDeps, owner: OwnedRun, phase: RunPhase): Promise<void> {
  await db.sql`update sync_run set phase = ${phase}, updated_at = now() where id = ${owner.runId} and owner_epoch = ${owner.epoch}`
}
