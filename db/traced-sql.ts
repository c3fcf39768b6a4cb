import type postgres from 'postgres'
import { failureName, type Attributes, type Tracing } from '../tracing/tracing.ts'
import { withoutParameters } from './errors.ts'

/*
 * A span for each statement and transaction, named by what it does to which tables. The text of a statement is never part
 * of it: it may hold values.
 */

/** What is used of the driver's queries: they begin when they are waited for, which calls the handler. */
interface DriverQuery {
  strings: readonly string[]
  handler: (query: DriverQuery) => unknown
  resolve: (result: unknown) => void
  reject: (error: unknown) => void
}

type Callable = (...args: unknown[]) => unknown
type Scope = (tx: unknown) => unknown

const isQuery = (value: unknown): value is DriverQuery =>
  value instanceof Promise && 'handler' in value && 'strings' in value

/** Wraps a pool of the driver, and all that hangs on it: transactions, savepoints, reserved connections. */
export function tracedSql<T extends postgres.Sql>(sql: T, tracing: Tracing): T {
  const wrapped = (target: object): object =>
    new Proxy(target, {
      apply: (callable, self, args: unknown[]) => traced(Reflect.apply(callable as Callable, self, args)),
      get: (object, key) => {
        const value = Reflect.get(object, key) as unknown
        if (typeof value !== 'function' || typeof key !== 'string') return value
        return special(key, value as Callable) ?? value
      },
    })
  const inScope =
    (scope: Scope): Scope =>
    (tx) =>
      scope(wrapped(tx as object))
  const special = (key: string, method: Callable): Callable | null => {
    switch (key) {
      case 'unsafe':
        return (...args) => traced(method(...args))
      case 'begin':
        return (...args) => inTransaction(() => method(...withLast(args, inScope)))
      case 'savepoint':
        return (...args) => method(...withLast(args, inScope))
      case 'reserve':
        return async () => wrapped((await method()) as object)
      default:
        return null
    }
  }
  const inTransaction = async (run: () => unknown): Promise<unknown> =>
    tracing.current() === null
      ? await run()
      : await tracing.inSpan({ name: 'transaction', kind: 'client', attributes: SYSTEM }, async () => run())
  const traced = (value: unknown): unknown => {
    if (isQuery(value)) traceQuery(value, tracing)
    return value
  }
  return wrapped(sql) as T
}

const SYSTEM: Attributes = { 'db.system.name': 'postgresql' }

const withLast = (args: readonly unknown[], change: (scope: Scope) => Scope): unknown[] =>
  args.map((arg, i) => (i === args.length - 1 && typeof arg === 'function' ? change(arg as Scope) : arg))

function traceQuery(query: DriverQuery, tracing: Tracing): void {
  const { handler } = query
  query.handler = (begun) => {
    const { name, attributes } = describeStatement(begun.strings)
    const span = tracing.begin({ name, kind: 'client', attributes })
    if (span) {
      onSettled(begun, 'resolve', () => span.end())
      onSettled(begun, 'reject', (error) => {
        span.fail(failureName(withoutParameters(error)) ?? 'cancelled')
        span.end()
      })
    }
    return handler(begun)
  }
}

/** Hears of the call of one of the two, which a cursor replaces with each page. */
function onSettled(query: DriverQuery, which: 'resolve' | 'reject', hear: (outcome: unknown) => void): void {
  let settle = query[which]
  Object.defineProperty(query, which, {
    get: () => (outcome: unknown) => {
      hear(outcome)
      settle(outcome)
    },
    set: (next: typeof settle) => (settle = next),
  })
}

const OPERATION = /^[\s(]*(?:--[^\n]*\n\s*)*([a-z]+)/i
// A name behind a word that a table stands behind. Functions stand behind some of them, with their brackets, and `from` is
// part of two expressions as well.
const WRITTEN = String.raw`(?:into|update|copy)\s+"?([a-z_]\w*)`
const READ = String.raw`(?<!\bdistinct\s|\bextract\(\s*\w+\s)(?:from|join)\s+(?:only\s+)?"?([a-z_]\w*)\b"?(?!\s*\()`
const TABLE = new RegExp(String.raw`\b(?:${WRITTEN}|${READ})`, 'gi')
const NO_TABLES = ['select', 'lateral', 'set', 'skip', 'of', 'nowait', 'stdin', 'stdout']
// Names that the statement gives itself.
const OWN_NAME = /\b([a-z_][a-z0-9_]*)\s+as\s+(?:not\s+)?(?:materialized\s+)?\(/gi
const MOST_TABLES = 5

/** `INSERT sync_run, sync_batch`: what the statement does and the tables that it names. */
export function describeStatement(strings: readonly string[]): { name: string; attributes: Attributes } {
  // Placeholders stand between the parts, so that a name never grows together with what follows it.
  const text = strings.join(' $ ')
  const operation = (OPERATION.exec(text)?.[1] ?? 'query').toUpperCase()
  const names = [...text.matchAll(TABLE)].map(([, written, read]) => (written ?? read ?? '').toLowerCase())
  const others = new Set([...NO_TABLES, ...[...text.matchAll(OWN_NAME)].map(([, name = '']) => name)])
  const tables = [...new Set(names)].filter((name) => !others.has(name)).slice(0, MOST_TABLES)
  return {
    name: tables.length === 0 ? operation : `${operation} ${tables.join(', ')}`,
    attributes: {
      ...SYSTEM,
      'db.operation.name': operation,
      ...(tables.length > 0 && { 'db.collection.name': tables.join(', ') }),
    },
  }
}
