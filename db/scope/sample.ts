import type { Capability } from '../../market/capability.ts'
import type { RunParams } from '../../market/run-params.ts'
import type { Exchange } from '../../market/symbol.ts'
import { newestReady } from '../../planning/market-facts.ts'
import type { ScopeContext } from './context.ts'
import { sampleSymbols } from '../queries/comparison.ts'
import { loadCalendar } from '../queries/planning.ts'

// Enough to see a source that counts in another unit or leaves out a board, and a few minutes for the slowest of them.
const SAMPLED_SYMBOLS = 50
const SAMPLED_SESSIONS = 60

/**
 * What a comparison is about: the symbols and dates that were asked for, else a sample of the market over the newest
 * sessions that all sources have by now. Drawn by the run's id, so that a plan and its repetition are the same.
 *
 * @throws RangeError when there is nothing to draw from, or when fewer than two sources have daily bars
 */
export async function comparisonParams(
  { sql, sources, now }: Pick<ScopeContext, 'sql' | 'sources' | 'now'>,
  runId: string,
  params: RunParams,
): Promise<RunParams> {
  const capabilities = [...sources.values()].flatMap(({ capabilities }) => capabilities.bars ?? [])
  if (capabilities.length < 2)
    throw new RangeError('a comparison needs two sources with daily bars: switch on another one')
  const calendar = await loadCalendar(sql)
  const ready = capabilities.flatMap((capability) => newestReady(now(), capability, calendar) ?? []).sort()[0]
  if (ready === undefined) throw nothingToDraw()
  const last = calendar.lastAtOrBefore(params.end_date && params.end_date < ready ? params.end_date : ready)
  if (last < 0) throw nothingToDraw()
  const to = calendar.at(last)
  const from = params.start_date ?? calendar.at(Math.max(0, last - SAMPLED_SESSIONS + 1))
  const drawn = { runId, count: SAMPLED_SYMBOLS, from, to, exchanges: sharedExchanges(capabilities) }
  const symbols = params.symbols ?? (await sampleSymbols(sql, drawn))
  if (symbols.length === 0) throw nothingToDraw()
  return { want: 'each', ...params, symbols, start_date: from, end_date: to, source_mode: 'all' }
}

const nothingToDraw = () =>
  new RangeError('a comparison needs a stock list and a calendar with a closed session: run stock_list first')

/** Exchanges that two sources serve: elsewhere there is nothing to compare. */
function sharedExchanges(capabilities: readonly Capability[]): Exchange[] {
  const served = capabilities.flatMap(({ exchanges }) => exchanges)
  return [...new Set(served)].filter((exchange) => served.filter((e) => e === exchange).length > 1)
}
