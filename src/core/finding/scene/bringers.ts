/** Finds where Services and pods may come from that no manifest of the repository shows. */
import { recordOf, textOf } from '../../manifest/data.ts'
import type { RenderedObject } from '../../diff/objects.ts'
import { effectiveNamespace } from '../../manifest/identity.ts'

/** Kubernetes' own groups have no dot or this suffix. They include Istio's and the Gateway API's. */
const OWN_GROUP = /^(?:[^.]*|.*\.k8s\.io|(?:.*\.)?istio\.io)$/

/** Groups of operators whose objects create neither Services nor pods that serve traffic. */
const QUIET = new Set([
  'acme.cert-manager.io',
  'apps.kruise.io',
  'argoproj.io',
  'bitnami.com',
  'cert-manager.io',
  'external-secrets.io',
  'keda.sh',
  'kustomize.toolkit.fluxcd.io',
  'kyverno.io',
  'monitoring.coreos.com',
  'notification.toolkit.fluxcd.io',
  'source.toolkit.fluxcd.io',
])

/** The namespaces in which a chart, an operator or another repository may create objects that are not here; `*` for any. */
export function bringingNamespaces(
  objects: readonly RenderedObject[],
  outsiders: ReadonlySet<string>,
): ReadonlySet<string> {
  return new Set([...outsiders, ...objects.filter(mayBring).flatMap(placesOf)])
}

/** A custom resource makes an operator create what only that operator knows. */
function mayBring({ group }: RenderedObject): boolean {
  return !OWN_GROUP.test(group) && !QUIET.has(group)
}

function placesOf(object: RenderedObject): readonly string[] {
  return [effectiveNamespace(object), textOf(recordOf(object.data['spec'])['targetNamespace']) ?? []].flat()
}
