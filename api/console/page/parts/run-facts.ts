import type { Run } from '../../../schemas/run.ts'
import type { ItemOf } from '../api.ts'
import type { App } from '../app.ts'
import { DASH } from '../format.ts'
import { askedInWords } from './asked-words.ts'
import type { Fact } from './parts.ts'
import { datasetName, sourceName } from './run-words.ts'
import type { Column } from './table.ts'

/* Figures of a run and of its batches that more than one screen shows. */

export type Batch = ItemOf<App['client']['api']['runs'][':id']['batches']['$get']>

export function runFacts(
  app: App,
  run: Run,
): Record<'batches' | 'symbols' | 'rows' | 'calls' | 'failures' | 'asked', Fact> {
  const { t, format } = app
  const of = (done: number, total: number): string =>
    total === 0 ? DASH : `${format.number(done)} / ${format.number(total)}`
  return {
    batches: [t.runs.batches, of(run.batches_done, run.batches_total)],
    symbols: [t.runs.symbols, of(run.done, run.total)],
    rows: [
      t.runs.rows,
      format.number(run.inserted + run.updated),
      t.runs.rowsOf(format.number(run.inserted), format.number(run.updated), format.number(run.unchanged)),
      'wide',
    ],
    calls: [t.runs.calls, format.number(run.calls)],
    failures: [
      t.runs.failures,
      format.number(run.errors),
      run.rejected > 0 ? t.runs.rejected(format.number(run.rejected)) : null,
    ],
    asked: [t.runs.asked, askedInWords(app, run.params) || t.runs.everything, null, 'full'],
  }
}

export const batchNames = (app: App): Column<Batch>[] => [
  { title: app.t.common.dataset, view: (b) => datasetName(app, b.dataset) },
  { title: app.t.common.source, view: (b) => sourceName(app, b.source) },
]

export const batchWork = ({ t, format }: App): Column<Batch>[] => [
  {
    title: t.common.dates,
    view: (b) => (b.from_date === null ? '' : `${b.from_date} – ${b.to_date ?? ''}`),
  },
  {
    title: t.runs.symbols,
    isNumber: true,
    view: (b) => (b.symbols === null ? t.common.all : format.number(b.symbols)),
  },
  {
    title: t.runs.calls,
    isNumber: true,
    view: (b) => `${format.number(b.cursor)} / ${format.number(b.calls_planned)}`,
  },
]
