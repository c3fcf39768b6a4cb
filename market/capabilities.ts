import { AKSHARE_CAPABILITIES } from './akshare.ts'
import { BAOSTOCK_CAPABILITIES } from './baostock.ts'
import type { CapabilityTable } from './capability.ts'
import type { SourceName } from './sources.ts'
import { TUSHARE_CAPABILITIES } from './tushare.ts'

/** What each source can do at its best, whether it is switched on or not and whatever the account may. */
export const CAPABILITIES: Readonly<Record<SourceName, CapabilityTable>> = {
  tushare: TUSHARE_CAPABILITIES,
  akshare: AKSHARE_CAPABILITIES,
  baostock: BAOSTOCK_CAPABILITIES,
}
