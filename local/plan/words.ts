import type { describePlan } from '../../api/routes/plan.ts'

type Plan = ReturnType<typeof describePlan>
type Cell = string | number | null

const number = (value: number) => value.toLocaleString('en-US')
const shown = (value: Cell): string =>
  value === null ? '-' : typeof value === 'number' ? number(value) : value

/** Rows under their heads, numbers to the right. */
function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string[] {
  const texts = [head, ...rows.map((row) => row.map(shown))]
  const widths = head.map((_, column) => Math.max(...texts.map((row) => (row[column] ?? '').length)))
  const isNumber = head.map((_, column) => rows.some((row) => typeof row[column] === 'number'))
  return texts.map((row) =>
    `  ${row.map((text, c) => (isNumber[c] ? text.padStart(widths[c] ?? 0) : text.padEnd(widths[c] ?? 0))).join('  ')}`.trimEnd(),
  )
}

/** A table under an empty line; nothing where it has no rows. */
const section = (head: readonly string[], rows: readonly (readonly Cell[])[]): string[] =>
  rows.length === 0 ? [] : ['', ...table(head, rows)]

const HOUR = 60
const DAY = 24 * HOUR

function duration(minutes: number): string {
  if (minutes < 1) return `${Math.ceil(minutes * 60)} s`
  if (minutes < 2 * HOUR) return `${Math.ceil(minutes)} min`
  return minutes < 2 * DAY ? `${(minutes / HOUR).toFixed(1)} h` : `${(minutes / DAY).toFixed(1)} days`
}

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
    duration(a.minutes),
    a.calls_per_minute,
    a.days_of_quota === null ? null : `${(a.days_of_quota * 100).toFixed(2)} %`,
  ])
  const ratio =
    plan.ratio === null ? '' : `, ${plan.ratio} x the fewest possible (${number(plan.lower_bound ?? 0)})`
  return [
    `${job}: ${number(plan.calls)} calls for ${number(plan.cells)} cells${ratio}; about ${duration(plan.minutes)} at the present limits`,
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
