import { setTimeout as sleep } from 'node:timers/promises'
import { blockedFor, type BudgetKey, noteDenied, noteRateLimit, reserveSlot } from '../db/budget.ts'
import type { Sql } from '../db/client.ts'
import type { SourceCall } from '../market/capability.ts'
import { shanghaiClock } from '../market/date.ts'
import { SOURCE_ERRORS } from '../market/source-errors.ts'
import type { Answer, FetchContext, Source } from '../sources/contract.ts'
import { SourceError } from '../sources/errors.ts'
import { onlyStorable } from '../sources/storable.ts'

/** The budget grants the next call only after a long while. */
export class BudgetLater extends Error {
  readonly untilMs: number

  constructor(untilMs: number, reason: string) {
    super(reason)
    this.untilMs = untilMs
  }
}

// Longer waits go back to the workflow, which may have another source for the batch.
const WAIT_HERE_MS = 5 * 60_000

/**
 * What a source gets to ask for slots: waits for its turn over all workers, and looks once more for a refusal that came
 * meanwhile before it lets the request go.
 */
export function fetchContext(sql: Sql, source: Source, signal: AbortSignal): FetchContext {
  const reserve = async (budget: string, cost = 1): Promise<void> => {
    const key: BudgetKey = { source: source.name, account: source.account, api: budget }
    for (;;) {
      signal.throwIfAborted()
      const slot = await reserveSlot(sql, key, source.limitsOf(budget), cost)
      if (slot.kind === 'denied') {
        throw new SourceError({
          source: source.name,
          api: budget,
          errorClass: 'PermissionDenied',
          upstreamMessage: slot.reason,
        })
      }
      if (slot.kind === 'later') {
        if (slot.waitMs > WAIT_HERE_MS)
          throw new BudgetLater(Date.now() + slot.waitMs, `${source.name} ${budget}: ${slot.reason}`)
        // Jitter: workers that wait for the same moment must not all come at once.
        await sleep(slot.waitMs + Math.random() * 250, undefined, { signal })
        continue
      }
      if (slot.waitMs <= 1) return
      await sleep(slot.waitMs, undefined, { signal })
      if ((await blockedFor(sql, key)) === 0) return
    }
  }
  return { signal, reserve }
}

/**
 * One call with what follows from its errors on the spot: a rate limit is noted and waited for, a hiccup is retried
 * after growing waits, a refused permission is remembered. Everything else is the caller's.
 */
export async function fetchCall(
  sql: Sql,
  source: Source,
  call: SourceCall,
  signal: AbortSignal,
  /** Milliseconds before each try after the first; how many there are is how often it is tried again. */
  retryDelays: readonly number[],
  now: () => Date,
): Promise<Answer> {
  const { answer, repeated } = await askUpstream(sql, source, signal, retryDelays, (context) =>
    source.fetch(call, context),
  )
  const today = shanghaiClock(now()).date
  return { ...onlyStorable(call.dataset, answer, today), requests: answer.requests + repeated }
}

/** The same for any request to a source; `repeated` counts the requests that were in vain. */
export async function askUpstream<T>(
  sql: Sql,
  source: Source,
  signal: AbortSignal,
  retryDelays: readonly number[],
  ask: (context: FetchContext) => Promise<T>,
): Promise<{ answer: T; repeated: number }> {
  const context = fetchContext(sql, source, signal)
  let tries = 0
  let refusals = 0
  for (;;) {
    try {
      return { answer: await ask(context), repeated: tries + refusals }
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof SourceError)) throw error
      const key: BudgetKey = {
        source: source.name,
        account: source.account,
        api: source.budgetOf(error.details.api),
      }
      if (error.errorClass === 'PermissionDenied')
        // Of the interface, not of all that is counted with it.
        await noteDenied(sql, { ...key, api: error.details.api }, error.details.upstreamMessage)
      if (error.errorClass === 'RateLimited') {
        const limit = error.details.limit ?? { window: 'minute' as const, calls: null }
        await noteRateLimit(sql, key, { ...limit, reason: error.details.upstreamMessage })
        refusals++
        continue
      }
      const wait = retriesNow(source, error) ? retryDelays[tries] : undefined
      if (wait === undefined) throw error
      tries++
      await sleep(wait, undefined, { signal })
    }
  }
}

/** A hang is not tried again at once: it would cost the time limit again, and others may have what it does not give. */
const retriesNow = (source: Source, { errorClass, details }: SourceError): boolean =>
  source.retriesInPlace && SOURCE_ERRORS[errorClass].retryInPlace && details.timedOut !== true
