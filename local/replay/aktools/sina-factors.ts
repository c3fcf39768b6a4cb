import type { FactorRuns } from '../series.ts'
import { columns } from './frame.ts'
import type { Frame } from './frame.ts'
import { PythonError } from './python-error.ts'

export type FactorMethod = 'hfq' | 'qfq'

/** A factor from a session on, as the site's text gives it. */
export interface FactorStep {
  readonly session: number
  readonly text: string
}

/** Thirteen decimals and three zeros, as the site writes them. */
const factorText = (factor: number): string => `${factor.toFixed(13)}000`

/**
 * Where the factor changes, oldest first; throws when there is none. In a recording a change is dated to the first
 * recorded session that has it.
 */
export const factorSteps = (runs: FactorRuns, lastSession: number, method: FactorMethod): FactorStep[] => {
  const changes: { session: number; value: number }[] = []
  runs.from.forEach((session, at) => {
    const value = runs.values[at] ?? 0
    if (session <= lastSession && value !== changes.at(-1)?.value) changes.push({ session, value })
  })
  const newest = changes.at(-1)?.value
  if (newest === undefined) throw new PythonError('sina hfq factor not available')
  return changes.map(({ session, value }) => ({
    session,
    text: factorText(method === 'hfq' ? value / 10_000 : newest / value),
  }))
}

// The first factor holds from before every listing.
const DAWN = '19000101'

/** Newest first, and a last row that is older than every listing. */
export const factorFrame = (
  steps: readonly FactorStep[],
  sessions: readonly string[],
  method: FactorMethod,
): Frame => ({
  columns: [...columns('date', 'date'), ...columns('text', `${method}_factor`)],
  rows: [
    [DAWN, steps[0]?.text ?? null],
    ...steps.map(({ session, text }) => [sessions[session] ?? null, text]),
  ].reverse(),
})

/** What adjusting makes of a price in yuan on a session: multiplied (hfq) or divided (qfq) by the factor of that day. */
export const scaleBySteps = (
  steps: readonly FactorStep[],
  method: FactorMethod,
): ((price: number, session: number) => number) => {
  const factors = steps.map(({ text }) => Number(text))
  return (price, session) => {
    const factor =
      factors[
        Math.max(
          0,
          steps.findLastIndex((step) => step.session <= session),
        )
      ] ?? 1
    return method === 'hfq' ? price * factor : price / factor
  }
}
