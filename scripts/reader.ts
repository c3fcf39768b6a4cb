/**
 * Makes a role of PostgreSQL that reads the data and nothing else, or takes it away: see docs/sql.md. In the database of
 * DATABASE_URL or of the service that runs on DATA_DIR.
 *
 *   npm run db:reader -- analyst
 *   npm run db:reader -- analyst --drop
 */
import { parseArgs } from 'node:util'
import { loadConfig, readEnvironment } from '../config.ts'
import { openDatabase } from '../db/client.ts'
import { withoutParameters } from '../db/errors.ts'
import { dropReader, makeReader, ReaderError } from '../db/reader-role.ts'
import { readRunning } from '../local/running.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { drop: { type: 'boolean', default: false } },
})
const [name] = positionals
if (name === undefined || positionals.length > 1) {
  console.error('Say which: npm run db:reader -- NAME [--drop]')
  process.exit(1)
}
const { DATABASE_URL, DATA_DIR } = loadConfig(readEnvironment())
const address = DATABASE_URL ?? readRunning(DATA_DIR)?.postgres
if (address === undefined) {
  console.error('Start the service first (`npm start`), or set DATABASE_URL to its database.')
  process.exit(1)
}
const db = openDatabase({ url: address, max: 1, name: 'ashare-sync reader' })
try {
  if (values.drop) {
    await dropReader(db.sql, name)
    console.log(`${name} is gone.`)
  } else {
    const url = new URL(address)
    url.username = name
    url.password = await makeReader(db.sql, name)
    console.log(`${name} may read, with this address, which is shown once:\n\n  ${url.toString()}`)
  }
} catch (error) {
  console.error(error instanceof ReaderError ? error.message : String(withoutParameters(error)))
  process.exitCode = 1
} finally {
  await db.close()
}
