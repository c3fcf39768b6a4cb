import type { z } from '@hono/zod-openapi'
import type { AuditRoutes } from './routes/audit.ts'
import type { BarRoutes } from './routes/bars.ts'
import type { CalendarRoutes } from './routes/calendar.ts'
import type { CoverageRoutes } from './routes/coverage.ts'
import type { DatasetRoutes } from './routes/datasets.ts'
import type { EvidenceRoutes } from './routes/evidence.ts'
import type { FactorRoutes } from './routes/factors.ts'
import type { FailureRoutes } from './routes/failures.ts'
import type { FinancialRoutes } from './routes/financials.ts'
import type { GapRoutes } from './routes/gaps.ts'
import type { HealthRoutes } from './routes/health.ts'
import type { IndexRoutes } from './routes/indices.ts'
import type { KeyRoutes } from './routes/keys.ts'
import type { MetricsRoutes } from './routes/metrics.ts'
import type { MultiPeriodRoutes } from './routes/multi-period.ts'
import type { MultiSourceRoutes } from './routes/multi-source.ts'
import type { NotificationRoutes } from './routes/notifications.ts'
import type { PlanRoutes } from './routes/plan.ts'
import type { RunActionRoutes } from './routes/run-actions.ts'
import type { RunEventRoutes } from './routes/run-events.ts'
import type { RunSourceRoutes } from './routes/run-sources.ts'
import type { RunRoutes } from './routes/runs.ts'
import type { SchedulerRoutes } from './routes/scheduler.ts'
import type { ServiceRoutes } from './routes/service.ts'
import type { SessionRoutes } from './routes/session.ts'
import type { SourceRoutes } from './routes/sources.ts'
import type { StockRoutes } from './routes/stocks.ts'
import type { SyncHistoryRoutes } from './routes/sync-history.ts'
import type { SyncListRoutes } from './routes/sync-lists.ts'
import type { SyncRoutes } from './routes/sync.ts'
import type { ValuationRoutes } from './routes/valuation.ts'

/*
 * The HTTP contract as a type, made of the routes' own definitions: what hono's client needs to know. Nothing of this file
 * is there at run time. A test compares it with the routes of the running app, so that none is forgotten here.
 */

type Routes =
  | AuditRoutes
  | BarRoutes
  | CalendarRoutes
  | CoverageRoutes
  | DatasetRoutes
  | EvidenceRoutes
  | FactorRoutes
  | FailureRoutes
  | FinancialRoutes
  | GapRoutes
  | HealthRoutes
  | IndexRoutes
  | KeyRoutes
  | MetricsRoutes
  | MultiPeriodRoutes
  | MultiSourceRoutes
  | NotificationRoutes
  | PlanRoutes
  | RunActionRoutes
  | RunEventRoutes
  | RunSourceRoutes
  | RunRoutes
  | SchedulerRoutes
  | ServiceRoutes
  | SessionRoutes
  | SourceRoutes
  | StockRoutes
  | SyncHistoryRoutes
  | SyncListRoutes
  | SyncRoutes
  | ValuationRoutes

/** What of a route's definition is read here. */
interface AnyRoute {
  method: string
  path: string
  getRoutingPath(): string
  responses: object
}

type NameOf<R extends AnyRoute> = R extends unknown ? `${R['method']} ${R['path']}` : never

/** What can be asked for, e.g. `get /api/runs/{id}`. */
export type Operation = NameOf<Routes>

/** Path → method → endpoint, as hono keeps the types of an app's routes. */
export type ApiSchema = {
  [R in Routes as ReturnType<R['getRoutingPath']>]: { [M in R as `$${M['method']}`]: EndpointOf<M> }
}

type EndpointOf<R extends AnyRoute> = {
  [Status in keyof R['responses'] & number]: AnswerOf<R['responses'][Status]> & {
    input: ParamsOf<R> & QueryOf<R> & HeadersOf<R> & JsonOf<R>
    status: Status
  }
}[keyof R['responses'] & number]

// Refusals have no types here (see `problems`), so that what is left are the answers of who is not refused.
type AnswerOf<Response> = Response extends {
  content: { 'application/json': { schema: infer S extends z.ZodType } }
}
  ? { output: z.output<S>; outputFormat: 'json' }
  : Response extends { content: object }
    ? { output: string; outputFormat: 'text' }
    : { output: undefined; outputFormat: 'none' }

type ParamsOf<R> = R extends { request: { params: infer S extends z.ZodType } }
  ? { param: z.input<S> }
  : object

type QueryOf<R> = R extends { request: { query: infer S extends z.ZodType } }
  ? Partially<{ query: z.input<S> }>
  : object

type HeadersOf<R> = R extends { request: { headers: infer S extends z.ZodType } }
  ? Partially<{ header: z.input<S> }>
  : object

// Without a body that may be left out every field has its default.
type JsonOf<R> = R extends {
  request: {
    body: { required: infer Q; content: { 'application/json': { schema: infer S extends z.ZodType } } }
  }
}
  ? Q extends true
    ? { json: Given<z.input<S>> }
    : { json?: Given<z.input<S>> }
  : object

/** Nothing that is handed over is changed. */
type Given<T> = T extends readonly (infer Item)[]
  ? readonly Given<Item>[]
  : T extends object
    ? { [Field in keyof T]: Given<T[Field]> }
    : T

/** What has no field that must be there may be left out itself. */
type Partially<T> = object extends T[keyof T] ? Partial<T> : T
