import { register } from 'node:module'
import { parseArgs } from 'node:util'
import { AKSHARE_CAPABILITIES } from '../../market/akshare.ts'
import { BAOSTOCK_CAPABILITIES } from '../../market/baostock.ts'
import { TUSHARE_CAPABILITIES } from '../../market/tushare.ts'

/*
 * The production worker with something changed before it loads:
 *
 *   --without adj_factor   no source has that dataset
 *   --row-cap 1000         Tushare's calls are planned for that many rows at most
 *   --one-symbol           a call for bars brings one symbol, from whatever source
 *   --copy                 rows go into their table by plain COPY instead of COPY and merge
 */

const { values } = parseArgs({
  options: {
    without: { type: 'string', multiple: true, default: [] },
    'row-cap': { type: 'string' },
    'one-symbol': { type: 'boolean', default: false },
    copy: { type: 'boolean', default: false },
  },
})

const tables = [TUSHARE_CAPABILITIES, AKSHARE_CAPABILITIES, BAOSTOCK_CAPABILITIES]
for (const table of tables) {
  for (const dataset of values.without) Reflect.deleteProperty(table, dataset)
  if (!values['one-symbol']) continue
  Object.assign(table.bars, { byDate: null })
  if (table.bars.bySymbols) Object.assign(table.bars.bySymbols, { maxSymbols: 1 })
}
if (values['row-cap'] !== undefined) {
  const rowCap = Number(values['row-cap'])
  for (const { bySymbols, byDate } of Object.values(TUSHARE_CAPABILITIES)) {
    if (bySymbols) Object.assign(bySymbols, { rowCap })
    // So that no session is asked as a whole and paged.
    if (byDate) Object.assign(byDate, { rowCap })
  }
}
if (values.copy) register('./copy-hook.js', import.meta.url)

await import('../../activities/worker/main.ts')
