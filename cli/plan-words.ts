import type { describePlan } from '../api/routes/plan.ts'
import { duration, number } from '../local/words.ts'
import { type Cell, table } from './text.ts'

type Plan = ReturnType<typeof describePlan>

/** A table under an empty line; nothing where it has no rows. */
const section = (head: readonly string[], rows: readonly (readonly Cell[])[]): string[] =>
  rows.length === 0 ? [] : ['', ...table(head, rows)]

const time = (minutes: number): string => duration(minutes * 60)

/** A plan for people: its stages, what each interface is asked, what it comes to. */
export function planLines(job: string, plan: Plan): string[] {
  const stages = plan.stages.flatMap((datasets, i) =>
    datasets.map((d): Cell[] => [
      i + 1,
      d.dataset,
      d.source,
      d.api,
      d.batches,
      d.calls,
      d.cells,
      d.from_date,
      d.to_date,
    ]),
  )
  const apis = plan.apis.map((a): Cell[] => [
    a.source,
    a.api,
    a.calls,
    a.lower_bound,
    a.ratio,
    time(a.minutes),
    a.calls_per_minute,
    a.days_of_quota === null ? null : `${(a.days_of_quota * 100).toFixed(2)} %`,
  ])
  const ratio =
    plan.ratio === null ? '' : `, ${plan.ratio} x the fewest possible (${number(plan.lower_bound ?? 0)})`
  return [
    `${job}: ${number(plan.calls)} calls for ${number(plan.cells)} cells${ratio}; about ${time(plan.minutes)} at the present limits`,
    ...section(
      ['stage', 'dataset', 'source', 'interface', 'batches', 'calls', 'cells', 'from', 'to'],
      stages,
    ),
    ...section(
      ['source', 'interface', 'calls', 'fewest', 'ratio', 'takes', 'a minute', "of a day's calls"],
      apis,
    ),
    ...(plan.notes.length > 0 ? ['', ...plan.notes.map((note) => `  ${note}`)] : []),
    '',
    'Nothing was written and no source was asked.',
  ]
}
