import { addDays, toCompact, type TradeDate } from '../../market/date.ts'
import { isReportDataset, type ReportDataset } from '../../market/datasets.ts'
import { ANNOUNCED, isPeriodEnd } from '../../market/report-periods.ts'
import { isSymbol } from '../../market/symbol.ts'
import { TUSHARE_REPORT_APIS } from '../../market/tushare-reports.ts'
import type { SourceCall } from '../../market/capability.ts'
import type { Answer, RejectedRow, ReportRow } from '../contract.ts'
import { rawOf } from '../raw.ts'
import { isKeyColumn, reportApi } from './report-apis.ts'
import type { TushareApi } from './apis.ts'
import type { TushareParams } from './client.ts'
import { type Cells, type Columns, dateOf, inUniverse, type Mapped, text } from './map.ts'
import type { AskPages } from './pages.ts'

type Brought = Pick<Answer, 'rows' | 'rejected' | 'requests'> & { rows: ReportRow[] }

/** What one query asks for, and which of its rows belong to it. */
interface Query {
  api: TushareApi
  params: TushareParams
  /** `aside`: true, but of a period that nobody asked for. */
  judge: (row: ReportRow) => 'asked' | 'aside' | 'stray'
}

/**
 * The reports of a call: of companies or of the whole market, by report period or by the days of their announcement.
 *
 * @throws SourceError
 */
export async function fetchReports(call: SourceCall, ask: AskPages): Promise<Brought> {
  const answer: Brought = { rows: [], rejected: [], requests: 0 }
  for (const { api, params, judge } of queriesOf(call)) {
    const { at, items, requests } = await ask(api, params)
    answer.requests += requests
    for (const cells of items) {
      const row = mapReport(cells, at)
      if (row === null) continue
      if ('reason' in row) answer.rejected.push(rejectedOf(cells, at, row.reason))
      else if (judge(row) === 'asked') answer.rows.push(row)
      else if (judge(row) === 'stray')
        answer.rejected.push(rejectedOf(cells, at, 'not part of what was asked'))
    }
  }
  return answer
}

function queriesOf(call: SourceCall): Query[] {
  const { dataset, symbols, from, to, part } = call
  if (!isReportDataset(dataset) || from === null || to === null)
    throw new TypeError(`a call for ${dataset} needs report periods`)
  const { ofCompany, ofMarket } = TUSHARE_REPORT_APIS[dataset]
  if (part === ANNOUNCED) return daysOf(from, to).map((day) => announcedOn(dataset, ofMarket, day))
  if (symbols !== null)
    return symbols.map((symbol) => ofOne(reportApi(dataset, ofCompany), { symbol, from, to }))
  if (from !== to) throw new TypeError('the whole market comes one report period at a time')
  return [
    {
      api: reportApi(dataset, ofMarket),
      params: { period: toCompact(from) },
      judge: (row) => (row.period_end === from ? 'asked' : 'stray'),
    },
  ]
}

/**
 * One period, or all there are: the dates of the interface filter announcements, not periods, and whoever asks by them
 * loses the rows without one. Of a long history the periods that nobody asked for stay aside.
 */
function ofOne(api: TushareApi, asked: { symbol: string; from: TradeDate; to: TradeDate }): Query {
  const { symbol, from, to } = asked
  const period = from === to ? { period: toCompact(from) } : {}
  return {
    api,
    params: { ts_code: symbol, ...period },
    judge: (row) => {
      if (row.symbol !== symbol) return 'stray'
      if (row.period_end >= from && row.period_end <= to) return 'asked'
      return from === to ? 'stray' : 'aside'
    },
  }
}

/**
 * What was published on a day. Corrections keep the announcement of the first version, so that statements are asked by the
 * day on which the version itself came out; indicators know only one of the two.
 */
function announcedOn(dataset: ReportDataset, name: string, day: TradeDate): Query {
  const field = dataset === 'fin_indicator' ? 'ann_date' : 'f_ann_date'
  return {
    api: reportApi(dataset, name),
    params: { [field]: toCompact(day) },
    judge: (row) => ((row.f_ann_date ?? row.ann_date) === day ? 'asked' : 'stray'),
  }
}

function daysOf(from: TradeDate, to: TradeDate): TradeDate[] {
  const days: TradeDate[] = []
  for (let day = from; day <= to; day = addDays(day, 1)) days.push(day)
  return days
}

/** A version of a report. What has no name among the key columns is one of its figures. */
export function mapReport(cells: Cells, at: Columns): Mapped<ReportRow> {
  const symbol = text(cells[at.ts_code ?? -1])
  if (symbol === null || !isSymbol(symbol)) return { reason: 'no valid ts_code' }
  if (!inUniverse(symbol)) return null
  const period_end = dateOf(cells[at.end_date ?? -1])
  if (period_end === null || !isPeriodEnd(period_end)) return { reason: 'end_date is no end of a quarter' }
  const ann_date = dateOf(cells[at.ann_date ?? -1])
  const f_ann_date = dateOf(cells[at.f_ann_date ?? -1])
  if ((ann_date ?? '9') <= period_end || (f_ann_date ?? '9') <= period_end)
    return { reason: 'announced before the period ended' }
  const items: Record<string, string | number> = {}
  for (const [name, place] of Object.entries(at)) {
    const value = cells[place]
    if (isKeyColumn(name) || value === null || value === undefined || value === '') continue
    if (!Number.isFinite(value) && name !== 'end_type') return { reason: `${name} is no number` }
    items[name] = typeof value === 'number' ? value : wordOf(value)
  }
  return {
    symbol,
    period_end,
    // The indicators say none: they are of the consolidated report.
    report_type: codeOf(cells[at.report_type ?? -1]) ?? '1',
    comp_type: codeOf(cells[at.comp_type ?? -1]),
    ann_date,
    f_ann_date,
    update_flag: codeOf(cells[at.update_flag ?? -1]),
    items,
  }
}

const wordOf = (value: unknown): string => (typeof value === 'string' ? value : rawOf(value))

/** Codes come as text; a server that sends them as numbers means the same. */
const codeOf = (value: unknown): string | null => (typeof value === 'number' ? String(value) : text(value))

function rejectedOf(cells: Cells, at: Columns, reason: string): RejectedRow {
  const symbol = text(cells[at.ts_code ?? -1])
  return {
    symbol: symbol !== null && isSymbol(symbol) ? symbol : null,
    trade_date: dateOf(cells[at.end_date ?? -1]),
    reason,
    raw: rawOf(cells),
  }
}
