/**
 * The whole market over years as Parquet, Arrow and CSV: rows a second, bytes a row, and the memory of the process that writes
 * it. Through the API and its own process, raw and adjusted; and into a file by the function that the command line uses.
 *
 *   npm run bench:export -- [--bars 5000000] [--record]
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { type DataService, LAST, openDataService } from './support/data-service.ts'
import { circumstances, grouped, record, table } from './support/results.ts'
import { writeTable } from '../api/tables/file.ts'
import { readMarketBars } from '../db/queries/market-bars.ts'

const { values } = parseArgs({
  options: { bars: { type: 'string', default: '5000000' }, record: { type: 'boolean', default: false } },
})
const SESSIONS = 1_000
const stocks = Math.max(1, Math.round(Number(values.bars) / SESSIONS))
const bars = stocks * SESSIONS
const MAX_MEBIBYTES = 300

async function download(service: DataService, query: string): Promise<{ bytes: number; seconds: number }> {
  const started = performance.now()
  const answer = await fetch(`${service.url}/api/bars?from=1990-12-19&${query}`)
  if (!answer.ok || !answer.body) throw new Error(`${answer.status}: ${await answer.text()}`)
  let bytes = 0
  for await (const chunk of answer.body) bytes += (chunk as Uint8Array).length
  return { bytes, seconds: (performance.now() - started) / 1_000 }
}

async function toFile(service: DataService): Promise<{ bytes: number; seconds: number }> {
  const folder = mkdtempSync(join(tmpdir(), 'ashare-bench-'))
  const started = performance.now()
  const reading = await readMarketBars(service.db.sql, {
    ...{ period: 'daily', from: '1990-12-19', to: LAST, adjust: 'none', anchor: null },
    ...{ source: 'best', asOf: null, settled: LAST },
  })
  const { rows, bytes } = await writeTable(reading, join(folder, 'bars.parquet'), {
    format: 'parquet',
    about: {},
  })
  if (rows !== bars) throw new Error(`${rows} rows in place of ${bars}`)
  rmSync(folder, { recursive: true })
  return { bytes, seconds: (performance.now() - started) / 1_000 }
}

const service = await openDataService({ stocks, sessions: SESSIONS })
try {
  const lines: string[][] = []
  const measure = async (
    name: string,
    run: () => Promise<{ bytes: number; seconds: number }>,
    isChild: boolean,
  ) => {
    const { bytes, seconds } = await run()
    const peak = isChild ? grouped(service.peakMebibytes()) : ''
    const line = [name, grouped(bars / seconds), seconds.toFixed(1), (bytes / bars).toFixed(1), peak]
    lines.push(line)
    process.stdout.write(`${line.join('  ')}\n`)
  }
  process.stdout.write(`memory before the first: ${grouped(service.peakMebibytes())} MiB\n`)
  await measure('Parquet, raw', () => download(service, 'format=parquet'), true)
  await measure('Parquet, qfq', () => download(service, 'format=parquet&adjust=qfq'), true)
  await measure('Arrow, raw', () => download(service, 'format=arrow'), true)
  await measure('CSV, raw', () => download(service, 'format=csv'), true)
  await measure('Parquet, raw, into a file', () => toFile(service), false)
  const head = [
    'what',
    'rows/s',
    'seconds',
    'bytes/row',
    `peak of the API so far, MiB (target under ${MAX_MEBIBYTES})`,
  ]
  if (values.record) {
    const title = `${grouped(bars)} bars of ${grouped(stocks)} stocks; the reader is on the same machine and throws the bytes away.`
    record('Export', [await circumstances(service.db), title, '', ...table(head, lines)])
  }
} finally {
  await service.close()
}
