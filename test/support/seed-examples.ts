import { expect } from 'vitest'

/*
 * The examples of the first document that the product was asked for from, as they are printed there, and the answers that it
 * shows.
 */

export const EXAMPLES = {
  full: `curl -X POST "http://localhost:8000/api/sync/trigger" \\
  -H "Content-Type: application/json" \\
  -d '{
    "force": false,
    "preferred_sources": ["tushare", "akshare"]
  }'`,
  incremental: `curl -X POST "http://localhost:8000/api/multi-period-sync/start-incremental" \\
  -H "Content-Type: application/json" \\
  -d '{
    "days_back": 7,
    "periods": ["daily"],
    "data_sources": ["tushare", "akshare"]
  }'`,
  symbols: `curl -X POST "http://localhost:8000/api/sync/trigger" \\
  -H "Content-Type: application/json" \\
  -d '{
    "symbols": ["000001", "600000", "300750"],
    "periods": ["daily", "weekly"],
    "preferred_sources": ["tushare"]
  }'`,
  status: `curl -X GET "http://localhost:8000/api/sync/status"`,
  sources: `curl -X GET "http://localhost:8000/api/sync/multi-source/sources/status"`,
}

export const STARTED = {
  success: true,
  message: 'Synchronization started successfully',
  data: {
    job_id: 'sync_123456',
    status: 'running',
    started_at: '2025-01-01T00:00:00Z',
    parameters: { force: false, preferred_sources: ['tushare'], symbols: ['000001'], periods: ['daily'] },
  },
}
export const STATUS = {
  success: true,
  message: 'Status retrieved successfully',
  data: {
    job: 'stock_basics_multi_source',
    status: 'running',
    started_at: '2025-01-01T00:00:00Z',
    finished_at: null,
    total: 5000,
    inserted: 1000,
    updated: 2000,
    errors: 0,
    last_trade_date: '20250101',
    data_sources_used: ['stock_list:tushare', 'daily_data:akshare'],
    source_stats: { tushare: { inserted: 800, updated: 1500 } },
  },
}
export const SOURCES = {
  success: true,
  message: 'Data sources status retrieved successfully',
  data: [{ name: 'tushare', priority: 1, available: true, description: '专业金融数据API' }],
}
export const STATISTICS = {
  success: true,
  data: {
    period_statistics: {
      daily: { tushare: { count: 100000, latest_date: '2025-01-01' } },
      weekly: { tushare: { count: 20000, latest_date: '2025-01-01' } },
    },
    last_updated: '2025-01-01T00:00:00Z',
  },
  message: '统计信息获取成功',
}

/** Every field of the printed answer, with a value of its kind; lists and maps by their first entry. */
export function expectFields(answer: unknown, printed: unknown, at = 'the answer'): void {
  if (printed === null || typeof printed !== 'object') {
    expect(answer, at).not.toBeUndefined()
    if (printed !== null) expect(typeof answer, at).toBe(typeof printed)
    if (typeof printed === 'string' && /^\d{4}-\d\d-\d\dT/.test(printed))
      expect(answer, at).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    return
  }
  for (const [key, value] of Object.entries(printed))
    expectFields((answer as Record<string, unknown> | null)?.[key], value, `${at}.${key}`)
}
