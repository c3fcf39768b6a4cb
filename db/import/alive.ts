import type { Database, Sql } from '../client.ts'
import { endFromOutside, type OwnedRow } from '../end-from-outside.ts'

/** An import renews this lease while it works: whether its process lives is seen by it, as a workflow is seen in Temporal. */
export const IMPORT_LEASE = 'import'

async function isImportAlive(sql: Sql): Promise<boolean> {
  const [row] = await sql<{ alive: boolean }[]>`
    select until > clock_timestamp() as alive from source_lease where name = ${IMPORT_LEASE}`
  return row?.alive ?? false
}

/** Ends an import whose process is gone; false while it lives. */
export async function endDeadImport(db: Database, row: OwnedRow): Promise<boolean> {
  if (await isImportAlive(db.sql)) return false
  const hint = 'start the same import again, which changes nothing of what is there already'
  return await endFromOutside(db, row, 'terminated', `its process is gone; ${hint}`)
}
