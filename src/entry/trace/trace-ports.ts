import type { RepositoryContext } from '../../flows/repository/repository-context.ts'
import { type Tracer, UNTRACED } from '../../ports/tracer.ts'

/**
 * Wraps a port so that each call is a span. All its methods must be asynchronous. Arguments and results are not part of the span.
 */
export function tracePort<Port extends object>(tracer: Tracer, name: string, port: Port): Port {
  if (tracer === UNTRACED) return port
  return new Proxy(port, {
    get(target, key) {
      const method: unknown = Reflect.get(target, key)
      if (typeof method !== 'function') return method
      return (...args: readonly unknown[]) =>
        tracer.span({ name: `${name}.${String(key)}` }, async () => Reflect.apply(method, target, args))
    },
  })
}

/** A context for flows in which each call of a port is a span. */
export function traceContext(tracer: Tracer, context: RepositoryContext): RepositoryContext {
  if (tracer === UNTRACED) return context
  const { metrics, notifier } = context
  return {
    ...context,
    pulls: tracePort(tracer, 'pulls', context.pulls),
    conversation: tracePort(tracer, 'conversation', context.conversation),
    checks: tracePort(tracer, 'checks', context.checks),
    branches: tracePort(tracer, 'branches', context.branches),
    activity: tracePort(tracer, 'activity', context.activity),
    records: tracePort(tracer, 'records', context.records),
    people: tracePort(tracer, 'people', context.people),
    protections: tracePort(tracer, 'protections', context.protections),
    queue: tracePort(tracer, 'queue', context.queue),
    signals: tracePort(tracer, 'signals', context.signals),
    deployments: tracePort(tracer, 'deployments', context.deployments),
    issues: tracePort(tracer, 'issues', context.issues),
    reports: tracePort(tracer, 'reports', context.reports),
    canaryChecks: tracePort(tracer, 'canaryChecks', context.canaryChecks),
    mirror: tracePort(tracer, 'mirror', context.mirror),
    renderer: tracePort(tracer, 'renderer', context.renderer),
    validators: tracePort(tracer, 'validators', context.validators),
    notifier: { ...tracePort(tracer, 'notifier', notifier), destinations: () => notifier.destinations() },
    metrics: { ...tracePort(tracer, 'metrics', metrics), servers: () => metrics.servers() },
  }
}
