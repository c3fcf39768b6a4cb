import { randomBytes } from 'node:crypto'
import type { Sql, Tx } from './client.ts'

/*
 * Roles of PostgreSQL for users' own SQL. They read the data and change nothing. What is theirs to read is listed here: a new
 * table is not, until somebody adds it. Tokens, keys, sessions, the audit log and the machinery of runs never are.
 */

/** Tables and views; docs/sql.md describes them. Partitions are read through their tables. */
export const READABLE = [
  'instrument',
  'instrument_code',
  'stock_basic_info',
  'stock_best',
  'trade_calendar',
  'bars',
  'bars_best',
  'adj_factor',
  'factor_source',
  'factors_best',
  'daily_basic',
  'daily_basic_best',
  'suspension',
  'suspension_best',
  'name_change',
  'st_interval',
  'index_bars',
  'index_member',
  'index_member_interval',
  'financial_report',
  'financial_latest',
  'disclosure',
  'revision',
  'coverage',
  'coverage_hole',
  'day_gate',
  'agreement',
  'value_precedence',
] as const

// A query that takes longer is most likely one without a date or a stock.
const STATEMENT_SECONDS = 300
const IDLE_SECONDS = 60
// Of the hundred that PostgreSQL has by default.
const MAX_CONNECTIONS = 10

const NAME = /^[a-z][a-z0-9_]{0,30}$/

/** What keeps a reader from being made, said so that the person can change it. */
export class ReaderError extends Error {
  override readonly name = 'ReaderError'
}

const checked = (name: string): string => {
  if (NAME.test(name) && !name.startsWith('pg_')) return name
  throw new ReaderError(
    `${JSON.stringify(name.slice(0, 40))} is no name for a reader: write small letters, digits and _, at most 31, a letter first`,
  )
}

/** Roles that this service made carry this; others of the same name are let alone. */
const MARK = 'reads the data of ashare-sync'

async function stateOf(sql: Sql, name: string): Promise<'absent' | 'ours' | 'foreign'> {
  const [role] = await sql<{ note: string | null }[]>`
    select shobj_description(oid, 'pg_authid') as note from pg_roles where rolname = ${name}`
  return !role ? 'absent' : role.note === MARK ? 'ours' : 'foreign'
}

/**
 * Makes a role that may read, or brings the rights of one that is there up to date; it gets a new password either way.
 *
 * @returns the password: it is stored nowhere
 * @throws ReaderError when the name is not possible, or that of another role
 */
export async function makeReader(sql: Sql, name: string): Promise<string> {
  const role = checked(name)
  const state = await stateOf(sql, role)
  if (state === 'foreign')
    throw new ReaderError(`there is a role ${role} already, which is no reader: choose another name`)
  const password = randomBytes(18).toString('base64url')
  await sql.begin(async (tx) => {
    const [database] = await tx<{ name: string }[]>`select current_database() as name`
    // Neither the name nor the password has a character that would need quoting.
    if (state === 'absent') await tx.unsafe(`create role ${role}`)
    await tx.unsafe(
      `alter role ${role} login nosuperuser nocreatedb nocreaterole noinherit connection limit ${MAX_CONNECTIONS} password '${password}'`,
    )
    await tx.unsafe(`comment on role ${role} is '${MARK}'`)
    for (const [setting, value] of [
      ['default_transaction_read_only', 'on'],
      ['statement_timeout', `'${STATEMENT_SECONDS}s'`],
      ['idle_in_transaction_session_timeout', `'${IDLE_SECONDS}s'`],
    ])
      await tx.unsafe(`alter role ${role} set ${setting ?? ''} = ${value ?? ''}`)
    await tx`grant connect on database ${tx(database?.name ?? '')} to ${tx(role)}`
    await tx`grant usage on schema public to ${tx(role)}`
    await tx`revoke all on all tables in schema public from ${tx(role)}`
    for (const table of READABLE) await tx`grant select on ${tx(table)} to ${tx(role)}`
    await closePublicDoors(tx)
  })
  return password
}

/**
 * What PostgreSQL lets everybody do in a database and a reader has no use for: temporary tables, which fill the disk, and
 * advisory locks, by which the service keeps its writers apart. Only a superuser may take the locks away; elsewhere they stay.
 */
async function closePublicDoors(tx: Tx): Promise<void> {
  await tx.unsafe(`
    do $$
    declare
      owner name := (select tableowner from pg_tables where schemaname = 'public' and tablename = 'bars');
      door regprocedure;
    begin
      if pg_has_role(current_user, (select datdba from pg_database where datname = current_database()), 'usage') then
        execute format('grant temporary on database %I to %I', current_database(), owner);
        execute format('revoke temporary on database %I from public', current_database());
      end if;
      if (select rolsuper from pg_roles where rolname = current_user) then
        for door in select oid::regprocedure from pg_proc where pronamespace = 'pg_catalog'::regnamespace and proname ~ '^pg_(try_)?advisory_'
        loop
          execute format('grant execute on function %s to %I', door, owner);
          execute format('revoke execute on function %s from public', door);
        end loop;
      end if;
    end $$`)
}

/**
 * Takes a reader away; its connections end.
 *
 * @throws ReaderError when there is none of that name
 */
export async function dropReader(sql: Sql, name: string): Promise<void> {
  const role = checked(name)
  if ((await stateOf(sql, role)) !== 'ours') throw new ReaderError(`there is no reader ${role}`)
  await sql.unsafe(`alter role ${role} nologin`)
  await sql`select pg_terminate_backend(pid) from pg_stat_activity where usename = ${role}`
  await sql.unsafe(`drop owned by ${role}`)
  await sql.unsafe(`drop role ${role}`)
}
