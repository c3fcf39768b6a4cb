import { counted } from '../market/counted.ts'
import type { Dataset } from '../market/datasets.ts'
import type { SourceErrorClass } from '../market/source-errors.ts'
import type { CloseInput, Verification } from '../workflows/contract/messages.ts'
import type { FinalState } from '../workflows/contract/status.ts'

/** What verification came to as it is kept with the run: that of its bars, and that of each dataset. */
export interface StoredVerification extends Verification {
  datasets: Partial<Record<Dataset, Verification>>
}

/** What a run has come to, as far as its end depends on it. */
export interface EndFacts {
  failed_batches: number
  done_batches: number
  /** Of the batch that failed last. */
  problem: string | null
  /** Of a batch that failed; one that does not last comes first, since a new run may get past it. */
  error_class: SourceErrorClass | null
  verification: StoredVerification | null
  /** No batch but those of lists, although the run was about more. */
  idle: boolean
}

interface Conclusion {
  status: FinalState
  message: string | null
  errorClass: SourceErrorClass | null
}

const NOTHING_TO_DO = 'nothing to do: nothing is missing that a source could bring'

/** How a run ends, and one sentence of what is left and what to do about it. */
export function conclusion(input: CloseInput, facts: EndFacts, openFailures: number): Conclusion {
  if (input.outcome === 'cancelled') {
    const message = 'cancelled by request; retry goes on where it stopped'
    return { status: 'cancelled', message, errorClass: null }
  }
  if (input.outcome === 'failed')
    return { status: 'failed', message: input.message, errorClass: input.errorClass ?? null }
  const { failed_batches, done_batches, problem } = facts
  const problems = [
    failed_batches > 0 ? [`${counted(failed_batches, 'batch', 'batches')} failed: ${problem ?? ''}`] : [],
    openFailures > 0 ? [counted(openFailures, 'open failure')] : [],
    incompleteDays(facts.verification),
  ].flat()
  if (problems.length === 0)
    return { status: 'success', message: facts.idle ? NOTHING_TO_DO : null, errorClass: null }
  const nothing = failed_batches > 0 && done_batches === 0
  return {
    status: nothing ? 'failed' : 'success_with_errors',
    message: `${problems.join('; ')}. Retry the run to fetch what is missing.`,
    errorClass: nothing ? facts.error_class : null,
  }
}

/** Of every dataset: the sessions that lack something, and the newest one where all of it is still to come. */
function incompleteDays(verification: StoredVerification | null): string[] {
  const datasets = Object.entries(verification?.datasets ?? {}) as [Dataset, Verification][]
  const lacking = datasets.flatMap(([dataset, { incomplete, awaited }]) => {
    const sessions = incomplete - (awaited === undefined ? 0 : 1)
    const verb = sessions === 1 ? 'is' : 'are'
    return sessions > 0 ? [`${counted(sessions, 'session')} of ${dataset} ${verb} incomplete`] : []
  })
  const awaited = new Map<string, Dataset[]>()
  for (const [dataset, { awaited: date }] of datasets)
    if (date !== undefined) awaited.set(date, [...(awaited.get(date) ?? []), dataset])
  const lines = [...awaited].map(([date, of]) => `no source has ${of.join(', ')} of ${date} yet`)
  return [...lacking, ...lines]
}
