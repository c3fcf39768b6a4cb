/**
 * Counts all bars anew for the statistics, after rows were changed by hand: in the database of DATABASE_URL or of the
 * service that runs on DATA_DIR. Whoever writes bars waits meanwhile.
 *
 *   npm run db:recount
 */
import { loadConfig, readEnvironment } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { barCounts, recountBars } from '../db/queries/statistics.ts'
import { readRunning } from '../local/running.ts'

const { DATABASE_URL, DATA_DIR } = loadConfig(readEnvironment())
const url = DATABASE_URL ?? readRunning(DATA_DIR)?.postgres
if (url === undefined) {
  console.error('Start the service first (`npm start`), or set DATABASE_URL to its database.')
  process.exit(1)
}
const db = openDatabase({ url, max: 1, name: 'ashare-sync recount' })
await recountBars(db.sql)
for (const { period, source, bars, latest_date } of await barCounts(db.sql))
  console.log(`${period} of ${source}: ${bars} bars up to ${latest_date}`)
await db.close()
