import { existsSync } from 'node:fs'
import { join } from 'node:path'

/** Where recorded real data lies; it is not part of the project. */
export const RECORDED_DATA = process.env.RECORDED_DATA ?? join(import.meta.dirname, '../../../shared/data')

/** Tests of recorded data count as skipped where it is absent. */
export const hasRecordedData = existsSync(join(RECORDED_DATA, 'trade_cal.csv.gz'))
