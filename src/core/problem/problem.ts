import type { TemplateName, TemplateProblem } from '../analysis-template/template-problem.ts'
import type { ConfigProblem } from '../config/read.ts'
import type { DeliveryGap } from '../delivery/generators/generator-gap.ts'
import type { RenderProblem } from '../diff/objects.ts'
import type { EnvironmentRefusal } from '../environment/refusal.ts'
import type { RolloutRise } from '../exposure/canaries.ts'
import type { Detail } from '../finding/finding.ts'
import type { ProtectionGap } from '../gate/protection.ts'
import type { ManifestProblem } from '../manifest/parse.ts'
import type { DryRunGapCode } from '../policy/dry-run.ts'
import type { FaultCode, Remark, ToolFailure, ToolName } from '../policy/remark.ts'
import type { Target } from '../rollout/target.ts'
import type { ScopedStop } from '../stop/stop.ts'

/** A problem of a merge, or a note about it, as facts. The words are in `message`. */
export interface Problem {
  /** A name for people and programs. Also the title of its annotation. */
  readonly code: string
  readonly file: string | undefined
  /** 1-based; 1 if only the file is known. */
  readonly line: number
  readonly cause: ProblemCause
  /** It may be a false alarm: more than a note, but red only if the config has `validate: strict`. */
  readonly level?: 'warning'
}

/** Codes for missing verdicts without a known mistake: a tool is missing, busy, or must not be used on this machine. */
const UNKNOWN: ReadonlySet<string> = new Set(['tool-missing', 'helm-missing', 'tool-busy', 'not-confined'])

/** Whether a render failed because of the tool, and not because of its input. */
export function lacksTool({ code }: Pick<RenderFailure, 'code'>): boolean {
  return UNKNOWN.has(code)
}

/** Whether something could not be checked. That is not green, but it is not a mistake in the pull request. */
export function isNotSeen({ code, cause }: Problem): boolean {
  // A missing API server is a mistake in the config, or in the setup of Perch.
  if (cause.kind === 'tool-failure') return cause.tool === 'dry-run' && cause.failure.code !== 'missing'
  return cause.kind === 'dry-run-gap' || (cause.kind === 'not-rendered' && UNKNOWN.has(code))
}

/**
 * Whether the problem may disappear without a change of the pull request, for example because an API server did not answer or a
 * tool was missing.
 */
export function mayPassByItself({ code, cause }: Problem): boolean {
  if (cause.kind === 'not-rendered') return UNKNOWN.has(code)
  if (cause.kind === 'dry-run-gap') return cause.gap === 'not-answered'
  return cause.kind === 'tool-failure' && cause.tool === 'dry-run' && PASSING.has(cause.failure.code)
}

/** Causes that do not affect how well Perch knows the traffic after the merge. */
const BESIDE_TRAFFIC: ReadonlySet<ProblemCause['kind']> = new Set([
  'finding',
  'object-remark',
  'line-remark',
  'tool-failure',
  'tool-fault',
  'dry-run-gap',
  'analysis-template',
  'unprotected',
])

/** Whether something that could not be read, rendered or judged may hide a change of traffic. */
export function mayHideTraffic({ cause }: Problem): boolean {
  return !BESIDE_TRAFFIC.has(cause.kind)
}

/** Whether a note says that Perch does not know what something in the repository deploys. */
export function isUnknownDeployment({ cause }: Problem): boolean {
  if (cause.kind === 'manifest') return cause.problem.code === 'template'
  return cause.kind === 'not-generated' || cause.kind === 'parent-not-rendered'
}

const PASSING: ReadonlySet<ToolFailure['code']> = new Set(['unreachable', 'busy', 'timed-out', 'failed', 'too-large'])

export type ProblemCause = FileCause | ParentCause | MergeCause | RouteCause | ToolCause

/** A chart whose templates deploy something cannot be rendered, or a kustomization that changes deployers cannot be built. */
interface ParentCause {
  readonly kind: 'parent-not-rendered'
  readonly by: 'chart' | 'kustomization'
  readonly folder: string
  /** What it is rendered from. */
  readonly files: readonly string[]
  readonly why: ProblemCause
}

/** Problems of files, or of their render. */
export type FileCause =
  /** `side`: the branch with the config that is not valid. */
  | { readonly kind: 'config'; readonly problem: ConfigProblem; readonly side: 'base' | 'head' }
  | { readonly kind: 'manifest'; readonly problem: ManifestProblem }
  | { readonly kind: 'refused-environment'; readonly refusal: EnvironmentRefusal }
  | { readonly kind: 'not-rendered'; readonly environment: string; readonly failure: RenderFailure }
  /** The render cannot be read as Kubernetes objects. */
  | { readonly kind: 'unreadable-render'; readonly environment: string; readonly problem: RenderProblem }
  /** A file of a folder, or one of its documents, is missing in the render because it cannot be read. */
  | {
      readonly kind: 'left-out'
      readonly environment: string
      readonly problem: RenderProblem['code']
      readonly isWhole: boolean
    }
  /** A file of a folder could not be read before this change. */
  | { readonly kind: 'repaired'; readonly environment: string }
  /** An ApplicationSet or Application whose deployments are unknown. */
  | { readonly kind: 'not-generated'; readonly gap: DeliveryGap }
  /** The template that the config names cannot be used for the analysis of a step. */
  | { readonly kind: 'analysis-template'; readonly template: TemplateName; readonly problem: TemplateProblem }
  /** Git cannot read a necessary part of a checkout. */
  | { readonly kind: 'git-unreadable'; readonly reason: string }

