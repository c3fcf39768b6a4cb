export { cleanUp } from './clean-up.ts'
export { probeSources } from './probe-sources.ts'
export { scheduledSync } from './scheduled-sync.ts'
export { syncRun } from './sync-run.ts'
