import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { openRecordedMarket, type RecordedMarket } from '../../local/replay/recorded.ts'

/** Where recorded real data lies; it is not part of the project. */
export const RECORDED_DATA = process.env.RECORDED_DATA ?? join(import.meta.dirname, '../../../shared/data')

/** Tests of recorded data count as skipped where it is absent. */
export const hasRecordedData = existsSync(join(RECORDED_DATA, 'trade_cal.csv.gz'))

let market: RecordedMarket | undefined

/** The recorded market, read once in a process: that takes seconds. It is everybody's, so nobody may correct it. */
export const recordedMarket = (): RecordedMarket => (market ??= openRecordedMarket(RECORDED_DATA))
