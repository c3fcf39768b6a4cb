import { AsyncLocalStorage } from 'node:async_hooks'
import {
  type Context,
  type HrTime,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  type ReadableSpan,
  SamplingDecision,
  type SpanExporter,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { EndedExecution, TraceContext } from '../workflows/contract/trace-context.ts'
import { traceIdOf, spanIdOf } from '../workflows/contract/trace-context.ts'
import { failureName, type LiveSpan, type SpanSpec, type Tracing, type TracingSettings } from './tracing.ts'

const SCOPE = { name: 'ashare-sync' }
const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const

// A full history makes some thousand spans a minute; a collector that is away costs memory up to the queue's size.
const BATCHES = { maxQueueSize: 8_192, maxExportBatchSize: 512 }
const DELAY_MS = 2_000
const EXPORT_LIMIT_MS = 5_000
// What is left at the end is worth a moment, but no process outlives its patience for a collector.
const CLOSE_LIMIT_MS = 3_000

interface Surroundings {
  resource: Record<string, string>
  /** The first spans that nobody took, and the first that somebody took again. */
  onLost: (reason: string) => void
  onTaken: () => void
  /** Time between two sendings, in place of two seconds: for tests. */
  delayMs?: number
}

/** Traces that go to an OTLP collector over HTTP, as protobuf. */
export function createTracing(settings: TracingSettings, around: Surroundings): Tracing {
  const exporter = new OTLPTraceExporter({
    url: `${settings.endpoint.replace(/\/+$/, '')}/v1/traces`,
    headers: { ...settings.headers },
    timeoutMillis: EXPORT_LIMIT_MS,
  })
  const processor = new BatchSpanProcessor({
    exporter: reporting(exporter, around),
    scheduledDelayMillis: around.delayMs ?? DELAY_MS,
    ...BATCHES,
  })
  const resource = resourceFromAttributes(around.resource)
  const root = new TraceIdRatioBasedSampler(settings.share)
  const provider = new TracerProvider({
    resource,
    sampler: new ParentBasedSampler({ root }),
    spanProcessors: [processor],
  })
  const tracer = provider.getTracer(SCOPE.name)
  // Of our own, not the global one of the API: two of these in one process do not mix.
  const active = new AsyncLocalStorage<Context>()
  const spanUnderWay = (): Span | undefined => {
    const span = trace.getSpan(active.getStore() ?? ROOT_CONTEXT)
    // Timers live on in the context that they were made in: what they do after its end belongs to nobody.
    return span?.isRecording() ? span : undefined
  }
  const isKept = (traceId: string): boolean =>
    root.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED
  const decided = (context: TraceContext) => ({
    ...context,
    sampled: context.sampled ?? isKept(context.traceId),
  })

  const start = ({ name, kind = 'internal', attributes = {}, parent }: SpanSpec): Span => {
    const context = parent
      ? trace.setSpanContext(ROOT_CONTEXT, { ...otelContext(decided(parent)), isRemote: true })
      : (active.getStore() ?? ROOT_CONTEXT)
    return tracer.startSpan(name, { kind: KINDS[kind], attributes: { ...attributes } }, context)
  }
  return {
    inSpan: async (spec, work) => {
      const span = start(spec)
      const live = liveSpan(span)
      try {
        return await active.run(trace.setSpan(ROOT_CONTEXT, span), () => work(live))
      } catch (error) {
        const failure = failureName(error)
        if (failure === null) live.set({ cancelled: true })
        else live.fail(failure)
        throw error
      } finally {
        span.end()
      }
    },
    begin: (spec) => (spanUnderWay() ? liveSpan(start(spec)) : null),
    current: () => {
      const span = spanUnderWay()
      return span ? ourContext(span) : null
    },
    traceOf: (executionId) => ({
      traceId: traceIdOf(executionId),
      spanId: spanIdOf(executionId),
      sampled: null,
    }),
    executionEnded: (name, execution, attributes) => {
      if (!(execution.sampled ?? isKept(execution.traceId))) return
      processor.onEnd({ ...readable(execution), name, attributes: { ...attributes }, resource })
    },
    close: async () => {
      const limit = new Promise((resolve) => setTimeout(resolve, CLOSE_LIMIT_MS).unref())
      await Promise.race([provider.shutdown().catch(() => undefined), limit])
    },
  }
}

const otelContext = ({ traceId, spanId, sampled }: TraceContext & { sampled: boolean }) => ({
  traceId,
  spanId,
  traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE,
})

function ourContext(span: Span): TraceContext {
  const { traceId, spanId, traceFlags } = span.spanContext()
  return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 }
}

const liveSpan = (span: Span): LiveSpan => ({
  context: ourContext(span),
  rename: (name) => void span.updateName(name),
  set: (attributes) => void span.setAttributes({ ...attributes }),
  fail: (reason) =>
    void span.setStatus({ code: SpanStatusCode.ERROR, message: reason }).setAttribute('error.type', reason),
  end: () => span.end(),
})

const hrTime = (ms: number): HrTime => [Math.floor(ms / 1_000), Math.round((ms % 1_000) * 1e6)]

/** The span of an execution in the form in which the SDK keeps ended ones. */
function readable(execution: EndedExecution): Omit<ReadableSpan, 'name' | 'attributes' | 'resource'> {
  const { traceId, spanId, parentSpanId, startMs, endMs, failure } = execution
  const parent = parentSpanId === null ? null : otelContext({ traceId, spanId: parentSpanId, sampled: true })
  return {
    kind: SpanKind.INTERNAL,
    spanContext: () => otelContext({ traceId, spanId, sampled: true }),
    ...(parent && { parentSpanContext: { ...parent, isRemote: true } }),
    startTime: hrTime(startMs),
    endTime: hrTime(endMs),
    duration: hrTime(Math.max(0, endMs - startMs)),
    status:
      failure === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
    ended: true,
    links: [],
    events: [],
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}

/** The same exporter, which says once when spans begin to be lost and once when they are taken again. */
function reporting(exporter: SpanExporter, { onLost, onTaken }: Surroundings): SpanExporter {
  let isLosing = false
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        const failed = result.error !== undefined
        if (failed && !isLosing) onLost(reasonOf(result.error))
        if (!failed && isLosing) onTaken()
        isLosing = failed
        done(result)
      }),
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve(),
  }
}

/** A code or a name: messages repeat what a server says, which may be anything. */
const reasonOf = (error: Error | undefined): string => {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown }
  return typeof code === 'string' || typeof code === 'number' ? String(code) : String(name)
}
