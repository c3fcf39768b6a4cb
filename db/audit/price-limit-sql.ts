import {
  CAPPED_FIRST_DAY,
  FREE_SESSIONS_SINCE,
  LIMITS_BEGIN,
  PRICE_LIMITS,
  ST_LIMIT,
} from '../../market/price-limits.ts'
import { type Board, BOARDS } from '../../market/symbol.ts'

/*
 * The price limits of market/price-limits.ts as SQL over a row `r` with board, list_date, trade_date, fifth_before (the
 * fifth session before it; null at the beginning of the calendar), last_date (of the bar before it; null: there is none) and
 * special (under special treatment).
 */

/** Percent of pre_close that a price may rise; null where there is no limit. */
export const upPercent = (): string => percent(CAPPED_FIRST_DAY.upPercent)

/** Percent of pre_close that a price may fall; null where there is no limit. */
export const downPercent = (): string => percent(CAPPED_FIRST_DAY.downPercent)

function percent(firstDay: number): string {
  const capped = `r.list_date >= '${CAPPED_FIRST_DAY.from}' and r.board in ('main', 'chinext')`
  return `case
    when r.trade_date < '${LIMITS_BEGIN}' then null
    when r.list_date is null and r.last_date is null then null
    when r.trade_date <= r.list_date and not (${capped} and not (${freeSessions()})) then null
    when r.trade_date <= r.list_date then ${firstDay}
    when (${freeSessions()}) and (r.fifth_before is null or r.list_date > r.fifth_before) then null
    when r.special and (${usual()}) = ${ST_LIMIT.usual} then ${ST_LIMIT.percent}
    else ${usual()} end`
}

/** True for an issue that trades its first sessions without a limit. */
function freeSessions(): string {
  const boards = BOARDS.flatMap((board) => {
    const since = FREE_SESSIONS_SINCE[board]
    return since === null ? [] : [`r.board = '${board}' and r.list_date >= '${since}'`]
  })
  return `coalesce(${boards.join(' or ')}, false)`
}

const usual = (): string => `case r.board ${BOARDS.map(limitsOf).join(' ')} end`

function limitsOf(board: Board): string {
  const newestFirst = PRICE_LIMITS[board].toReversed()
  const cases = newestFirst.map((limit) => `when r.trade_date >= '${limit.from}' then ${limit.percent}`)
  return `when '${board}' then case ${cases.join(' ')} end`
}
