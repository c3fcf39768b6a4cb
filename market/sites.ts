import { AKSHARE_SITES } from './akshare.ts'
import { BAOSTOCK_SITE } from './baostock.ts'
import type { SourceName } from './sources.ts'
import { TUSHARE_SITE } from './tushare.ts'

/** The parts of each source that are up or down as one. */
export const SITES: Readonly<Record<SourceName, readonly string[]>> = {
  tushare: [TUSHARE_SITE],
  akshare: AKSHARE_SITES,
  baostock: [BAOSTOCK_SITE],
}
