import { cleanUp } from '../db/clean-up.ts'
import { logRun } from '../db/queries/logs.ts'
import type { SyncActivities } from '../workflows/contract/activities.ts'
import type { CleanUpActivities } from '../workflows/contract/clean-up.ts'
import type { ScheduleActivities } from '../workflows/contract/schedule.ts'
import { closeRun } from './close-run.ts'
import type { ActivityDeps } from './deps.ts'
import { giveUpBatch, planRetries } from './failures.ts'
import { guarded } from './guard.ts'
import { withHeartbeat } from './heartbeat.ts'
import { resumeRun, suspendRun } from './lock.ts'
import { openRun } from './open-run.ts'
import { showPhase } from './phase.ts'
import { planStage } from './plan-stage.ts'
import { probeSource } from './probe-source.ts'
import { abandonRun, awaitRun, openScheduledRun } from './scheduled-run.ts'
import { syncBatch } from './sync-batch.ts'
import { verifyRun } from './verify-run.ts'

export type { ActivityDeps } from './deps.ts'

type Activities = SyncActivities & ScheduleActivities & CleanUpActivities

/** Everything that workflows may ask for, bound to its dependencies. */
export function createActivities(deps: ActivityDeps): Activities {
  const activities: Activities = {
    openRun: (input) => openRun(deps, input),
    // Planning a whole market takes seconds: it has to be seen alive meanwhile.
    planStage: (input) =>
      withHeartbeat(async (signal) => {
        await showPhase(deps, input, 'planning')
        const planned = await planStage(deps, input, signal)
        await showPhase(deps, input, 'syncing')
        return planned
      }),
    syncBatch: (input) => syncBatch(deps, input),
    probeSource: (input) => probeSource(deps, input),
    giveUpBatch: (input) => giveUpBatch(deps, input),
    planRetries: (input) => withHeartbeat((signal) => planRetries(deps, input, signal)),
    verifyRun: async (input) => {
      await showPhase(deps, input, 'verifying')
      return await verifyRun(deps, input)
    },
    closeRun: (input) => closeRun(deps, input),
    suspendRun: (input) => suspendRun(deps, input),
    resumeRun: (input) => resumeRun(deps, input),
    openScheduledRun: (input) => openScheduledRun(deps, input),
    awaitRun: (input) => awaitRun(deps, input),
    abandonRun: (input) => abandonRun(deps, input),
    cleanUp: () => withHeartbeat(() => cleanUp(deps.db.sql)),
    logRun: ({ runId, level, message }) => logRun(deps.db.sql, { runId, level, message }),
  }
  return guarded(activities, deps)
}
