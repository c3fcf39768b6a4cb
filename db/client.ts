import { drizzle, type PostgresJsDatabase } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import * as schema from './schema/index.ts'
import { RenewedPool } from './pool.ts'
import type { OpenSocket } from './socket.ts'
import { tracedSql } from './traced-sql.ts'
import type { Tracing } from '../tracing/tracing.ts'

export type Sql = postgres.Sql
export type Tx = postgres.TransactionSql
export type Orm = PostgresJsDatabase<typeof schema>

/** A pool of connections: `sql` for what is subtle, `orm` for plain rows of the schema. */
export interface Database {
  sql: Sql
  /** For statements whose best plan is the same for all values that they come with: it is made once for each connection. */
  planned: Sql
  orm: Orm
  close(): Promise<void>
}

// int8 holds counts and volumes, all far under 2^53: numbers are what callers want. Dates stay text (market/date.ts).
const asText = (from: number[]) => ({
  to: from[0] ?? 0,
  from,
  serialize: String,
  parse: (value: string) => value,
})
const TYPES = {
  bigint: { to: 20, from: [20], serialize: String, parse: Number },
  dates: asText([1082]),
  instants: asText([1184]),
}

const PLANS = { anew: 'force_custom_plan', once: 'force_generic_plan' } as const

interface PoolOptions {
  url: string
  max?: number
  name?: string
  /** Connections are never renewed by themselves: temporary tables live as long as theirs. */
  lasting?: boolean
  /**
   * `anew`: statements are planned for the values that they come with, each time. For those who read: bars of some dates are in a
   * few of 40 partitions, and a plan for any dates takes four times as long. Writers repeat short statements.
   */
  plan?: keyof typeof PLANS
  /** Every statement is a span of what it is part of. */
  tracing?: Tracing | null
}

/**
 * Opens a pool. Sessions run in UTC, give up on a lock after 60 s and end a statement after 10 minutes, so that nothing
 * waits for ever. A server that is away is noticed with the next query, and one that is back as well.
 */
export function openDatabase(options: PoolOptions): Database {
  const plain = new RenewedPool((socket) => ({ sql: pool(options, options.max ?? 10, socket) }))
  // drizzle takes the JSON and date conversions out of the client that it is given, so it gets one of its own.
  const forOrm = new RenewedPool((socket) => {
    const sql = pool(options, ORM_CONNECTIONS, socket)
    return { sql, orm: drizzle(sql, { schema }) }
  })
  const planned = new RenewedPool((socket) => ({
    sql: pool({ ...options, plan: 'once' }, PLANNED_CONNECTIONS, socket),
  }))
  return {
    sql: following(() => plain.current.sql),
    planned: following(() => planned.current.sql),
    orm: following(() => forOrm.current.orm),
    close: async () => {
      await Promise.all([plain.close(), planned.close(), forOrm.close()])
    },
  }
}

/** Stands for whatever `current` gives at the moment of use. */
function following<T extends object>(current: () => T): T {
  const callable: object = () => undefined
  return new Proxy(callable as T, {
    apply: (_, self, args) => Reflect.apply(current() as () => unknown, self, args) as unknown,
    get: (_, key) => Reflect.get(current(), key) as unknown,
    has: (_, key) => Reflect.has(current(), key),
  })
}

// Plain rows of the sync tables only: few and short.
const ORM_CONNECTIONS = 3
const PLANNED_CONNECTIONS = 4

// Between two attempts of one connection. The driver's own waits grow to 20 s: a server that is back would be missed as long.
const RECONNECT_SECONDS = 0.1

const pool = (options: PoolOptions, max: number, socket: OpenSocket): Sql => {
  const sql = plainPool(options, max, socket)
  return options.tracing ? tracedSql(sql, options.tracing) : sql
}

const plainPool = (options: PoolOptions, max: number, socket: OpenSocket): Sql =>
  postgres(options.url, {
    max,
    types: TYPES,
    onnotice: () => undefined,
    connect_timeout: 10,
    ...(options.lasting ? { max_lifetime: null } : { idle_timeout: 300 }),
    backoff: () => RECONNECT_SECONDS,
    // Known to the driver, though not to its types.
    ...({ socket } as object),
    connection: {
      ...(options.plan && { plan_cache_mode: PLANS[options.plan] }),
      application_name: options.name ?? 'ashare-sync',
      TimeZone: 'UTC',
      lock_timeout: 60_000,
      statement_timeout: 600_000,
      idle_in_transaction_session_timeout: 120_000,
    },
  }) as Sql

/** Text of a timestamp as PostgreSQL gives it → ISO 8601 UTC. */
export const toIso = (value: string | null): string | null =>
  value === null ? null : new Date(value).toISOString()
