/** Why a hold, a freeze or an override was not made or taken away. */
export type GateRefusal =
  /** A hold, or a plan, for a pull request that moves nothing. */
  | { readonly code: 'no-rollout' }
  | { readonly code: 'nothing-held'; readonly names: readonly string[] }
  | { readonly code: 'not-frozen'; readonly environment: string }
  | { readonly code: 'in-the-past'; readonly until: number }
  | { readonly code: 'gate-not-waiting'; readonly gate: string; readonly open: readonly string[] }
  | { readonly code: 'no-head' }
  | { readonly code: 'override-not-deployed'; readonly base: string; readonly judgedFor: string }
  | NotDeployed
  /** A new plan is a commit, and this pull request takes none any more. `step`: the open one that would. */
  | { readonly code: 'plan-on-merged'; readonly step: number | undefined }

/** The pull request's base is a branch that nothing deploys, such as that of a stacked pull request. */
export interface NotDeployed {
  readonly code: 'not-deployed'
  readonly base: string
  readonly deployed: readonly string[]
  readonly isMerged: boolean
}
