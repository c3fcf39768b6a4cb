import { drift } from './columns.ts'
import type { AkshareFunction } from './functions.ts'
import { numberOf, type Row } from './values.ts'

/*
 * AKShare names the columns of the data centre by position: a field that the site inserts moves every name after it and
 * nothing fails. Sums that hold in every balance sheet show it.
 */

/** True: as it must be; false: not; null: the row does not say. */
type Sum = (row: Row) => boolean | null

const near = (a: number, b: number, share: number, least: number): boolean =>
  Math.abs(a - b) <= Math.max(least, share * Math.max(Math.abs(a), Math.abs(b)))

/** A sum over columns that must all be there. */
const over =
  (columns: readonly string[], holds: (...values: number[]) => boolean): Sum =>
  (row) => {
    const values = columns.map((column) => numberOf(row[column]))
    return values.includes(null) ? null : holds(...(values as number[]))
  }

const SUMS: Readonly<Partial<Record<AkshareFunction, Readonly<Record<string, Sum>>>>> = {
  stock_lrb_em: {
    '利润总额 is not close to 营业利润': over(['营业利润', '利润总额'], (operating, total) =>
      near(operating, total, 0.5, 1),
    ),
    // Minorities, taxes and gains apart, what is left of a profit is a part of it.
    '净利润 is no part of 利润总额': over(['净利润', '利润总额'], (net, total) => near(net, total, 0.6, 1)),
    '营业总支出 is below 营业支出': over(
      ['营业总支出-营业支出', '营业总支出-营业总支出'],
      (cost, total) => total >= cost * 0.999,
    ),
    // Income from investments may close a gap, but not most of it.
    '营业总收入 less 营业总支出 is far from 营业利润': over(
      ['营业总收入', '营业总支出-营业总支出', '营业利润'],
      (revenue, cost, profit) => Math.abs(revenue - cost - profit) <= 0.3 * Math.max(revenue, cost),
    ),
  },
  stock_zcfz_em: {
    '资产-总资产 is not 负债-总负债 and 股东权益合计': over(
      ['资产-总资产', '负债-总负债', '股东权益合计'],
      (assets, debts, equity) => near(assets, debts + equity, 1e-4, 1),
    ),
    '资产负债率 is not 负债-总负债 by 资产-总资产': over(
      ['资产-总资产', '负债-总负债', '资产负债率'],
      (assets, debts, percent) => near((debts / assets) * 100, percent, 1e-3, 0.01),
    ),
    'a part of the assets is more than 资产-总资产': over(
      ['资产-货币资金', '资产-总资产'],
      (money, assets) => money <= assets,
    ),
  },
  stock_xjll_em: {
    // Exchange rates take the rest.
    '净现金流 is not the sum of the three flows': over(
      [
        '净现金流-净现金流',
        '经营性现金流-现金流量净额',
        '投资性现金流-现金流量净额',
        '融资性现金流-现金流量净额',
      ],
      (net, ...flows) =>
        Math.abs(net - flows.reduce((sum, flow) => sum + flow, 0)) <=
        Math.max(1, 0.1 * Math.max(...flows.map(Math.abs))),
    ),
    '经营性现金流-净现金流占比 is not its share': over(
      ['净现金流-净现金流', '经营性现金流-现金流量净额', '经营性现金流-净现金流占比'],
      (net, flow, percent) => near(Math.abs((percent * net) / 100), Math.abs(flow), 0.01, 1),
    ),
  },
  stock_yjbb_em: {
    // By weighted and by final equity: the same order of size, no more.
    '净资产收益率 is far from 每股收益 by 每股净资产': over(
      ['每股收益', '每股净资产', '净资产收益率'],
      (eps, bps, roe) => near((eps / bps) * 100, roe, 0.6, 1),
    ),
    // Listed companies have between ten million and a trillion shares.
    '净利润 by 每股收益 is no number of shares': over(['净利润-净利润', '每股收益'], (profit, eps) => {
      const shares = profit / eps
      return eps === 0 || (shares > 5e6 && shares < 1e12)
    }),
    '销售毛利率 is over 100 per cent': over(['销售毛利率'], (margin) => margin <= 100),
  },
}

/** @throws SourceError SchemaDrift when a sum is wrong in more than half of the rows that say it */
export function checkStatement(name: AkshareFunction, rows: readonly Row[]): void {
  for (const [complaint, sum] of Object.entries(SUMS[name] ?? {})) {
    let said = 0
    let wrong = 0
    for (const row of rows) {
      const holds = sum(row)
      if (holds === null) continue
      said++
      if (!holds) wrong++
    }
    if (wrong * 2 > said) throw drift(name, `${complaint}: the columns have moved`, rows)
  }
}
