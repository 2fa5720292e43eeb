import type { Location } from '../manifest/parse.ts'
import type { Trouble } from './expression/trouble.ts'

/** What the config names: the kind follows from `clusterScope`. */
export interface TemplateName {
  readonly kind: 'AnalysisTemplate' | 'ClusterAnalysisTemplate'
  readonly name: string
}

/** Why no template was found, or not one. */
export type LookupProblem =
  | { readonly code: 'not-found' }
  /** They say different things, and nothing says which counts. */
  | { readonly code: 'found-twice'; readonly places: readonly Location[] }
  /** It is the only one that may be meant. */
  | { readonly code: 'unreadable'; readonly place: Location }
  /** Only kustomize can tell what the environment makes of it. */
  | { readonly code: 'unclear'; readonly place: Location }
  /** Environments that share their weights have different ones. */
  | { readonly code: 'differs'; readonly environments: readonly string[] }

/** What a field must be. */
export const WANTED = [
  'a map',
  'a list',
  'a text',
  'a whole number',
  'a duration',
  'at least 0',
  'at least -1',
] as const

/** What is wrong with a template. `place`: the field, such as `metrics[0].interval`. */
export type SpecProblem =
  /** Argo Rollouts may know it, and Perch does not evaluate it. `what`: a key, a provider. */
  | { readonly code: 'unsupported'; readonly place: string; readonly what: string }
  | { readonly code: 'provider'; readonly metric: string; readonly provider: string }
  | { readonly code: 'invalid'; readonly place: string; readonly wanted: (typeof WANTED)[number] }
  | { readonly code: 'no-metrics' }
  | { readonly code: 'many-metrics'; readonly count: number; readonly most: number }
  | { readonly code: 'same-name'; readonly place: string; readonly name: string }
  /** Argo Rollouts refuses limits that contradict each other. */
  | { readonly code: 'limits'; readonly metric: string; readonly why: LimitFault }
  | { readonly code: 'dry-run-unused'; readonly place: string; readonly name: string }
  | { readonly code: 'argument-missing'; readonly name: string }
  | { readonly code: 'argument-source'; readonly name: string; readonly source: string }
  | { readonly code: 'argument-unknown'; readonly name: string; readonly known: readonly string[] }
  /** The config's value of an argument names a variable that Perch does not know, or that the files do not say. */
  | { readonly code: 'argument-variable'; readonly name: string; readonly variable: string }
  /** `{{…}}` that is no argument; `what` is what stands between the braces. */
  | { readonly code: 'unresolved'; readonly place: string; readonly what: string }
  | { readonly code: 'condition'; readonly place: string; readonly text: string; readonly trouble: Trouble }
  /** More measurements than are asked for. */
  | { readonly code: 'too-many'; readonly metric: string; readonly points: number; readonly most: number }

export const LIMIT_FAULTS = [
  'count-needs-interval',
  'count-too-low',
  'both-disabled',
  'interval-too-short',
  'time-too-long',
  'count-too-high',
  'query-too-long',
] as const
export type LimitFault = (typeof LIMIT_FAULTS)[number]

export type TemplateProblem = LookupProblem | SpecProblem
