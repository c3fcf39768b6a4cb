import { DATASETS, isReportDataset } from '../../market/datasets.ts'
import { addDays, shanghaiClock } from '../../market/date.ts'
import { comesInParts } from '../../market/valuation.ts'
import { ofExchanges } from '../../planning/exchanges.ts'
import type { MarketFacts } from '../../planning/market-facts.ts'
import type { DateRange, PlanInstrument, Region, WantedItem } from '../../planning/types.ts'
import type { OpenFailure } from '../queries/failures.ts'
import { planAnnounced } from './announced.ts'
import { planCells } from './cells.ts'
import { planEvents } from './events.ts'
import { planInParts } from './in-parts.ts'
import type { DatasetPlan, DatedInput } from './shape.ts'

/*
 * What failed, once more: cells of failures that nobody has brought since, and nothing else. They are planned together,
 * whichever runs they failed in, so that each call brings as many of them as it can.
 */

/** Batches for the open failures of one dataset with dates. */
export async function planFailed(
  input: DatedInput,
  failures: readonly OpenFailure[],
): Promise<DatasetPlan[]> {
  const { dataset, params, market } = input
  if (DATASETS[dataset].cell === 'event') {
    const again = { ...input, params: { ...params, refresh: true } }
    return joined(await each(nearSpans(failures), (span) => planEvents(between(again, span))))
  }
  const announced = isReportDataset(dataset)
    ? await each(failedSpans(failures), (span) => planAnnounced({ ...input, dataset }, span))
    : []
  const only = failedItems(failures, market, input.context.now())
  if (only.length === 0) return joined(announced)
  const own = { ...between(input, hullOf(only)), only }
  // As it is where nothing has failed, see planDatasetsOf.
  const isForAny = params.source_mode !== 'all' && (params.want ?? 'any') === 'any'
  const cells = comesInParts(dataset) && isForAny ? await planInParts(own) : await planCells(own)
  return announced.length === 0 ? cells : joined([...announced, ...cells])
}

/**
 * What is to be brought of each instrument so that the failures are resolved, whether or not it was brought since.
 *
 * @param now where a failure names no dates it is about all sessions before this day
 */
export function failedItems(failures: readonly OpenFailure[], market: MarketFacts, now: Date): WantedItem[] {
  const items = new Map<PlanInstrument, DateRange[]>()
  for (const { instrument, range } of failedCells(failures, market, now)) {
    const known = items.get(instrument)
    if (known) known.push(range)
    else items.set(instrument, [range])
  }
  return [...items].map(([instrument, ranges]) => ({ instrument, ranges }))
}

/** Of one instrument. */
export interface FailedCells {
  instrument: PlanInstrument
  range: DateRange
}

/** The same piece by piece, for those who stop early: a day of the whole market is thousands of pieces. */
export function* failedCells(
  failures: readonly OpenFailure[],
  { calendar, instruments, byId }: MarketFacts,
  now: Date,
): Generator<FailedCells> {
  const whole = { from: calendar.sessions[0] ?? '', to: addDays(shanghaiClock(now).date, -1) }
  for (const { instrument_id: id, from_date, to_date, regions } of failures) {
    const instrument = id === null ? undefined : byId.get(id)
    if (instrument) yield { instrument, range: { from: from_date ?? whole.from, to: to_date ?? whole.to } }
    if (id === null) for (const region of regions ?? []) yield* cellsOf(region, instruments, byId)
  }
}

function* cellsOf(
  region: Region,
  instruments: MarketFacts['instruments'],
  byId: MarketFacts['byId'],
): Generator<FailedCells> {
  if (region.kind === 'symbols')
    for (const item of region.items) {
      const instrument = byId.get(item.id)
      if (instrument) yield { instrument, range: item }
    }
  if (region.kind !== 'market') return
  const own = region.exchanges ? instruments.filter(ofExchanges(region.exchanges)) : instruments
  for (const date of region.dates) {
    const range = { from: date, to: date }
    for (const instrument of own) yield { instrument, range }
  }
}

// Events are few: what lies between two days that failed costs less than a call of its own for each of them.
const NEAR_DAYS = 92

const nearSpans = (failures: readonly OpenFailure[]): DateRange[] => failedSpans(failures, NEAR_DAYS)

/** Days of events or announcements that failed, joined where they overlap or are no further apart than so many days. */
export function failedSpans(failures: readonly OpenFailure[], apart = 0): DateRange[] {
  const ranges = failures
    .flatMap(({ regions }) => regions ?? [])
    .flatMap((region) => (region.kind === 'range' ? [{ from: region.from, to: region.to }] : []))
    .sort((a, b) => (a.from < b.from ? -1 : 1))
  const spans: DateRange[] = []
  for (const range of ranges) {
    const last = spans.at(-1)
    if (!last || range.from > addDays(last.to, apart)) spans.push(range)
    else if (range.to > last.to) last.to = range.to
  }
  return spans
}

function hullOf(items: readonly WantedItem[]): DateRange {
  const ranges = items.flatMap((item) => item.ranges)
  return {
    from: ranges.reduce((least, { from }) => (from < least ? from : least), '9999-12-31'),
    to: ranges.reduce((most, { to }) => (to > most ? to : most), '0001-01-01'),
  }
}

const between = (input: DatedInput, { from, to }: DateRange): DatedInput => ({
  ...input,
  params: { ...input.params, start_date: from, end_date: to },
})

async function each(
  spans: readonly DateRange[],
  plan: (span: DateRange) => Promise<DatasetPlan[]>,
): Promise<DatasetPlan[]> {
  const plans: DatasetPlan[] = []
  for (const span of spans) plans.push(...(await plan(span)))
  return plans
}

/** Plans of one dataset as one for each source that they are mostly for. */
function joined(plans: readonly DatasetPlan[]): DatasetPlan[] {
  const bySource = new Map<string | null, DatasetPlan>()
  for (const plan of plans) {
    const known = bySource.get(plan.source)
    if (!known) bySource.set(plan.source, plan)
    else
      bySource.set(plan.source, {
        ...known,
        batches: [...known.batches, ...plan.batches],
        parts: [...known.parts, ...plan.parts],
        notes: [...new Set([...known.notes, ...plan.notes])],
      })
  }
  return [...bySource.values()]
}
