import { expect, test } from 'vitest'
import { stageRows, withIds } from '../../activities/staged-lines.ts'
import type { SuspensionRow } from '../../sources/contract.ts'

const row = (symbol: string, trade_date: string, suspend_timing: string | null): SuspensionRow => ({
  symbol,
  trade_date,
  suspend_type: 'S',
  suspend_timing,
})
const ROWS = [
  row('600001.SH', '2024-01-03', ' 09:30\t10:00 '),
  row('600001.SH', '2024-01-02', null),
  row('600002.SH', '2024-01-02', ''),
]
const known = new Map([['600001.SH', 1]])
const textOf = (chunks: readonly Buffer[]) => Buffer.concat(chunks).toString('utf8')

test('rows whose symbols turn out to stand for other instruments are staged under those, in their order', () => {
  const staged = stageRows('suspension', ROWS, (symbol) => known.get(symbol))
  if (!staged) throw new Error('nothing was staged')
  const rows = withIds(staged, new Map([...known, ['600002.SH', 9], ['600001.SH', 12]]))
  expect(rows.count).toBe(3)
  expect(textOf(rows.chunks)).toBe(
    [
      '9\t600002.SH\t2024-01-02\tS\t\n',
      '12\t600001.SH\t2024-01-02\tS\t\\N\n',
      '12\t600001.SH\t2024-01-03\tS\t 09:30\\t10:00 \n',
    ].join(''),
  )
  expect([staged.from, staged.to]).toEqual(['2024-01-02', '2024-01-03'])
})

test('rows whose symbols stand for what they were taken for are staged as they are', () => {
  const staged = stageRows('suspension', ROWS.slice(0, 2), (symbol) => known.get(symbol))
  expect(staged && withIds(staged, new Map([...known, ['600009.SH', 3]]))).toBe(staged?.rows)
})
