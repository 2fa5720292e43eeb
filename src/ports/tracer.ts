/**
 * Records how long work takes, for the people who run the service. Each piece of work is a span, inside the span that it is part
 * of.
 */
export interface Tracer {
  /** Runs the work as a span. `note` adds attributes that are known only later. */
  span<T>(start: SpanStart, work: (note: (more: SpanAttributes) => void) => Promise<T>): Promise<T>
  /** The id of the current span for other threads and processes (W3C `traceparent`); undefined if there is none. */
  current(): string | undefined
}

export interface SpanStart {
  readonly name: string
  /** `server`: a request from outside; `consumer`: work from the queue; default: work inside of this program. */
  readonly kind?: 'server' | 'consumer' | 'internal'
  readonly attributes?: SpanAttributes
  /** The parent span; default: the current span. */
  readonly parent?: string | undefined
  /** The span that requested this one without being its parent. This span begins a trace of its own. */
  readonly askedBy?: string | undefined
}

/** Names, numbers and kinds. Never text that people wrote, a secret or a token. */
export type SpanAttributes = Readonly<Record<string, string | number>>

/** A tracer that records nothing. */
export const UNTRACED: Tracer = {
  span: (_, work) => work(() => undefined),
  current: () => undefined,
}
