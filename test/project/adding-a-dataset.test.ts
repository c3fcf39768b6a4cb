import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { SESSION_CELLS } from '../../db/audit/cells.ts'
import { MERGES } from '../../db/merge.ts'
import { KEYS } from '../../db/move-rows.ts'
import { READABLE } from '../../db/reader-role.ts'
import { UNPLAYED_APIS } from '../../local/replay/tushare/unplayed-apis.ts'
import { AKSHARE_CAPABILITIES } from '../../market/akshare.ts'
import { BAOSTOCK_CAPABILITIES } from '../../market/baostock.ts'
import type { CapabilityTable } from '../../market/capability.ts'
import { type Dataset, DATASET_NAMES, DATASETS, kindOf } from '../../market/datasets.ts'
import { JOBS } from '../../market/jobs.ts'
import { tushareCapabilities } from '../../market/tushare.ts'
import { applyChange, type Change, readGuide } from '../support/guide.ts'

/*
 * docs/adding-a-dataset.md, taken by its word: its changes are made to a copy of the repository, and the copy brings the
 * dataset of its example.
 */

const ROOT = new URL('../../', import.meta.url).pathname
const PARTS = [
  'activities',
  'api',
  'db',
  'local',
  'market',
  'planning',
  'sources',
  'tracing',
  'workflows',
  'config.ts',
  'package.json',
  'tsconfig.json',
]
const SCRIPT = 'test/db/fixtures/added-dataset.ts'
const DATASET = 'price_limit'

interface Outcome {
  brought: { status: string; requests: Record<string, number> }
  rows: { symbol: string; trade_date: string; source: string; up_limit: number; down_limit: number }[]
  bars: { symbol: string; trade_date: string; pre_close: number }[]
  gates: { trade_date: string; state: string }[]
  lost: number
  mended: { status: string; requests: Record<string, number> }
  same: boolean
}

let changes: Change[]
let copy: string
let outcome: Outcome

beforeAll(async () => {
  changes = readGuide(readFileSync(join(ROOT, 'docs/adding-a-dataset.md'), 'utf8'))
  copy = mkdtempSync(join(tmpdir(), 'ashare-copy-'))
  for (const part of [...PARTS, SCRIPT]) cpSync(join(ROOT, part), join(copy, part), { recursive: true })
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'))
  for (const change of changes) applyChange(copy, change)
  addToJournal(copy, changes)
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', 'tsx', SCRIPT, inject('adminUrl'), DATASET],
    { cwd: copy, maxBuffer: 2 ** 24 },
  )
  outcome = JSON.parse(stdout) as Outcome
})
afterAll(() => {
  rmSync(copy, { recursive: true, force: true })
})

/** What `drizzle-kit generate` writes besides the migration. */
function addToJournal(root: string, all: readonly Change[]): void {
  const file = all.find(({ file: path }) => path.endsWith('.sql'))?.file ?? ''
  const path = join(root, 'db/migrations/meta/_journal.json')
  const journal = JSON.parse(readFileSync(path, 'utf8')) as { entries: { idx: number; when: number }[] }
  const idx = journal.entries.length
  const when = Math.max(...journal.entries.map((entry) => entry.when)) + 1
  const tag = file.replace('db/migrations/', '').replace('.sql', '')
  journal.entries.push({ ...journal.entries[0], idx, when, tag } as (typeof journal.entries)[number])
  writeFileSync(path, JSON.stringify(journal))
}

test('every block of code on the page is a change that is made', () => {
  const page = readFileSync(join(ROOT, 'docs/adding-a-dataset.md'), 'utf8')
  const blocks = [...page.matchAll(/^```\w+$/gm)].length
  expect(changes.filter(({ kind }) => ['after', 'before', 'new'].includes(kind))).toHaveLength(blocks)
  expect(changes.filter(({ text, kind }) => text === '' && kind !== 'goes')).toEqual([])
})

test('the console has a name for it in every language', () => {
  const words = join(copy, 'api/console/page/words')
  const names = readdirSync(words).filter((file) => file.endsWith('-names.ts'))
  expect(names).toHaveLength(2)
  for (const file of names)
    expect(readFileSync(join(words, file), 'utf8')).toMatch(new RegExp(`^ {4}${DATASET}: '`, 'm'))
})

test('the dataset comes with the daily job, in as few requests as the bars, every row as the upstream has it', () => {
  expect(outcome.brought).toMatchObject({ status: 'success', requests: { stk_limit: 1, daily: 1 } })
  const byCell = new Map(outcome.bars.map((bar) => [`${bar.symbol} ${bar.trade_date}`, bar.pre_close]))
  expect(outcome.rows).toHaveLength(byCell.size)
  for (const { symbol, trade_date, source, up_limit, down_limit } of outcome.rows) {
    const reference = byCell.get(`${symbol} ${trade_date}`) ?? Number.NaN
    expect([source, up_limit - reference * 1.1, down_limit - reference * 0.9]).toEqual([
      'tushare',
      expect.closeTo(0, 1.5),
      expect.closeTo(0, 1.5),
    ])
  }
})

test('its days are verified, and what is lost of them is found and brought again, and nothing else', () => {
  const dates = [...new Set(outcome.bars.map(({ trade_date }) => trade_date))]
  expect(dates).toContain('2026-11-20')
  expect(outcome.gates).toEqual(dates.sort().map((trade_date) => ({ trade_date, state: 'complete' })))
  expect(outcome.lost).toBeGreaterThan(0)
  expect(outcome.same).toBe(true)
  expect(outcome.mended.status).toBe('success')
  expect(outcome.mended.requests['stk_limit']).toBe(1)
  expect(outcome.mended.requests['daily']).toBeUndefined()
})

const CAPABILITIES: readonly CapabilityTable[] = [
  tushareCapabilities(undefined),
  AKSHARE_CAPABILITIES,
  BAOSTOCK_CAPABILITIES,
]
// Their rows move with the code itself, see db/stock-list.ts.
const MOVED_APART = ['bars', 'adj_factor', 'suspension', 'stock_basic_info', 'trade_calendar']

/** Steps of the page that nobody took for a dataset: those that neither the compiler nor a run would miss. */
function stepsLeftOut(dataset: Dataset): string[] {
  const { table, cell } = DATASETS[dataset]
  const inJobs: readonly (readonly (readonly Dataset[])[])[] = Object.values(JOBS).map(({ stages }) => stages)
  const api = tushareCapabilities(undefined)[dataset]?.api
  const taken: Record<string, boolean> = {
    'Say who has it': CAPABILITIES.some((table) => table[dataset] !== undefined),
    'Say how rows get in': cell !== 'session' || dataset in MERGES,
    'Say which cells are expected': cell !== 'session' || dataset in SESSION_CELLS,
    'Put it into jobs': inJobs.flat(2).includes(dataset),
    'Let it be read': (READABLE as readonly string[]).includes(table),
    'Play it': !UNPLAYED_APIS.some(({ name }) => name === api),
  }
  const moves = kindOf(dataset) === 'index' || table in KEYS || MOVED_APART.includes(table)
  const steps = Object.keys(taken).filter((step) => !taken[step])
  return moves ? steps : [...steps, 'Say how rows get in: db/move-rows.ts']
}

test.each(DATASET_NAMES)('%s has every step of the page', (dataset) => {
  expect(stepsLeftOut(dataset)).toEqual([])
})
