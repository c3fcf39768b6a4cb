import type { Run } from '../../../schemas/run.ts'
import type { App } from '../app.ts'
import { linkTo } from '../app.ts'
import { type Child, h } from '../dom.ts'
import { badge, type Tone } from './parts.ts'

/* How runs are told of, wherever they are shown. */

const TONES: Record<Run['status'], Tone> = {
  pending: 'busy',
  running: 'busy',
  waiting: 'warn',
  paused: 'warn',
  success: 'good',
  success_with_errors: 'warn',
  failed: 'bad',
  cancelled: 'still',
  terminated: 'bad',
}

export const statusBadge = ({ t }: App, status: Run['status']): HTMLElement =>
  badge(TONES[status], t.statuses[status])

/** The name of a job in the present language; one that is not known here as it is. */
export const jobName = ({ t }: App, job: string): string => (t.jobs as Record<string, string>)[job] ?? job

export const datasetName = ({ t }: App, dataset: string): string =>
  (t.datasets as Record<string, string>)[dataset] ?? dataset

export const sourceName = ({ t }: App, source: string | null): string =>
  source === null ? '' : ((t.sourceNames as Record<string, string>)[source] ?? source)

export const runLink = (app: App, run: Pick<Run, 'id' | 'job'>): HTMLElement =>
  h('a', { href: linkTo(`runs/${run.id}`) }, jobName(app, run.job))

/** Where the workflow of a run is in the Temporal Web UI. */
export const workflowLink = ({ workflowsUrl, t }: App, run: Pick<Run, 'workflow_id'>): Child =>
  workflowsUrl !== null &&
  h(
    'a',
    { href: `${workflowsUrl}/${encodeURIComponent(run.workflow_id)}`, target: '_blank', rel: 'noreferrer' },
    t.runs.inTemporal,
  )

/** Seconds from its start until now, or until its end. */
export const secondsOf = (run: Pick<Run, 'started_at' | 'created_at' | 'finished_at'>): number => {
  const end = run.finished_at === null ? Date.now() : Date.parse(run.finished_at)
  return (end - Date.parse(run.started_at ?? run.created_at)) / 1_000
}

/** Named values of any shape in a few words: what a run was asked for, what verification found. */
export const valuesInWords = (values: Readonly<Record<string, unknown>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}: ${inWords(value)}`)
    .join(' · ')

const MOST_VALUES = 6

function inWords(value: unknown): string {
  if (typeof value === 'string') return value
  if (!Array.isArray(value)) return JSON.stringify(value)
  const first = value.slice(0, MOST_VALUES).map(inWords).join(', ')
  return value.length > MOST_VALUES ? `${first}, … (${value.length})` : first
}
