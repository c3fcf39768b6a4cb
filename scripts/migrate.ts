/**
 * Brings the database of DATABASE_URL to the newest schema.
 *
 *   npm run db:migrate
 */
import { loadConfig, readEnvironment } from '../config.ts'
import { migrateDatabase } from '../db/migrate.ts'

const { DATABASE_URL } = loadConfig(readEnvironment())
if (DATABASE_URL === undefined) {
  console.error('Set DATABASE_URL to the database to migrate; `npm start` migrates its own by itself.')
  process.exit(1)
}
await migrateDatabase(DATABASE_URL)
console.log('The database has the newest schema.')
