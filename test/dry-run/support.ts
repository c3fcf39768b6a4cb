import type { PlanDeps } from '../../api/plan-run.ts'
import { createSourceReader } from '../../api/source/overview.ts'
import { loadConfig, sourceSettings } from '../../config.ts'
import type { Sql } from '../../db/client.ts'
import { RUN_DEFAULTS } from '../../market/run-settings.ts'
import type { TestDatabase } from '../support/database.ts'

/** What plans are made from, with Tushare and BaoStock switched on at addresses where nobody is. */
export function planDeps(db: TestDatabase, now: Date): PlanDeps {
  const environment = sourceSettings(
    loadConfig({ TUSHARE_TOKEN: 'unused', TUSHARE_URL: 'http://127.0.0.1:1' }),
  )
  return {
    db,
    sources: createSourceReader({ sql: db.sql, environment, key: null, onToken: () => undefined }),
    settings: RUN_DEFAULTS,
    now: () => now,
  }
}

/** How many rows every table has, and how often each was written to. */
export async function fingerprint(sql: Sql): Promise<string[]> {
  const tables = await sql<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind = 'r' order by 1`
  const counts = await sql.unsafe<{ line: string }[]>(
    tables
      .map(
        ({ name }) =>
          `select '${name} ' || count(*) || ' ' || coalesce(sum(xmin::text::bigint), 0) as line from "${name}"`,
      )
      .join(' union all '),
  )
  return counts.map(({ line }) => line)
}
