/** Rows that a clean-up deleted, by what they were. */
export type CleanedUpRows = Readonly<Record<string, number>>

export interface CleanUpActivities {
  cleanUp(): Promise<CleanedUpRows>
}

export const CLEAN_UP_WORKFLOW = 'cleanUp'
export const CLEAN_UP_WORKFLOW_ID = 'clean-up'
/** Not among the schedules of jobs: it is the service's own, and has no run. */
export const CLEAN_UP_SCHEDULE = 'maintenance/clean-up'
