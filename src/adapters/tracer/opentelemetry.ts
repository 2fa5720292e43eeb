import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  isSpanContextValid,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
} from '@opentelemetry/api'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources'
import { BatchSpanProcessor, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace'
import { retryMoment } from '../../ports/jobs.ts'
import type { Log } from '../../ports/log.ts'
import type { SpanStart, Tracer } from '../../ports/tracer.ts'

export interface OpenTracer extends Tracer {
  /** Sends the remaining spans, within a short time limit. */
  close(): Promise<void>
}

/** How long the process waits for a collector when it ends. */
const CLOSE_MS = 2_000

const KINDS = { server: SpanKind.SERVER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL } as const

/**
 * Records spans with OpenTelemetry, and sends them in the background to `OTEL_EXPORTER_OTLP_ENDPOINT`. The exporter itself reads
 * that variable and the other ones that the specification names for it. If nobody accepts the spans, they are dropped.
 */
export function openTracer({ log }: { readonly log: Log }): OpenTracer {
  const named = resourceFromAttributes({ 'service.name': 'perch' })
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(named)
      .merge(detectResources({ detectors: [envDetector] })),
    spanProcessors: [new BatchSpanProcessor({ exporter: sayingFailures(new OTLPTraceExporter(), log) })],
  })
  const tracer = provider.getTracer('perch')
  const active = new AsyncLocalStorage<Span>()

  function begin({ name, kind = 'internal', attributes = {}, parent, askedBy }: SpanStart): Span {
    const isRoot = askedBy !== undefined
    const above = isRoot ? undefined : (spanContextOf(parent) ?? active.getStore()?.spanContext())
    const link = spanContextOf(askedBy)
    const links = link === undefined ? [] : [{ context: link }]
    const context = above === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, above)
    return tracer.startSpan(name, { kind: KINDS[kind], attributes, links }, context)
  }

  return {
    async span(start, work) {
      const span = begin(start)
      try {
        return await active.run(span, () => work((more) => void span.setAttributes(more)))
      } catch (error) {
        // Only the error's name, because the message may contain what people wrote.
        span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown')
        // A job that waits for a moment has not failed.
        if (retryMoment(error) === undefined) span.setStatus({ code: SpanStatusCode.ERROR })
        throw error
      } finally {
        span.end()
      }
    },
    current() {
      const context = active.getStore()?.spanContext()
      return context === undefined ? undefined : `00-${context.traceId}-${context.spanId}-01`
    },
    async close() {
      const late = new AbortController()
      await Promise.race([
        provider.shutdown().catch(() => undefined),
        sleep(CLOSE_MS, undefined, { signal: late.signal, ref: false }).catch(() => undefined),
      ])
      late.abort()
    },
  }
}

function spanContextOf(text: string | undefined): SpanContext | undefined {
  const [, traceId, spanId] = /^00-([\da-f]{32})-([\da-f]{16})-01$/.exec(text ?? '') ?? []
  if (traceId === undefined || spanId === undefined) return undefined
  const context = { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true }
  return isSpanContextValid(context) ? context : undefined
}

/** Logs once when the collector stops accepting spans, and once when it accepts them again. */
function sayingFailures(exporter: SpanExporter, log: Log): SpanExporter {
  let isFailing = false
  return {
    export(spans, done) {
      exporter.export(spans, (result) => {
        const { error } = result
        if (error !== undefined && !isFailing)
          log.warn({ reason: error.name }, 'Traces cannot be sent; they are dropped until they can.')
        if (error === undefined && isFailing) log.info({}, 'Traces are sent again.')
        isFailing = error !== undefined
        done(result)
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: async () => exporter.forceFlush?.(),
  }
}
