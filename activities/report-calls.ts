import { announcers } from '../db/queries/disclosures.ts'
import type { SourceCall } from '../market/capability.ts'
import { isReportDataset } from '../market/datasets.ts'
import { shanghaiClock, type TradeDate } from '../market/date.ts'
import { ANNOUNCED, newestSettled } from '../market/report-periods.ts'
import { symbolsRegion } from '../planning/batches.ts'
import type { Region } from '../planning/types.ts'
import type { Work } from './batch-work.ts'

/*
 * What is different about calls for reports: a company may not have reported yet, and what was planned by announcement or
 * for the whole market may have to be asked company by company.
 */

// Listed companies report every quarter since the first quarter of 2002; before that, some did and some did not.
const QUARTERLY_SINCE = '2002-03-31'

/** Calls with the rows that must come: none of periods that nobody need have reported for. */
export function expecting({ deps }: Pick<Work, 'deps'>, calls: readonly SourceCall[]): SourceCall[] {
  const settled = newestSettled(shanghaiClock(deps.now()).date) ?? ''
  const isDue = ({ from, to }: SourceCall) => (to ?? '') >= QUARTERLY_SINCE && (from ?? '9') <= settled
  return calls.map((call) => (!isReportDataset(call.dataset) || isDue(call) ? call : { ...call, rows: 0 }))
}

/** False for calls that the source could once make and that its account was refused since. */
export const areAllowed = ({ capability }: Work, calls: readonly SourceCall[]): boolean =>
  calls.every(
    ({ dataset, symbols, part }) =>
      !isReportDataset(dataset) ||
      (part === ANNOUNCED
        ? capability.byAnnouncement === true
        : symbols !== null || capability.byDate !== null),
  )

/**
 * The region as the source can be asked for it. Days of announcements become the companies that published on them, where
 * the source knows no such calls; null for nobody.
 */
export async function askable(
  { deps, batch, capability, market }: Work,
  region: Region,
): Promise<Region | null> {
  if (region.kind !== 'range' || !isReportDataset(batch.dataset) || capability.byAnnouncement) return region
  const found = await announcers(deps.db.sql, { dataset: batch.dataset, from: region.from, to: region.to })
  const newest = market.calendar.at(market.calendar.length - 1)
  const items = found
    .filter(({ id }) => market.byId.has(id))
    .map(({ id, period_end: from }) => ({ id, from, to: newest }))
  return items.length === 0 ? null : symbolsRegion(items)
}

/** The newest date that a source may be asked for: announcements come on any day, periods when they are over. */
export const lastAskable = (
  region: Region,
  dataset: Work['batch']['dataset'],
  now: Date,
): TradeDate | null => (region.kind === 'range' && isReportDataset(dataset) ? shanghaiClock(now).date : null)
