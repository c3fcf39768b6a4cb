import type { BudgetKey } from '../budget.ts'
import type { Sql } from '../client.ts'

export interface LearnedLimits {
  perMinute: number | null
  perHour: number | null
  perDay: number | null
}

/** The limits that an upstream has named in its refusals. */
export async function learnedLimits(sql: Sql, key: BudgetKey): Promise<LearnedLimits> {
  const [row] = await sql<LearnedLimits[]>`
    select learned_per_minute as "perMinute", learned_per_hour as "perHour", learned_per_day as "perDay"
    from source_budget where source = ${key.source} and account = ${key.account} and api = ${key.api}`
  return row ?? { perMinute: null, perHour: null, perDay: null }
}
