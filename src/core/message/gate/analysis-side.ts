import type { SideTrouble } from '../../analysis/side.ts'

const OWN = 'Give it a `query` of your own'

/** Why Istio's labels cannot identify the canary, as the rest of a sentence that begins with the name of a metric. */
export function sideTroubleWords(trouble: SideTrouble): string {
  switch (trouble) {
    case 'not-http':
      return `cannot be measured: TCP and TLS have no requests in Istio's metrics. ${OWN}, such as one of \`istio_tcp_connections_closed_total\`.`
    case 'needs-source':
      return "cannot be measured with `reporter: destination`: behind a Gateway API route the canary's own proxy does not know which service was called. Remove `reporter`, or set it to `source` or `waypoint`."
    case 'shared-pods':
      return 'cannot be measured with `reporter: destination`: another Service has the same pods, and their proxies count every request for one of the two. Write `reporter: source`, or `waypoint`.'
    case 'several-destinations':
      return `cannot be measured: its rules send it to several hosts or subsets. ${OWN}, or name one rule in \`route.rules\`.`
    case 'foreign-host':
      return `cannot be measured: the destination is not a Service of the cluster. ${OWN}.`
    case 'no-version-label':
      return `cannot be measured: the subset has no \`version\` label, which is what Istio's metrics have. Add one to the subset and the pods, or split by hosts. Or: ${OWN.toLowerCase()}.`
    case 'same-labels':
      return `cannot be measured: in Istio's metrics both versions have the same labels. Give them different \`version\` labels, or split by hosts. Or: ${OWN.toLowerCase()}.`
    case 'several-namespaces':
      return `cannot be measured: the route is deployed to several namespaces, and Istio's metrics are about one. ${OWN}, or give each namespace weights of its own, in an overlay of its own.`
  }
}
