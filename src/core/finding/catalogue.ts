import type { Grade } from './grade.ts'

/** What people can look up about a kind of finding. Texts are Markdown, with links as in docs/findings.md. */
interface FindingEntry {
  /** The grade if a pull request adds it to a route of a rollout. */
  readonly worst: Grade
  readonly meaning: string
  readonly advice: string
  /** Where the rule comes from: titles with addresses. */
  readonly sources: readonly (readonly [title: string, address: string])[]
}

/** Every finding. Codes that begin with IST come from `istioctl analyze`. `npm run docs` writes the table in docs/findings.md. */
export const FINDINGS = {
  IST0101: {
    worst: 'error',
    meaning:
      'A rule sends requests to a host or subset that does not exist. They are answered with 503. A warning until the destination gets traffic.',
    advice: 'Correct the name, or add the host or subset in an earlier pull request.',
    sources: [
      [
        'Istio: 503 errors after setting a destination rule',
        'https://istio.io/latest/docs/ops/common-problems/network-issues/#503-errors-after-setting-destination-rule',
      ],
    ],
  },
  'no-pods': {
    worst: 'error',
    meaning:
      "A destination has traffic, but its workload has 0 replicas, or no workload has its labels although the other destination's workload is here.",
    advice: 'Start its pods in an earlier pull request.',
    sources: [['Kubernetes: Services and labels', 'https://kubernetes.io/docs/concepts/services-networking/service/']],
  },
  IST0106: {
    worst: 'error',
    meaning: 'Istio refuses the weights: all are 0, or one is negative.',
    advice: 'Correct them. Until then the cluster keeps the old object.',
    sources: [['Istio: SchemaValidationError', 'https://istio.io/latest/docs/reference/config/analysis/ist0106/']],
  },
  IST0130: {
    worst: 'error',
    meaning:
      'No request reaches a split, because earlier rules match all of its requests. A warning if the route has another split.',
    advice: 'Move the split up, or remove it.',
    sources: [
      ['Istio: VirtualServiceUnreachableRule', 'https://istio.io/latest/docs/reference/config/analysis/ist0130/'],
    ],
  },
  schema: {
    worst: 'error',
    meaning:
      'A VirtualService, DestinationRule or route of the Gateway API does not match its schema: a value has the wrong type (`weight: "10"`, `2.5`), or a required field is missing. A warning for an unknown enum value, because a later version may allow it.',
    advice: 'Correct it. Kubernetes refuses the object, and the cluster keeps the old one.',
    sources: [
      [
        'Kubernetes: custom resources',
        'https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation',
      ],
    ],
  },
  'wrong-field': {
    worst: 'warning',
    meaning:
      'A field is not in the schema and looks like a mistake: its name is similar to another (`wieght`), or it is in the wrong place (`subset` next to `destination`).',
    advice: 'Correct the name, or move the field.',
    sources: [
      [
        'Kubernetes: field pruning',
        'https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#field-pruning',
      ],
    ],
  },
  'two-writers': {
    worst: 'error',
    meaning:
      "A Flagger Canary or an Argo Rollout writes the same route. An error if the pull request adds the controller to a route whose weights commits change: those of this pull request, or those of Perch (it has Perch's annotations). If the controller wrote the route before, a change of its weights is a warning (a note if it lowers the canary's), and Perch [never writes them](argo-rollouts.md).",
    advice: 'Let only one of them move the traffic.',
    sources: [
      [
        'Argo Rollouts: Istio and GitOps',
        'https://argo-rollouts.readthedocs.io/en/stable/features/traffic-management/istio/#integrating-with-gitops',
      ],
    ],
  },
  'weights-ignored': {
    worst: 'error',
    meaning:
      "The weights from Git are not applied. Argo CD ignores them (`ignoreDifferences` in the Application, or in Argo CD's own settings: `argocd-cm`, the values of its chart or its operator's object; with `RespectIgnoreDifferences=true`). Or Flux ignores them (`reconcile: disabled`, `ssa`). Or every deployer patches other weights in, and Perch does not render that (a warning if only some do). A note without `RespectIgnoreDifferences`, because a sync applies them. A warning if Perch cannot read the jq expression. No finding for a route that Argo Rollouts or Flagger moves: there it must be so.",
    advice: 'Remove that setting.',
    sources: [
      ['Argo CD: diffing', 'https://argo-cd.readthedocs.io/en/stable/user-guide/diffing/'],
      [
        'sync options',
        'https://argo-cd.readthedocs.io/en/stable/user-guide/sync-options/#respect-ignore-difference-configs',
      ],
    ],
  },
  'not-synced': {
    worst: 'note',
    meaning:
      'A merge is not applied automatically: the Application is synced manually (also `automated.enabled: false`), skipped (`skip-reconcile`) or follows another revision, or the Flux Kustomization or its source is suspended or follows another revision.',
    advice: 'Apply it after the merge.',
    sources: [
      ['Argo CD: automated sync', 'https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/'],
      ['tracking', 'https://argo-cd.readthedocs.io/en/stable/user-guide/tracking_strategies/'],
    ],
  },
  'use-before-definition': {
    worst: 'warning',
    meaning:
      'A rule starts to send requests to a subset in the same commit that adds the subset to its DestinationRule, or stops in the same commit that removes the subset. Proxies receive the two changes one after the other, and answer 503 in between.',
    advice:
      'Add the subset in an earlier pull request, remove it in a later one, or [let the deployer order them](#which-object-is-applied-first).',
    sources: [
      [
        'Istio: avoid 503 errors while reconfiguring service routes',
        'https://istio.io/latest/docs/ops/best-practices/traffic-management/#avoid-503-errors-while-reconfiguring-service-routes',
      ],
    ],
  },
} as const satisfies Readonly<Record<string, FindingEntry>>

export type FindingCode = keyof typeof FINDINGS

export const FINDING_CODES = Object.keys(FINDINGS).filter((code): code is FindingCode => code in FINDINGS)
