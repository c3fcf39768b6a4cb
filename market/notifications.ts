/*
 * What the service tells people by itself.
 */

/** Events by name, with what each is about. */
export const NOTIFICATION_EVENTS = {
  run_failed: 'a run failed',
  run_with_errors: 'a run ended, but something could not be fetched',
  source_resting: 'a source is not asked for a while, because it refuses or is away',
  dataset_stale: 'a session is past its time and still not complete',
  start_waits: 'a scheduled start waits for another run for an hour',
  test: 'somebody tries whether notifications arrive',
} as const satisfies Record<string, string>

export type NotificationEvent = keyof typeof NOTIFICATION_EVENTS

/** How a receiver wants to be told. */
export const NOTIFICATION_FORMATS = ['generic', 'feishu', 'dingtalk', 'wecom', 'slack'] as const
export type NotificationFormat = (typeof NOTIFICATION_FORMATS)[number]

/** One notification; `title` is a line, `text` may be several. */
export interface Notice {
  event: NotificationEvent
  title: string
  text: string
  /** For programs: ids, counts, dates. */
  details?: Readonly<Record<string, unknown>>
  /** A notice with the dedup of an earlier one is not told again. */
  dedup?: string
}
