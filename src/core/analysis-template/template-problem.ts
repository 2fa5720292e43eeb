import type { Location } from '../manifest/parse.ts'
import type { Trouble } from './expression/trouble.ts'

/** The template that the config names. `clusterScope` decides the kind. */
export interface TemplateName {
  readonly kind: 'AnalysisTemplate' | 'ClusterAnalysisTemplate'
  readonly name: string
}

/** Why no template was found, or more than one. */
export type LookupProblem =
  | { readonly code: 'not-found' }
  /** They differ, and nothing says which one counts. */
  | { readonly code: 'found-twice'; readonly places: readonly Location[] }
  /** It is the only candidate. */
  | { readonly code: 'unreadable'; readonly place: Location }
  /** Only kustomize can tell what it looks like after the build. */
  | { readonly code: 'unclear'; readonly place: Location }
  /** Environments that share their weights have different templates. */
  | { readonly code: 'differs'; readonly environments: readonly string[] }

/** The expected kinds of values of a field. */
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
  /** Argo Rollouts may support it, but Perch does not. `what`: a key or a provider. */
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
  /** The config's value of an argument uses a variable that Perch does not know, or that has no value in the files. */
  | { readonly code: 'argument-variable'; readonly name: string; readonly variable: string }
  /** `{{…}}` that is not an argument; `what` is the text between the braces. */
  | { readonly code: 'unresolved'; readonly place: string; readonly what: string }
  | { readonly code: 'condition'; readonly place: string; readonly text: string; readonly trouble: Trouble }
  /** More measurements than Perch takes. */
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
