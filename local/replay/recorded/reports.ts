import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ReportBook, ReportVersion, Statement } from '../reports.ts'
import { readCsv } from './csv.ts'

const FILES: Record<Statement, string> = {
  income: 'income',
  balance_sheet: 'balancesheet',
  cash_flow: 'cashflow',
  fin_indicator: 'fina_indicator',
}

const KEY = [
  'ts_code',
  'ann_date',
  'f_ann_date',
  'end_date',
  'report_type',
  'comp_type',
  'end_type',
  'update_flag',
]

/** The statements and indicators of a recording, by code; a file that is absent holds nothing. */
export function readReports(directory: string): ReportBook {
  const known = new Map<Statement, Map<string, ReportVersion[]>>()
  const byCode = (statement: Statement): Map<string, ReportVersion[]> => {
    let found = known.get(statement)
    if (!found) known.set(statement, (found = readFile(directory, FILES[statement])))
    return found
  }
  return {
    isWhole: true,
    versions: ({ code }, statement) => byCode(statement).get(code) ?? [],
    disclosures: () => [],
  }
}

function readFile(directory: string, name: string): Map<string, ReportVersion[]> {
  const byCode = new Map<string, ReportVersion[]>()
  if (!existsSync(join(directory, `${name}.csv.gz`))) return byCode
  const { names, rows } = readCsv(directory, name)
  for (const row of rows) {
    const cell = (column: string): string => row[names.indexOf(column)] ?? ''
    const figures = names.flatMap((column, at): [string, number][] => {
      const text = row[at] ?? ''
      return KEY.includes(column) || text === '' ? [] : [[column, Number(text)]]
    })
    const version: ReportVersion = {
      period: cell('end_date'),
      reportType: cell('report_type') || '1',
      compType: cell('comp_type'),
      endType: cell('end_type'),
      announced: cell('ann_date'),
      published: cell('f_ann_date') || cell('ann_date'),
      flag: cell('update_flag') || null,
      figures: Object.fromEntries(figures),
    }
    const own = byCode.get(cell('ts_code'))
    if (own) own.push(version)
    else byCode.set(cell('ts_code'), [version])
  }
  return byCode
}
