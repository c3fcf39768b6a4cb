import type { App } from '../app.ts'
import { valuesInWords } from '../parts/run-words.ts'

interface Hits {
  count: number
  examples?: readonly unknown[]
}

/** What verification found about a day, as the gate has stored it. */
interface Reasons {
  missing?: number
  symbols?: readonly string[]
  absent?: number
  absent_symbols?: readonly string[]
  why?: string
  blocked?: Readonly<Record<string, Hits>>
  flags?: Readonly<Record<string, Hits>>
}

/** The findings of a day in words; what this page does not know comes behind as it is. */
export function findingsInWords({ t, format }: App, reasons: Readonly<Record<string, unknown>>): string {
  const {
    missing,
    symbols,
    absent,
    absent_symbols: absentSymbols,
    why,
    blocked,
    flags,
    ...rest
  } = reasons as Reasons
  const named = (text: string, some: readonly string[] | undefined): string =>
    some && some.length > 0 ? `${text}: ${some.join(', ')}` : text
  const rules = (hits: Readonly<Record<string, Hits>> | undefined): string =>
    Object.entries(hits ?? {})
      .map(([rule, { count }]) => `${rule} × ${format.number(count)}`)
      .join(', ')
  return [
    missing !== undefined && named(t.findings.missing(format.number(missing)), symbols),
    absent !== undefined && named(t.findings.absent(format.number(absent)), absentSymbols),
    blocked && t.findings.blocked(rules(blocked)),
    flags && t.findings.flags(rules(flags)),
    why,
    valuesInWords(rest as Readonly<Record<string, unknown>>),
  ]
    .filter(Boolean)
    .join(' · ')
}
