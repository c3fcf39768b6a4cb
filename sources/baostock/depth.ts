import type { Dataset } from '../../market/datasets.ts'
import type { TradeDate } from '../../market/date.ts'
import type { FetchContext } from '../contract.ts'
import { SourceError } from '../errors.ts'
import { APIS, type BaostockApi } from './apis.ts'
import type { BaostockClient } from './client.ts'

/** A date that certainly has rows, and from when on the table is trusted when it shows them. */
interface Sample {
  date: TradeDate
  trustedFrom: TradeDate
}

// The oldest first: who has it has everything after it.
const SESSIONS: readonly Sample[] = [
  { date: '1995-01-03', trustedFrom: '1990-12-19' },
  { date: '2015-01-05', trustedFrom: '2015-01-05' },
]
// Sessions without an ex-date are common, so these are ex-dates of a stock that was listed then: sz.000001.
const EX_DATES: readonly Sample[] = [
  { date: '1995-09-25', trustedFrom: '1990-12-19' },
  { date: '2015-04-13', trustedFrom: '2015-04-13' },
]

/**
 * How far back the tables of a whole day reach, by a few of them. A table that is not there and one without rows look the
 * same, so only days that must have rows can tell.
 *
 * Whether factors of the newest session are missing or there are none cannot be told: they are trusted for it where the
 * bars are there, since both tables came with the same version of the server.
 *
 * @returns the first date that by-date calls can be trusted from, null when none
 */
export async function sampleDepth(
  client: BaostockClient,
  dataset: Dataset,
  newest: TradeDate,
  context: FetchContext,
): Promise<TradeDate | null> {
  const rowsOn = (api: BaostockApi, date: TradeDate) => rowCount(client, api, date, context)
  if (!(await rowsOn(APIS.k_data_of_day, newest))) return null
  const isOfFactors = dataset === 'adj_factor'
  const api = isOfFactors ? APIS.adjust_factor_of_day : APIS.k_data_of_day
  const samples = (isOfFactors ? EX_DATES : SESSIONS).filter(({ date }) => date < newest)
  if (isOfFactors && (await rowsOn(api, newest)) === null) return null
  for (const { date, trustedFrom } of samples) if (await rowsOn(api, date)) return trustedFrom
  return newest
}

/** Rows of that day in a day's table; null where the server refuses to have such a table. */
async function rowCount(
  client: BaostockClient,
  api: BaostockApi,
  date: TradeDate,
  context: FetchContext,
): Promise<number | null> {
  try {
    const { rows, at } = await client.table(api, [date], context)
    const [, dateColumn = ''] = api.key
    return rows.texts().filter((row) => row[at[dateColumn] ?? -1] === date).length
  } catch (error) {
    if (error instanceof SourceError && error.errorClass === 'BadRequest') return null
    throw error
  }
}
