import type { EndedExecution, TraceContext } from '../workflows/contract/trace-context.ts'

/*
 * What the service needs of traces. The SDK behind it (otel.ts) is loaded only where traces have somewhere to go.
 */

/** Never hold values of a statement, of a request or of an answer: where traces go, others read. */
export type Attributes = Readonly<Record<string, string | number | boolean>>

export interface SpanSpec {
  name: string
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer'
  attributes?: Attributes
  /** Of another process; else the span under way is the parent. */
  parent?: TraceContext | null
}

/** A span that has not ended. */
export interface LiveSpan {
  readonly context: TraceContext
  rename(name: string): void
  set(attributes: Attributes): void
  /** @param reason a word like the class of an error, never its message */
  fail(reason: string): void
  end(): void
}

export interface Tracing {
  /** Does `work` in a span of its own; what begins meanwhile, in whatever promise, is inside. */
  inSpan<T>(spec: SpanSpec, work: (span: LiveSpan) => Promise<T>): Promise<T>
  /** Begins a span inside the one under way; null where none is: what nobody asked for makes no trace of its own. */
  begin(spec: SpanSpec): LiveSpan | null
  /** The span under way. */
  current(): TraceContext | null
  /** The span of a workflow execution, which has lived elsewhere. */
  executionEnded(name: string, execution: EndedExecution, attributes: Attributes): void
  /** The parent of what an execution did that came without a trace. */
  traceOf(executionId: string): TraceContext
  /** Sends what is left, within seconds. */
  close(): Promise<void>
}

export interface TracingSettings {
  /** Base address of an OTLP collector, like http://127.0.0.1:4318. */
  endpoint: string
  headers: Readonly<Record<string, string>>
  /** Share of traces that are kept, 0 to 1. */
  share: number
}

/** The ids of the span under way, for lines of a log. */
export const traceIds = (tracing: Tracing): { trace_id?: string; span_id?: string } => {
  const context = tracing.current()
  return context === null ? {} : { trace_id: context.traceId, span_id: context.spanId }
}

// What ends because it was told to is no failure.
const CANCELLED = new Set(['CancelledFailure', 'AbortError'])

/** What an error is called, and nothing of what it says; null for a cancellation. */
export function failureName(error: unknown): string | null {
  if (!(error instanceof Error)) return typeof error
  if (CANCELLED.has(error.name)) return null
  const { errorClass, type, code } = error as { errorClass?: unknown; type?: unknown; code?: unknown }
  const detail = [errorClass, type, code].find((each) => typeof each === 'string' && /^\w{1,60}$/.test(each))
  return typeof detail === 'string' && detail !== error.name ? `${error.name} ${detail}` : error.name
}
