/**
 * `namespace/name` of a Gateway that a VirtualService names as `name`, `./name`, `namespace/name`, or in the old form
 * `name.namespace.svc.cluster.local` (istio.io VirtualService reference, gateways; istio/istio#26104).
 */
export function gatewayName(written: string, namespace: string): string {
  if (written === 'mesh') return written
  if (written.includes('/')) return written.startsWith('./') ? `${namespace}/${written.slice(2)}` : written
  const [name = '', other = namespace] = written.split('.')
  return `${other}/${name}`
}
