import { isoDate } from '../decimal.ts'
import type { IndexBar } from '../indices.ts'
import { indexChange } from '../indices.ts'
import { createApi, textColumn } from './api.ts'
import type { Api, ApiContext, Emit } from './api.ts'
import { checkDate, compactDate, mondayOf } from './dates.ts'
import type { Line } from './days.ts'

const SINCE = '20060101'

/** `000300.SH` for `sh.000300`. */
const symbolOf = (code: string): string => `${code.slice(3)}.${code.slice(0, 2).toUpperCase()}`
const codeOf = (symbol: string): string => `${symbol.slice(7).toLowerCase()}.${symbol.slice(0, 6)}`

/** The days of an index within some sessions, oldest first; the code may be anybody's. */
export const indexDays = ({ market, params }: ApiContext, from: number, to: number): readonly IndexBar[] =>
  market.indices
    .bars(symbolOf(params.code ?? ''))
    .filter(
      ({ session }) => session >= from && session <= to && (market.calendar.sessions[session] ?? '') >= SINCE,
    )

export const fillIndexDay = ({ market, params }: ApiContext, bar: IndexBar, line: Line): void => {
  line.code = params.code ?? ''
  line.date = isoDate(market.calendar.sessions[bar.session] ?? '')
  line.decimals = 4
  line.open = bar.open
  line.high = bar.high
  line.low = bar.low
  line.close = bar.close
  line.preClose = bar.preClose
  line.volume = bar.volume
  line.amount = bar.amount
  line.pct = indexChange(bar)
  line.turn = null
  line.traded = true
  line.special = '0'
}

interface Member {
  readonly updated: string
  readonly code: string
  readonly name: string
}

/** The list that is valid on a date. For a date in the future it is the newest one, and the date comes back as it was asked. */
const selectMembers =
  (symbol: string) =>
  (context: ApiContext, emit: Emit<Member>): void => {
    const { market, params } = context
    const today = isoDate(market.calendar.sessions[market.lastSession] ?? '')
    const date = params.date === undefined || params.date === '' ? today : params.date
    const updated = date > today ? date : mondayOf(date)
    const session = Math.min(market.lastSession, market.calendar.atOrBefore(compactDate(date)))
    if (compactDate(date) < SINCE) return
    for (const { code } of market.indices.listOn(symbol, session)?.members ?? []) {
      const name = market.find(code)?.name ?? ''
      if (!emit({ updated, code: codeOf(code), name })) return
    }
  }

const memberApi = (method: string, type: string, answerType: string, symbol: string): Api =>
  createApi<Member>({
    method,
    type,
    answerType,
    params: ['date'],
    fields: 'updateDate, code, code_name',
    check: ({ params }) => checkDate(params, true),
    columns: () => [
      textColumn('updateDate', (row) => row.updated),
      textColumn('code', (row) => row.code),
      textColumn('code_name', (row) => row.name),
    ],
    select: selectMembers(symbol),
  })

/** Lists of the members of indices. */
export const INDEX_APIS: readonly Api[] = [
  memberApi('query_hs300_stocks', '61', '62', '000300.SH'),
  memberApi('query_sz50_stocks', '63', '64', '000016.SH'),
  memberApi('query_zz500_stocks', '65', '66', '000905.SH'),
]
