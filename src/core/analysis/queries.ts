import type { BuiltIn } from '../config/analysis.ts'
import type { Side } from './side.ts'
import { matcherFor } from './template.ts'

/**
 * gRPC statuses that are the server's fault, according to OpenTelemetry's conventions for servers: UNKNOWN, DEADLINE_EXCEEDED,
 * UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS. gRPC sends errors with HTTP 200. The label is empty for other protocols, so
 * the query can always use it.
 */
const GOOD = 'response_code!~"5..",grpc_response_status!~"2|4|12|13|14|15"'

/** A side as label matchers. */
export function matchersOf({ labels }: Side): string {
  return labels.map(([label, value]) => matcherFor(label, value)).join(',')
}

/** The PromQL of a built-in metric for one side, over `window` before each point. */
export function builtInQuery(metric: BuiltIn, side: Side, window: string): string {
  const matchers = matchersOf(side)
  switch (metric) {
    case 'success-rate': {
      const good = `sum(rate(istio_requests_total{${matchers},${GOOD}}[${window}]))`
      // If no request ever succeeded, Prometheus has no series for it. That means 0, not unknown.
      return `100 * (${good} or vector(0)) / sum(rate(istio_requests_total{${matchers}}[${window}]))`
    }
    case 'latency-p99': {
      const buckets = `sum by (le) (rate(istio_request_duration_milliseconds_bucket{${matchers}}[${window}]))`
      return `histogram_quantile(0.99, ${buckets})`
    }
  }
}

/** How many requests one side had in `window` before each point. */
export function requestsQuery(side: Side, window: string): string {
  return `sum(increase(istio_requests_total{${matchersOf(side)}}[${window}]))`
}
