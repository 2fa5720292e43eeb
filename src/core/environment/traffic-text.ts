/** What the text of a file shows about traffic, without parsing it. */

/**
 * Matches objects that decide where traffic goes or which version a name stands for, objects by which Flagger or Argo Rollouts
 * write a route, and templates for measuring a step. A CustomResourceDefinition that mentions a Service does not match.
 */
export const TRAFFIC_OBJECT =
  /\bkind["']?\s*:\s*(?:[&!]\S*\s+)*(?:["'>|][-+\d\s]*)?(?:\*[^\s,}\]]+|VirtualService|DestinationRule|Service|HTTPRoute|GRPCRoute|TLSRoute|TCPRoute|Canary|Rollout|AnalysisTemplate|ClusterAnalysisTemplate)(?:List)?\b(?![-.])/

/** Objects that run the pods of a version. */
const WORKLOADS = ['Deployment', 'StatefulSet', 'DaemonSet', 'ReplicaSet', 'CloneSet']
const WORKLOAD = objectOf(WORKLOADS)
const WORKLOAD_OR_OWNER = objectOf([...WORKLOADS, 'Canary', 'Rollout'])

/** Matches texts that may contain an object of one of these kinds. */
export function objectOf(kinds: readonly string[]): RegExp {
  return new RegExp(`\\bkind["']?\\s*:\\s*(?:[&!]\\S*\\s+)*["']?(?:${kinds.join('|')})\\b(?![-.])`)
}

/** The traffic objects in a rendered chart, including the workloads of each version. */
export const TRAFFIC_OR_PODS = new RegExp(`${TRAFFIC_OBJECT.source}|${WORKLOAD.source}`)

/** Whether a text contains an object that runs pods, including objects for which Flagger or Argo Rollouts runs them. */
export function runsPods(text: string): boolean {
  return WORKLOAD_OR_OWNER.test(text)
}

/**
 * Matches the API groups of deployers, but not their annotations (`argocd.argoproj.io/sync-options`), which any object may have.
 */
const DEPLOYER = /(?:argoproj|fluxcd|fluxcd\.controlplane)\.io(?!\/(?!v\d))|argocd-cm/

/** Whether a text may affect where traffic goes: with an object in it, or with one that deploys others. */
export function mentionsTraffic(text: string): boolean {
  return TRAFFIC_OBJECT.test(text) || DEPLOYER.test(text)
}
