import type { Sql } from '../../db/client.ts'
import { addRaw, openStage, type RawRejected, type RawRow } from '../../db/import/stage.ts'
import type { ImportDataset } from '../../sources/import/forms.ts'
import type { Mapper } from '../../sources/import/map.ts'
import type { RowStream } from '../../sources/import/row-stream.ts'

/** What was read of a file. */
export interface Loaded {
  rows: number
  /** Rows that hold nothing to take, by reason. */
  skipped: ReadonlyMap<string, number>
}

/** Reads a file to its end into the temporary tables; nothing else is written before it is known to be whole. */
export async function loadRows(
  sql: Sql,
  dataset: ImportDataset,
  stream: RowStream,
  mapper: Mapper,
  watch: { signal: AbortSignal; onRows: (rows: number) => void },
): Promise<Loaded> {
  await openStage(sql, dataset)
  const skipped = new Map<string, number>()
  let line = 0
  for await (const lot of stream.lots(mapper.wanted)) {
    watch.signal.throwIfAborted()
    const rows: RawRow[] = []
    const rejected: RawRejected[] = []
    for (const cells of lot) {
      line++
      const mapped = mapper.map(cells)
      if (mapped.kind === 'row') rows.push({ line, ...mapped.row })
      else if (mapped.kind === 'skipped') skipped.set(mapped.reason, (skipped.get(mapped.reason) ?? 0) + 1)
      else rejected.push({ line, ...mapped, raw: rawOf(cells) })
    }
    await addRaw(sql, rows, rejected)
    watch.onRows(line)
  }
  return { rows: line, skipped }
}

const rawOf = (cells: readonly unknown[]): string =>
  JSON.stringify(cells, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
