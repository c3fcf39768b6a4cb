import { expect } from 'vitest'
import type { RankedSource } from '../../db/plan/candidates.ts'
import { type DatasetPlan, type PlanContext, planDatasetsOf } from '../../db/plan-datasets.ts'
import { AKSHARE_CAPABILITIES, AKSHARE_LIST_PARTS } from '../../market/akshare.ts'
import { BAOSTOCK_CAPABILITIES } from '../../market/baostock.ts'
import type { CallLimits } from '../../market/capability.ts'
import type { Dataset } from '../../market/datasets.ts'
import type { RunParams } from '../../market/run-params.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import type { SourceName } from '../../market/sources.ts'
import { TUSHARE_CAPABILITIES, TUSHARE_LIST_PARTS } from '../../market/tushare.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'

/*
 * A market of four stocks (1 and 2 of Shanghai, 3 of Shenzhen, 4 of Beijing) and nine sessions, on the evening of the
 * last of them.
 */

const SESSIONS = ['02', '03', '04', '05', '08', '09', '10', '11', '12'].map((day) => `2024-01-${day}`)
export const FIRST = '2024-01-02'
export const LAST = '2024-01-12'
export const SYMBOLS = ['600000.SH', '600009.SH', '000001.SZ', '920001.BJ']

export async function openSmallMarket(): Promise<TestDatabase> {
  const db = await createTestDatabase()
  await db.sql`
    insert into trade_calendar (exchange, trade_date, is_open, source)
    select 'SSE', d, true, 'tushare' from unnest(${SESSIONS}::date[]) d`
  // Without the indices, so that the ids are 1, 2, 3 …
  await db.sql`truncate instrument restart identity cascade`
  await db.sql`
    insert into instrument (board, exchange, list_date)
    select 'main', e, '2020-01-02' from unnest(array['SSE', 'SSE', 'SZSE', 'BSE']) e`
  await db.sql`
    insert into instrument_code (code, instrument_id, source)
    select code, id, 'tushare' from unnest(${SYMBOLS}::text[]) with ordinality s(code, id)`
  return db
}

/** Notes that a source has brought a dataset of an instrument (0: of its whole market), on all sessions or some. */
export const cover = (
  db: TestDatabase,
  dataset: Dataset,
  name: SourceName,
  id: number,
  ranges = '{[2024-01-02,2024-01-15)}',
) =>
  db.sql`
    insert into coverage (dataset, instrument_id, source, ranges)
    values (${dataset}, ${id}, ${name}, ${ranges}::datemultirange)`

const NO_LIMIT: CallLimits = { perMinute: null, perHour: null, perDay: null, minIntervalMs: 0 }
const SOURCES = {
  tushare: { capabilities: TUSHARE_CAPABILITIES, parts: TUSHARE_LIST_PARTS },
  baostock: { capabilities: BAOSTOCK_CAPABILITIES, parts: {} },
  akshare: { capabilities: AKSHARE_CAPABILITIES, parts: AKSHARE_LIST_PARTS },
}

/** A source that may be asked without limit, or what differs from that. */
export function source(
  name: SourceName,
  differs: Partial<RankedSource> & { perDay?: number } = {},
): RankedSource {
  const { capabilities, parts } = SOURCES[name]
  const { perDay = null, ...rest } = differs
  const listParts: Partial<Record<Dataset, readonly string[]>> = parts
  return {
    name,
    capabilities,
    partsOf: (dataset) => listParts[dataset] ?? [],
    limitsOf: () => ({ ...NO_LIMIT, perDay }),
    deniedApis: new Set(),
    ...rest,
  }
}

export async function plansOf(
  db: TestDatabase,
  sources: readonly RankedSource[],
  dataset: Dataset,
  params: RunParams = {},
  differs: Partial<PlanContext> = {},
): Promise<DatasetPlan[]> {
  const context: PlanContext = {
    sql: db.sql,
    sources,
    depths: [],
    listsAgain: false,
    ...RUN_DEFAULTS,
    historyStart: FIRST,
    now: () => new Date('2024-01-12T20:00:00+08:00'),
    ...differs,
  }
  return await planDatasetsOf(context, [dataset], params)
}

/** The plan of a dataset that is planned once. */
export async function planOf(...options: Parameters<typeof plansOf>): Promise<DatasetPlan> {
  const [plan = expect.fail('no plan'), ...others] = await plansOf(...options)
  expect(others).toEqual([])
  return plan
}

/** Instruments and dates of the batches, e.g. `3 2024-01-02..2024-01-12`, with the source that they are bound to. */
export const regionsOf = (plan: DatasetPlan): string[] =>
  plan.batches
    .flatMap(({ region, source: bound }) => {
      const to = bound === undefined ? '' : ` ${bound}`
      if (region.kind === 'symbols')
        return region.items.map((item) => `${item.id} ${item.from}..${item.to}${to}`)
      if (region.kind === 'market')
        return [`${(region.exchanges ?? ['all']).join(',')} ${region.dates.join(' ')}${to}`]
      return [region.kind === 'range' ? `${region.from}..${region.to}${to}` : `list${to}`]
    })
    .sort()

/** All sessions of an instrument. */
export const whole = (id: number) => `${id} ${FIRST}..${LAST}`
