/** Tells those who watch the service what took how long. Each piece of work is a span, inside the span of the work that it is a part of. */
export interface Tracer {
  /** Does the work as a span. `note` adds what is known of it only when it is done. */
  span<T>(start: SpanStart, work: (note: (more: SpanAttributes) => void) => Promise<T>): Promise<T>
  /** What other threads and processes call the span that is under way (W3C `traceparent`); undefined where there is none. */
  current(): string | undefined
}

export interface SpanStart {
  readonly name: string
  /** `server`: a request from outside; `consumer`: what was sent through the queue; default: work inside of this program. */
  readonly kind?: 'server' | 'consumer' | 'internal'
  readonly attributes?: SpanAttributes
  /** The span that it is a part of; default: the one that is under way. */
  readonly parent?: string | undefined
  /** The span that asked for it, which it is no part of: it begins a trace of its own. */
  readonly askedBy?: string | undefined
}

/** Names, numbers and kinds. Never a text that people wrote, a secret or a token. */
export type SpanAttributes = Readonly<Record<string, string | number>>

/** Where nobody wants traces. */
export const UNTRACED: Tracer = {
  span: (_, work) => work(() => undefined),
  current: () => undefined,
}
