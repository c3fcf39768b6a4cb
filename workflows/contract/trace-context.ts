/*
 * How a trace goes through Temporal: as a W3C traceparent in a header, the one that Temporal's own SDKs use. What was
 * started without one, e.g. by a schedule, has a trace that is named by its execution: whoever knows that knows the trace,
 * and nothing has to be drawn or kept.
 */

/** Temporal's SDKs put a W3C carrier here: `{ traceparent: '00-…' }`. */
export const TRACE_HEADER = '_tracer-data'

/** What stands in that header. */
export interface TraceCarrier {
  traceparent: string
  /** The trace began with an execution that came without one: whether it is kept follows from its id, where that is known. */
  undecided?: true
}

/** Which span something belongs to. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string
  /** 16 of them. */
  spanId: string
  /** Null: whoever takes it decides, as for any trace that begins with it. */
  sampled: boolean | null
}

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/

/** Null for what is no traceparent, e.g. all zeros. */
export function parseTraceparent(text: unknown): TraceContext | null {
  const [, traceId, spanId, flags] = (typeof text === 'string' && TRACEPARENT.exec(text)) || []
  if (traceId === undefined || spanId === undefined || flags === undefined) return null
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null
  return { traceId, spanId, sampled: (parseInt(flags, 16) & 1) === 1 }
}

const formatTraceparent = ({ traceId, spanId, sampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`

export const toCarrier = (context: TraceContext): TraceCarrier => ({
  traceparent: formatTraceparent(context),
  ...(context.sampled === null && { undecided: true }),
})

/** Null for what is none. */
export function fromCarrier({ traceparent, undecided }: Partial<TraceCarrier> = {}): TraceContext | null {
  const context = parseTraceparent(traceparent)
  return context && undecided === true ? { ...context, sampled: null } : context
}

/** The trace of an execution that was started without one. */
export const traceIdOf = (executionId: string): string => executionId.replaceAll('-', '')

/** The span of an execution: the half of its id that is random. */
export const spanIdOf = (executionId: string): string => traceIdOf(executionId).slice(16)

/** What a workflow execution tells of itself when it ends; copied out of the isolate. */
export interface EndedExecution {
  traceId: string
  spanId: string
  parentSpanId: string | null
  /** Null: whoever takes it decides, as for any trace that begins with it. */
  sampled: boolean | null
  startMs: number
  endMs: number
  /** Name of the error that it failed with. */
  failure: string | null
}

/** Where workflows tell it; a type and not an interface, as the SDK wants it. */
export type TraceSinks = { traces: { ended(execution: EndedExecution): void } }
