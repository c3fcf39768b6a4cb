/**
 * Makes, lists and revokes keys of the API, in the database of DATABASE_URL or of the service that runs on DATA_DIR.
 *
 *   npm run key -- create grafana --role viewer
 */
import { KeyCommandError, runKeyCommand } from '../api/access/key-command.ts'
import { loadConfig, readEnvironment } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { readRunning } from '../local/running.ts'

const { DATABASE_URL, DATA_DIR } = loadConfig(readEnvironment())
const url = DATABASE_URL ?? readRunning(DATA_DIR)?.postgres
if (url === undefined) {
  console.error('Start the service first (`npm start`), or set DATABASE_URL to its database.')
  process.exit(1)
}
const db = openDatabase({ url, max: 1, name: 'ashare-sync key' })
try {
  console.log(await runKeyCommand(db.sql, process.argv.slice(2)))
} catch (error) {
  if (!(error instanceof KeyCommandError)) throw error
  console.error(error.message)
  process.exitCode = 1
} finally {
  await db.close()
}
