import { counted } from '../market/counted.ts'
import type { Progress } from './contract/messages.ts'
import type { SourceView } from './source-news.ts'
import { beijingTime } from './trouble.ts'

/** Markdown for the Temporal Web UI. */
export function detailsOf(progress: Progress, state: string, now: number): string {
  const { inserted, updated, unchanged, calls, rate, errors, rejected } = progress
  const resting = progress.resting.map(({ source, site, until, reason }) => {
    const untilMs = Date.parse(until)
    const what =
      untilMs > now ? `rests until ${beijingTime(untilMs, now)}` : 'is asked whether it is up again'
    return `${source}${site === 'server' ? '' : ` (${site})`} ${what}: ${reason}`
  })
  return [
    `**${progress.job}** is **${state}** · ${progress.percent} % · ${progress.stage}`,
    `${progress.cellsDone} of ${counted(progress.cellsTotal, 'cell')} · ${inserted} inserted, ${updated} updated, ${unchanged} unchanged`,
    `${counted(calls, 'call')}, now to ${progress.source ?? 'no source yet'} · ${rate} cells/s · ETA ${progress.etaSeconds ?? '?'} s · ${counted(errors, 'open failure')}, ${counted(rejected, 'row')} in quarantine`,
    ...resting,
  ].join('\n\n')
}

/** Why a run gives its lock back, from what keeps its sources. */
export function describeWait(absences: readonly SourceView[], untilMs: number): string {
  const until = `goes on at ${new Date(untilMs).toISOString()}`
  if (absences.every(({ kind }) => kind === 'waits')) return `the budget is used up; ${until}`
  return `no source can be asked: ${[...new Set(absences.map(({ why }) => why))].join('; ')}; ${until}`
}
