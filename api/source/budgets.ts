import { slotInterval } from '../../db/budget.ts'
import type { BudgetView } from '../../db/queries/budgets.ts'
import type { SourceFacts } from '../../market/source-settings.ts'
import type { SourceName } from '../../market/sources.ts'

/**
 * What an account may ask: as it stands where something was asked, as it is configured where nothing was.
 *
 * @param own what the database has of the account; among it are interfaces that only a refusal is kept of
 */
export function budgetsOf(name: SourceName, facts: SourceFacts, own: readonly BudgetView[]): BudgetView[] {
  const names = Object.values(facts.capabilities).map(({ budget }) => budget)
  const known = new Map(own.map((view) => [view.budget, view]))
  const asked = own.filter(({ totalCalls }) => totalCalls > 0).map(({ budget }) => budget)
  return [...new Set([...names, ...asked])].map((budget) => known.get(budget) ?? unused(name, facts, budget))
}

function unused(source: SourceName, facts: SourceFacts, budget: string): BudgetView {
  const limits = facts.limitsOf(budget)
  const interval = slotInterval(limits)
  const windowOf = (limit: number | null) => ({ used: 0, limit, left: limit })
  return {
    source,
    account: facts.account,
    budget,
    callsPerMinute: interval === 0 ? null : 60_000 / interval,
    hour: windowOf(limits.perHour),
    day: windowOf(limits.perDay),
    totalCalls: 0,
    learned: false,
    nextSlotMs: 0,
    blocked: null,
    denied: null,
  }
}

/** Interfaces that an account may not call, with the refusal. */
export const deniedOf = (own: readonly BudgetView[]): ReadonlyMap<string, string> =>
  new Map(own.flatMap(({ budget, denied }) => (denied ? [[budget, denied.message] as const] : [])))

/** Upstreams may repeat a token in what they say. */
export const redacted = (view: BudgetView, redact: (text: string) => string): BudgetView => ({
  ...view,
  blocked: view.blocked && { ...view.blocked, reason: redact(view.blocked.reason) },
  denied: view.denied && { ...view.denied, message: redact(view.denied.message) },
})
