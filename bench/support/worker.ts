import { register } from 'node:module'
import { parseArgs } from 'node:util'
import { TUSHARE_CAPABILITIES } from '../../market/tushare.ts'

/*
 * The production worker with something changed before it loads:
 *
 *   --without adj_factor   Tushare does not have that dataset
 *   --row-cap 1000         calls are planned for that many rows at most
 *   --copy                 rows go into their table by plain COPY instead of COPY and merge
 */

const { values } = parseArgs({
  options: {
    without: { type: 'string', multiple: true, default: [] },
    'row-cap': { type: 'string' },
    copy: { type: 'boolean', default: false },
  },
})

for (const dataset of values.without) Reflect.deleteProperty(TUSHARE_CAPABILITIES, dataset)
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
