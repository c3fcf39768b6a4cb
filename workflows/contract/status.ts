/**
 * States of a run. `active` ones hold the lock; a paused or waiting run has given it back and takes it again.
 *
 *   pending → running → success | success_with_errors | failed | cancelled
 *   running ⇄ paused, running ⇄ waiting; any of them → terminated (ended from outside, seen by the reconciler)
 */
export const RUN_STATES = {
  pending: { active: true, final: false },
  running: { active: true, final: false },
  paused: { active: false, final: false },
  waiting: { active: false, final: false },
  success: { active: false, final: true },
  success_with_errors: { active: false, final: true },
  failed: { active: false, final: true },
  cancelled: { active: false, final: true },
  terminated: { active: false, final: true },
} as const satisfies Record<string, { active: boolean; final: boolean }>

export type RunState = keyof typeof RUN_STATES
export type FinalState = 'success' | 'success_with_errors' | 'failed' | 'cancelled' | 'terminated'
export const RUN_STATE_NAMES = Object.keys(RUN_STATES) as RunState[]

/** What a run does while it is running; each stage of its job is planned, then synced. */
export const RUN_PHASES = ['planning', 'syncing', 'verifying'] as const
export type RunPhase = (typeof RUN_PHASES)[number]

export const isFinal = (state: RunState): boolean => RUN_STATES[state].final
