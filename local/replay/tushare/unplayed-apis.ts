import { createApi } from './api.ts'
import type { Api } from './api.ts'

/** Name, points and required parameters (one of them) of what no market here can answer yet. */
const UNPLAYED: readonly (readonly [name: string, points: number, required: readonly string[]])[] = [
  ['stk_weekly_monthly', 2000, ['freq']],
  ['stk_limit', 2000, []],
  ['stock_st', 3000, []],
  ['dividend', 2000, []],
  ['index_basic', 2000, []],
  ['index_dailybasic', 400, []],
  ['index_weekly', 600, []],
]

/** Interfaces that exist upstream and are refused here like those that an account may not use. */
export const UNPLAYED_APIS: readonly Api[] = UNPLAYED.map(([name, points, required]) =>
  createApi({ name, points, cap: 1, required, isOffered: () => false, columns: [], select: () => undefined }),
)
