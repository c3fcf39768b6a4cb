import {
  createSandboxMarket,
  type SandboxMarket,
  type SandboxOptions,
} from '../../local/replay/sandbox/market.ts'

/**
 * A sandbox market of a year, unless the options say otherwise, whose calendar is no longer than its history. A new database brings the calendar first and
 * every batch reads it: 35 years of days are most of the work of a short run.
 */
export const yearMarket = (stocks: number, options: SandboxOptions = {}): SandboxMarket =>
  createSandboxMarket({ stocks, years: 1, calendar: 'window', ...options })
