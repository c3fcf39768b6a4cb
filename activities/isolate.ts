import { type Claim, commitAnswer } from '../db/commit.ts'
import { replaceCall } from '../db/queries/batches.ts'
import { recordFailures } from '../db/queries/failures.ts'
import type { SourceCall } from '../market/capability.ts'
import type { Region } from '../planning/types.ts'
import { bisectCall } from '../planning/calls.ts'
import { AnswerTooLarge } from '../sources/contract.ts'
import { SourceError } from '../sources/errors.ts'
import type { Work } from './batch-work.ts'
import { emptyAnswer } from './commit-call.ts'

/** Halves a call that cannot be brought; one symbol (or one day) that stands alone becomes a failure record. */
export async function isolate(
  work: Work,
  claim: Claim,
  call: SourceCall,
  error: unknown,
): Promise<SourceCall[] | 'skipped' | null> {
  const { deps, market, source, run } = work
  const alone = call.symbols?.length === 1 && !(error instanceof AnswerTooLarge)
  const halves = alone ? null : bisectCall(call, market.calendar)
  if (halves) return await replaceCall(deps.db.sql, claim, call, halves)
  const result = await commitAnswer(deps.db.sql, {
    ...emptyAnswer(work, claim, call.dataset),
    merge: async (tx) => {
      await recordFailures(tx, {
        job: run.job,
        dataset: call.dataset,
        source: source.name,
        symbols: (call.symbols ?? [null]).map((symbol) => ({
          id: symbol === null ? null : (market.bySymbol.get(symbol)?.id ?? null),
          symbol,
        })),
        from: call.from,
        to: call.to,
        errorClass: error instanceof SourceError ? error.errorClass : 'BadRequest',
        message: error instanceof Error ? error.message : 'unknown error',
        runId: claim.runId,
        maxRetries: deps.settings.maxFailureRetries,
        ...(call.symbols === null ? { region: regionOfCall(work, call) } : {}),
      })
      return { inserted: 0, updated: 0, unchanged: 0 }
    },
  })
  return result.kind === 'fenced' ? null : 'skipped'
}

/** What a call without symbols was to bring: the part of the batch's region that lies between its dates. */
function regionOfCall({ batch, market }: Work, { from, to }: SourceCall): Region {
  const { region } = batch
  if (from === null || to === null || region.kind === 'list') return { kind: 'list' }
  switch (region.kind) {
    case 'range':
      return { kind: 'range', from, to }
    case 'market': {
      const inside = (dates: readonly string[]) => dates.filter((date) => date >= from && date <= to)
      const dates = inside(region.dates)
      return { ...region, dates: dates.length > 0 ? dates : inside(market.calendar.sessions) }
    }
    case 'symbols': {
      const items = region.items
        .filter((item) => item.from <= to && item.to >= from)
        .map((item) => ({
          id: item.id,
          from: item.from > from ? item.from : from,
          to: item.to < to ? item.to : to,
        }))
      return { kind: 'symbols', from, to, items: items.filter(({ id }) => market.byId.has(id)) }
    }
  }
}
