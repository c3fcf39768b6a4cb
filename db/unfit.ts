import { is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import type { Sql } from './client.ts'
import { DatabaseError, isAway, withoutParameters } from './errors.ts'
import * as schema from './schema/index.ts'
import { schemaState } from './schema-state.ts'

/*
 * Whether a database that somebody names can be used: found out before anything is started or migrated, since PostgreSQL itself
 * would refuse in the middle of it, with a code that says nothing about what to do.
 */

/** Why it cannot be used, and what to do. `isAway`: it may be there later. */
export interface Unfit {
  why: string
  todo: string
  isAway: boolean
}

const OLDEST = 150_000
const CORRECT = 'correct DATABASE_URL'
const NAME_OWNER = 'name the owner of its tables in DATABASE_URL'
const unfit = (why: string, todo: string, isAway = false): Unfit => ({ why, todo, isAway })

/** Why a connection, or the first question, was refused. */
export function whyRefused(error: unknown): Unfit {
  const safe = withoutParameters(error)
  if (!(safe instanceof DatabaseError))
    return unfit(safe instanceof Error ? safe.message : String(safe), CORRECT)
  const { code } = safe
  if (code === '28P01') return unfit('it refuses user or password', 'correct them in DATABASE_URL')
  if (code === '28000')
    return unfit(
      'it refuses the user, or asks for TLS',
      'correct DATABASE_URL; ?sslmode=require turns TLS on',
    )
  if (code === '3D000')
    return unfit('there is no such database', 'make it with createdb, or correct DATABASE_URL')
  if (code === '42501') return unfit('its tables are not those of this user', NAME_OWNER)
  if (code === '53300')
    return unfit(
      'all of its connections are taken',
      'end other programs, or raise max_connections to 60 or more',
      true,
    )
  if (code === '57P03') return unfit('it is starting or stopping', 'try again in a moment', true)
  if (code === 'ENOTFOUND') return unfit('there is no such host', CORRECT, true)
  if (isAway(code)) return unfit(`it does not answer (${code})`, `start it, or ${CORRECT}`, true)
  return unfit(safe.message, CORRECT)
}

/** Null when this version can work with the database, after its migrations. @throws what the driver does */
export async function whyUnfit(sql: Sql, oldest = OLDEST): Promise<Unfit | null> {
  const server = await serverOf(sql)
  if (server.number < oldest)
    return unfit(`PostgreSQL ${server.version} is too old`, 'use PostgreSQL 15 or newer')
  if (server.standby)
    return unfit('it is a standby, which can only be read', 'name the primary in DATABASE_URL')
  if (server.readOnly)
    return unfit(
      'it can only be read',
      `alter system reset default_transaction_read_only, the same for database and role "${server.role}"`,
    )
  const { pending } = await schemaState(sql)
  return (await foreignTables(sql)) ?? missingRights(server, pending > 0)
}

interface Server {
  number: number
  version: string
  standby: boolean
  readOnly: boolean
  role: string
  database: string
  mayMakeSchemas: boolean
  mayMakeTables: boolean
  /** Null where there is no table yet. */
  mayWrite: boolean | null
}

async function serverOf(sql: Sql): Promise<Server> {
  const [row] = await sql<Server[]>`
    select current_setting('server_version_num')::int as number, current_setting('server_version') as version,
      pg_is_in_recovery() as standby, current_setting('transaction_read_only')::bool as "readOnly",
      current_user as role, current_database() as database,
      has_database_privilege(current_database(), 'create') or to_regnamespace('drizzle') is not null as "mayMakeSchemas",
      coalesce(has_schema_privilege(to_regnamespace('public'), 'create'), false) as "mayMakeTables",
      (select bool_and(has_table_privilege(to_regclass('public.sync_run'), needed))
        from unnest('{select,insert,update,delete}'::text[]) needed) as "mayWrite"`
  if (!row) throw new Error('PostgreSQL says nothing about itself')
  return row
}

const OWN_TABLES = Object.values(schema).flatMap((table) =>
  is(table, PgTable) ? [getTableConfig(table).name] : [],
)

/** Tables with our names that our migrations have not made. */
async function foreignTables(sql: Sql): Promise<Unfit | null> {
  const rows = await sql<{ name: string }[]>`
    select relname as name from pg_class where relnamespace = to_regnamespace('public') and relname = any(${OWN_TABLES})
      and (to_regclass('drizzle.__drizzle_migrations') is null or to_regclass('public.sync_run') is null)
    order by 1`
  if (rows.length === 0) return null
  return unfit(
    `it holds tables of another program (${rows.map(({ name }) => name).join(', ')})`,
    'make a database of its own with createdb, and name that in DATABASE_URL',
  )
}

function missingRights(server: Server, isBehind: boolean): Unfit | null {
  const { role, database, mayMakeSchemas, mayMakeTables, mayWrite } = server
  if (isBehind && !(mayMakeSchemas && mayMakeTables))
    return unfit(
      `user "${role}" may not make tables in it`,
      `alter database "${database}" owner to "${role}", or name another user in DATABASE_URL`,
    )
  if (mayWrite === false) return unfit(`user "${role}" may only read it`, NAME_OWNER)
  return null
}
