import type { Dataset } from '../market/datasets.ts'
import type { TradeDate } from '../market/date.ts'
import { MOST_FIGURE } from '../market/units.ts'
import type { Answer, RejectedRow, StockRow } from './contract.ts'
import { rawOf } from './raw.ts'
import { listingProblem } from './rows.ts'

/*
 * What a table can hold. An upstream may say anything of the market, but a row that PostgreSQL refuses would take its whole
 * answer with it, and the run after it.
 */

// The longest honest text is the full English name of a company. Keys are made of texts, and have 2,704 bytes at most.
const LONGEST_TEXT = 500
// Zero has no place in a text of PostgreSQL, half of a pair none in its JSON.
const UNSTORABLE = /[\0\p{Cs}]/u
// A placeholder for "never": no calendar reaches into another century.
const LAST_DATE = '2100'

type Row = Readonly<Record<string, unknown>>

/** Why a row cannot be stored; null for one that can. */
export function unstorable(row: object): string | null {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'object' && value !== null) {
      const reason = unstorable(value as object)
      if (reason !== null) return reason
    }
    if (typeof value === 'string' && value.length > LONGEST_TEXT)
      return `${name} is longer than ${LONGEST_TEXT} characters`
    if (typeof value === 'string' && UNSTORABLE.test(value))
      return `${name} holds a character that no text may have`
    if (typeof value === 'number' && !Number.isFinite(value)) return `${name} is no number`
    if (Math.abs(Number(value)) > MOST_FIGURE) return `${name} is more than there can be of anything`
  }
  const { trade_date } = row as Row
  return typeof trade_date === 'string' && trade_date > LAST_DATE ? 'trade_date is no date' : null
}

// There are millions of these: their mappers look at all that can be wrong with them.
const JUDGED: readonly Dataset[] = ['bars', 'adj_factor']

/** The answer to a call for a dataset, with what cannot be stored, or is no life of a stock, among its rejected rows. */
export function onlyStorable(dataset: Dataset, answer: Answer, today: TradeDate): Answer {
  if (JUDGED.includes(dataset) && answer.alongside === undefined) return answer
  const rejected: RejectedRow[] = [...answer.rejected]
  const reasonOf = (row: object): string | null =>
    unstorable(row) ?? (dataset === 'stock_list' ? listingProblem(row as StockRow, today) : null)
  const kept = <T extends object>(rows: T[], reasonFor: (row: object) => string | null = unstorable): T[] => {
    const reasons = rows.map(reasonFor)
    reasons.forEach((reason, i) => {
      if (reason !== null) rejected.push({ ...keyOf(rows[i] as Row), reason, raw: rawOf(rows[i]) })
    })
    return reasons.every((reason) => reason === null) ? rows : rows.filter((_, i) => reasons[i] === null)
  }
  const { suspension, daily_basic } = answer.alongside ?? {}
  return {
    ...answer,
    rows: JUDGED.includes(dataset) ? answer.rows : (kept<object>(answer.rows, reasonOf) as Answer['rows']),
    codeChanges: kept(answer.codeChanges),
    ...(answer.alongside && {
      alongside: {
        ...(suspension && { suspension: kept(suspension) }),
        ...(daily_basic && { daily_basic: kept(daily_basic) }),
      },
    }),
    rejected,
  }
}

/** Symbol and date of a row were checked when it was mapped. */
const keyOf = ({ symbol, trade_date }: Row): Pick<RejectedRow, 'symbol' | 'trade_date'> => ({
  symbol: typeof symbol === 'string' ? symbol : null,
  trade_date: typeof trade_date === 'string' ? trade_date : null,
})
