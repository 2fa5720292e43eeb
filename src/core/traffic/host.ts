/**
 * A host as Istio resolves it: a name without dots belongs to the namespace of the route that names it, not of the
 * service (istio.io VirtualService reference, Destination.host). `reviews.prod` and `reviews.prod.svc` are the
 * Kubernetes short forms of the same service.
 */
export function resolveHost(host: string, namespace: string): string {
  const labels = host.split('.')
  if (labels.length === 1) return `${host}.${namespace}.svc.cluster.local`
  if (labels.length === 2) return `${host}.svc.cluster.local`
  if (labels.length === 3 && labels[2] === 'svc') return `${host}.cluster.local`
  return host
}

/** `web.shop.svc.cluster.local` → `web`, the name that people use for the service. */
export function shortHost(host: string): string {
  return host.split('.')[0] ?? host
}
