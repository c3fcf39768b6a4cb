import type { Statement } from '../reports.ts'
import type { Rng } from './rng.ts'

/*
 * Figures of an invented company. What has to add up does: upstreams' columns are checked by their sums.
 */

/** What a company is like for all of its life; money in yuan. */
export interface Business {
  readonly isBank: boolean
  readonly shares: number
  /** Revenue of an ordinary quarter. */
  readonly revenue: number
  /** Shares of revenue. */
  readonly costShare: number
  readonly profitShare: number
  readonly debtShare: number
}

export const businessOf = (rng: Rng, isBank: boolean): Business => ({
  isBank,
  shares: rng.between(50, 4_000) * 1_000_000,
  revenue: rng.between(200, 40_000) * 100_000,
  costShare: 0.5 + rng.unit() * 0.25,
  profitShare: 0.04 + rng.unit() * 0.12,
  debtShare: isBank ? 0.9 : 0.25 + rng.unit() * 0.4,
})

const cents = (value: number): number => Math.round(value * 100) / 100
const places = (value: number, digits: number): number => Math.round(value * 10 ** digits) / 10 ** digits

type Figures = Record<string, number>

/**
 * The figures of one report.
 *
 * @param quarters of the year so far: income and cash flows add up from January on
 * @param years since the first report: companies grow
 * @param scale 1; something else for figures that were corrected
 */
export function figuresOf(
  business: Business,
  report: { quarters: number; years: number; scale: number },
): Record<Statement, Figures> {
  const { isBank, shares, costShare, profitShare, debtShare } = business
  const { quarters, years, scale } = report
  const revenue = cents(business.revenue * quarters * (1 + years * 0.08) * scale)
  const profit = cents(revenue * profitShare)
  const tax = cents(profit * 0.15)
  const net = cents(profit - tax)
  const minority = cents(net * 0.03)
  const own = cents(net - minority)
  const equity = cents(business.revenue * 4 * (1 + years * 0.1) * scale)
  const assets = cents(equity / (1 - debtShare))
  const debts = cents(assets - equity)
  const operating = cents(net * 1.2)
  const investing = -cents(net * 0.7)
  const financing = -cents(net * 0.2)
  const cash = cents(assets * 0.12)
  const change = cents(operating + investing + financing)
  const costs = cents(revenue - profit)
  const trade = isBank
    ? {
        int_income: cents(revenue * 0.8),
        int_exp: cents(revenue * 0.3),
        n_commis_income: cents(revenue * 0.1),
      }
    : { oper_cost: cents(revenue * costShare), sell_exp: cents(revenue * 0.05) }
  return {
    income: {
      basic_eps: places(own / shares, 4),
      diluted_eps: places(own / shares, 4),
      total_revenue: revenue,
      revenue,
      ...trade,
      total_cogs: costs,
      admin_exp: cents(revenue * 0.06),
      fin_exp: cents(revenue * 0.01),
      operate_profit: profit,
      total_profit: profit,
      income_tax: tax,
      n_income: net,
      n_income_attr_p: own,
      minority_gain: minority,
      ebit: cents(profit * 1.1),
      continued_net_profit: net,
    },
    balance_sheet: {
      total_share: shares,
      money_cap: cash,
      ...(isBank
        ? { decr_in_disbur: cents(assets * 0.6), depos: cents(debts * 0.8) }
        : {
            accounts_receiv: cents(assets * 0.1),
            inventories: cents(assets * 0.15),
            acct_payable: cents(debts * 0.3),
            adv_receipts: cents(debts * 0.05),
          }),
      total_assets: assets,
      total_liab: debts,
      minority_int: cents(equity * 0.03),
      total_hldr_eqy_exc_min_int: cents(equity * 0.97),
      total_hldr_eqy_inc_min_int: equity,
      total_liab_hldr_eqy: assets,
      contract_liab: cents(debts * 0.02),
    },
    cash_flow: {
      net_profit: net,
      n_cashflow_act: operating,
      n_cashflow_inv_act: investing,
      n_cash_flows_fnc_act: financing,
      n_incr_cash_cash_equ: change,
      free_cashflow: cents(operating + investing),
      c_cash_equ_end_period: cash,
    },
    fin_indicator: {
      eps: places(own / shares, 4),
      bps: places((equity * 0.97) / shares, 4),
      ocfps: places(operating / shares, 4),
      roe_waa: places((own / (equity * 0.97)) * 100, 4),
      roe: places((own / (equity * 0.97)) * 100, 4),
      netprofit_margin: places((net / revenue) * 100, 4),
      ...(isBank ? {} : { grossprofit_margin: places((1 - costShare) * 100, 4) }),
      ...(isBank ? {} : { current_ratio: places(1 / debtShare, 4) }),
      debt_to_assets: places(debtShare * 100, 4),
      assets_to_eqt: places(1 / (1 - debtShare), 4),
      tr_yoy: places(8 / (1 + Math.max(0, years - 1) * 0.08), 4),
      netprofit_yoy: places(8 / (1 + Math.max(0, years - 1) * 0.08), 4),
      q_sales_yoy: places(scale * 7.5, 4),
    },
  }
}