/** Why nothing was rendered. */
export interface RenderFailure {
  readonly code:
    | 'tool-missing'
    | 'helm-missing'
    | 'tool-busy'
    /** The build needs files that the tool may read only where nothing else of the machine is in its reach. */
    | 'not-confined'
    | 'build-failed'
    /** `detail`: the parameter that only the generator of an ApplicationSet knows, as in its template. */
    | 'values-unknown'
    /** The values come from a chart that nothing in the repository deploys, so a person may give others. */
    | 'values-by-hand'
    | 'timed-out'
    | 'too-large'
    | 'out-of-memory'
  /** The output of the tool, without paths of this machine. Empty if there is none. */
  readonly detail: string
}

/** Problems with the two branches and their merge. */
export type MergeCause =
  | { readonly kind: 'conflict'; readonly paths: readonly string[] }
  /** The merge queue's commit is not based on the base branch. */
  | { readonly kind: 'stale-group'; readonly base: string }
  /**
   * The pull request is for a branch that nothing deploys, and cannot be merged into the deployed branch: they conflict, or have
   * no common history.
   */
  | {
      readonly kind: 'not-judged'
      readonly base: string
      readonly judgedFor: string
      readonly conflicts: readonly string[]
    }
  /**
   * The config of the base branch is not valid. This pull request makes it valid again (`repairs`), or only takes traffic away from
   * canaries, which the last valid config shows (`lowers`), or does neither (`waits`).
   */
  | { readonly kind: 'broken-base'; readonly problem: ConfigProblem; readonly here: 'repairs' | 'lowers' | 'waits' }
  /** Something is broken on the base branch, so the effect of this pull request on traffic is unknown. */
  | { readonly kind: 'unjudged'; readonly broken: ProblemCause }
  /** The pull request repairs something that is broken on the base branch, and also changes these objects. */
  | { readonly kind: 'mixed-repair'; readonly titles: readonly string[] }
  /** The change renames or removes what a hold or a freeze stops. */
  | ({ readonly kind: 'lost-stop' } & ScopedStop)
  | { readonly kind: 'unprotected'; readonly branch: string; readonly gaps: readonly ProtectionGap[] }

/** Problems about the traffic. */
export type RouteCause =
  /** A rollout is under way, but its route no longer splits traffic, or is gone. */
  | {
      readonly kind: 'vanished'
      readonly target: Target
      readonly share: number | 'unknown'
      /** One of its environments that does not exist any more. */
      readonly gone: string | undefined
    }
  /** After the merge, an annotation would make the gates confuse the two versions. */
  | { readonly kind: 'renamed-roles'; readonly target: Target }
  | {
      readonly kind: 'renamed-by-config' | 'raised-by-config'
      readonly target: Target
      readonly share: number | 'unknown'
    }
  /**
   * The share in the files differs from the share in the environment's render. `rendered` is undefined if the route is not
   * rendered.
   */
  | {
      readonly kind: 'share-differs'
      readonly environment: string
      readonly target: Target
      readonly said: number | 'unknown'
      readonly rendered: number | 'unknown' | undefined
    }
  /** The render of an environment has a split that belongs to no rollout in the files. */
  | {
      readonly kind: 'stray-split'
      readonly environment: string
      readonly route: string
      readonly was: number | 'unknown'
      readonly share: number | 'unknown'
    }
  /** More requests may reach a canary, and no gate can judge how many. */
  | { readonly kind: 'unknown-exposure'; readonly rise: RolloutRise }
  /** One finding in these environments. */
  | {
      readonly kind: 'finding'
      readonly detail: Detail
      readonly title: string
      readonly environments: readonly string[]
    }

/** The remarks of other programs, and the reasons for missing answers. */
export type ToolCause =
  /** `title`: that of the object. Undefined if the remark is about no object. */
  | {
      readonly kind: 'object-remark'
      readonly tool: Exclude<ToolName, 'yamllint'>
      readonly remark: RemarkFacts
      readonly environment: string
      readonly title: string | undefined
    }
  | { readonly kind: 'line-remark'; readonly remark: RemarkFacts }
  | {
      readonly kind: 'tool-failure'
      readonly tool: ToolName
      readonly failure: ToolFailure
      readonly environment: string | undefined
    }
  /** `text`: the message of the API server, or the name of a missing namespace. */
  | {
      readonly kind: 'dry-run-gap'
      readonly gap: DryRunGapCode
      readonly text: string
      readonly environment: string
      readonly title: string
    }
  | {
      readonly kind: 'tool-fault'
      readonly tool: ToolName
      readonly fault: FaultCode
      readonly text: string
      readonly side: 'base' | 'head'
    }

type RemarkFacts = Pick<Remark, 'rule' | 'text' | 'level' | 'needsCluster'>
