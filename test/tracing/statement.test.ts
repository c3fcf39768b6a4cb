import { expect, test } from 'vitest'
import { describeStatement } from '../../db/traced-sql.ts'

test.each([
  ['select 1', 'SELECT'],
  [' -- why\n  with x as (select * from a) select * from x join "b" on true', 'WITH a, b'],
  ['copy staging_bars from stdin', 'COPY staging_bars'],
  ['insert into t select * from unnest($1)', 'INSERT t'],
  ['select * from generate_series(1, 2) as n', 'SELECT'],
  ['select x from t for update of b', 'SELECT t'],
  ['update t set a = extract(epoch from b) where c is distinct from d.e', 'UPDATE t'],
])('%s is called %s', (text, name) => {
  expect(describeStatement([text]).name).toBe(name)
})
