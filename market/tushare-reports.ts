import type { Capability, CapabilityTable } from './capability.ts'
import type { ReportDataset } from './datasets.ts'
import { FIRST_PERIOD } from './report-periods.ts'

/*
 * What Tushare has of financial reports: the whole market of a report period for accounts of 5,000 points, one company at
 * a time for the others.
 */

/** The interfaces behind a dataset: of one company, and of the whole market. */
export const TUSHARE_REPORT_APIS = {
  income: { ofCompany: 'income', ofMarket: 'income_vip' },
  balance_sheet: { ofCompany: 'balancesheet', ofMarket: 'balancesheet_vip' },
  cash_flow: { ofCompany: 'cashflow', ofMarket: 'cashflow_vip' },
  fin_indicator: { ofCompany: 'fina_indicator', ofMarket: 'fina_indicator_vip' },
} as const satisfies Record<ReportDataset, { ofCompany: string; ofMarket: string }>

const VIP_POINTS = 5_000

// Nobody says how many rows these interfaces hold; their siblings hold 6,000. Plans count with it, the source goes by what
// the server says of the rest.
const ASSUMED_ROWS = 6_000

/** Of one company's indicators; their page says so. */
export const TUSHARE_INDICATOR_ROWS = 100

/**
 * @param points of the account; the whole market is tried where they are unknown
 * @param place what all interfaces of Tushare have in common
 */
export function tushareReports(
  points: number | undefined,
  place: Pick<Capability, 'site' | 'exchanges'>,
): Pick<CapabilityTable, ReportDataset> {
  const reports = (dataset: ReportDataset): Capability => {
    const { ofCompany, ofMarket } = TUSHARE_REPORT_APIS[dataset]
    const common = { ...place, historyStart: FIRST_PERIOD, readyTime: '00:00' }
    // All reports of a company come with one answer, whichever are wanted.
    const one: Capability = {
      ...common,
      api: ofCompany,
      budget: ofCompany,
      bySymbols: { maxSymbols: 1, rowCap: ASSUMED_ROWS },
      byDate: null,
      sparse: true,
      ...(dataset === 'fin_indicator' && { rowsPerPage: TUSHARE_INDICATOR_ROWS }),
    }
    if (points !== undefined && points < VIP_POINTS) return one
    return {
      ...common,
      api: ofMarket,
      budget: ofMarket,
      bySymbols: { maxSymbols: 1, rowCap: ASSUMED_ROWS },
      byDate: { rowCap: ASSUMED_ROWS, maxDates: 1, reach: 'history' },
      byAnnouncement: true,
      instead: one,
    }
  }
  return {
    income: reports('income'),
    balance_sheet: reports('balance_sheet'),
    cash_flow: reports('cash_flow'),
    fin_indicator: reports('fin_indicator'),
  }
}
