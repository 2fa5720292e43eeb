/** What the text of a file shows about traffic before it is parsed. */

/**
 * Objects of kinds that say where traffic goes, which version is behind a name, or that a controller of Flagger or Argo Rollouts
 * writes a route; and templates by which a step may be measured. A custom resource definition that speaks of a Service is none.
 */
export const TRAFFIC_OBJECT =
  /\bkind["']?\s*:\s*(?:[&!]\S*\s+)*(?:[>|][-+\d]*\s+|["'])?(?:\*[^\s,}\]]+|VirtualService|DestinationRule|Service|HTTPRoute|GRPCRoute|TLSRoute|TCPRoute|Canary|Rollout|AnalysisTemplate|ClusterAnalysisTemplate)(?:List)?\b(?![-.])/

/** Objects that run the pods of a version. */
const WORKLOADS = 'Deployment|StatefulSet|DaemonSet|ReplicaSet|CloneSet'
const WORKLOAD = objectOf(WORKLOADS)
const WORKLOAD_OR_OWNER = objectOf(`${WORKLOADS}|Canary|Rollout`)

function objectOf(kinds: string): RegExp {
  return new RegExp(`\\bkind["']?\\s*:\\s*(?:[&!]\\S*\\s+)*["']?(?:${kinds})\\b(?![-.])`)
}

/** The traffic objects in a rendered chart, including the workloads of each version. */
export const TRAFFIC_OR_PODS = new RegExp(`${TRAFFIC_OBJECT.source}|${WORKLOAD.source}`)

/** Whether a text has an object that runs pods, also one that a controller of Flagger or Argo Rollouts runs for it. */
export function runsPods(text: string): boolean {
  return WORKLOAD_OR_OWNER.test(text)
}

/** Their groups, and not their annotations (`argocd.argoproj.io/sync-options`), which any object may have. */
const DEPLOYER = /(?:argoproj|fluxcd|fluxcd\.controlplane)\.io(?!\/(?!v\d))|argocd-cm/

/** Whether a text can say something about where traffic goes: by an object in it, or by one that deploys others. */
export function mentionsTraffic(text: string): boolean {
  return TRAFFIC_OBJECT.test(text) || DEPLOYER.test(text)
}
