import { createApi } from './api.ts'
import type { Api } from './api.ts'

const CODE = ['ts_code']
const CODE_OR_DATE = ['ts_code', 'trade_date']

/** Name, points and required parameters (one of them) of what no market here can answer yet. */
const UNPLAYED: readonly (readonly [name: string, points: number, required: readonly string[]])[] = [
  ['weekly', 2000, CODE_OR_DATE],
  ['monthly', 2000, CODE_OR_DATE],
  ['stk_weekly_monthly', 2000, ['freq']],
  ['daily_basic', 2000, CODE_OR_DATE],
  ['stk_limit', 2000, []],
  ['stock_st', 3000, []],
  ['income', 2000, CODE],
  ['balancesheet', 2000, CODE],
  ['cashflow', 2000, CODE],
  ['income_vip', 5000, []],
  ['balancesheet_vip', 5000, []],
  ['cashflow_vip', 5000, []],
  ['fina_indicator', 2000, CODE],
  ['fina_indicator_vip', 5000, []],
  ['disclosure_date', 500, []],
  ['dividend', 2000, []],
  ['index_basic', 2000, []],
  ['index_daily', 2000, CODE],
  ['index_dailybasic', 400, []],
  ['index_weekly', 600, []],
]

/** Interfaces that exist upstream and are refused here like those that an account may not use. */
export const UNPLAYED_APIS: readonly Api[] = UNPLAYED.map(([name, points, required]) =>
  createApi({ name, points, cap: 1, required, isOffered: () => false, columns: [], select: () => undefined }),
)
