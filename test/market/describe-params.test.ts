import { expect, test } from 'vitest'
import { describeParams } from '../../market/describe-params.ts'
import type { RunParams } from '../../market/run-params.ts'

test.each<[RunParams, string]>([
  [{}, 'all symbols'],
  [{ symbols: ['600000.SH'], start_date: '2025-01-01' }, '600000.SH, from 2025-01-01'],
  [
    { symbols: ['600000.SH', '000001.SZ'], start_date: '2025-01-01', end_date: '2025-12-31' },
    '2 symbols, 2025-01-01 to 2025-12-31',
  ],
  [{ preferred_sources: ['baostock', 'akshare'] }, 'all symbols, baostock, akshare first'],
  [{ source_mode: 'failover', want: 'any' }, 'all symbols'],
  [
    { source_mode: 'parallel', want: 'upgrade' },
    'all symbols, all sources at once, what only lesser sources have as well',
  ],
  [
    { source_mode: 'all', want: 'each', refresh: true },
    'all symbols, every source everything, what the source at hand has not brought itself, covered cells again',
  ],
])('parameters in words: %j', (params, words) => {
  expect(describeParams(params)).toBe(words)
})
