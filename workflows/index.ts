export { probeSources } from './probe-sources.ts'
export { syncRun } from './sync-run.ts'
