import type { TemplateName, TemplateProblem } from '../analysis-template/template-problem.ts'
import type { ConfigProblem } from '../config/read.ts'
import type { GeneratorGap } from '../delivery/generators/generator-gap.ts'
import type { RenderProblem } from '../diff/objects.ts'
import type { EnvironmentRefusal } from '../environment/refusal.ts'
import type { RolloutRise } from '../exposure/canaries.ts'
import type { Detail } from '../finding/finding.ts'
import type { ProtectionGap } from '../gate/protection.ts'
import type { ManifestProblem } from '../manifest/parse.ts'
import type { DryRunGapCode } from '../policy/dry-run.ts'
import type { FaultCode, Remark, ToolFailure, ToolName } from '../policy/remark.ts'
import type { Target } from '../rollout/target.ts'

/** A problem of a merge, or a note about it, as facts. The words are in `message`. */
export interface Problem {
  /** Its name for people and programs, and the title of its annotation. */
  readonly code: string
  readonly file: string | undefined
  /** 1-based; 1 where only the file is known. */
  readonly line: number
  readonly cause: ProblemCause
  /** It might be wrong: more than a note, and red only where the config says `validate: strict`. */
  readonly level?: 'warning'
}

/** Something that prevents a verdict although nothing is known to be wrong: a tool or a server that is missing or does not answer. */
const UNKNOWN: ReadonlySet<string> = new Set(['tool-missing', 'helm-missing', 'tool-busy'])

/** Whether a render failed for want of the tool, and not because of what it was to render. */
export function lacksTool({ code }: Pick<RenderFailure, 'code'>): boolean {
  return UNKNOWN.has(code)
}

/** Whether something could not be checked. That is not green, but nobody's mistake. */
export function isNotSeen({ code, cause }: Problem): boolean {
  // A missing API server is a mistake in the config or the setup of the service.
  if (cause.kind === 'tool-failure') return cause.tool === 'dry-run' && cause.failure.code !== 'missing'
  return cause.kind === 'dry-run-gap' || (cause.kind === 'not-rendered' && UNKNOWN.has(code))
}

/** Whether it may be gone a while later, although nobody changes the pull request: an API server did not answer, a tool was missing. */
export function mayPassByItself({ code, cause }: Problem): boolean {
  if (cause.kind === 'not-rendered') return UNKNOWN.has(code)
  if (cause.kind === 'dry-run-gap') return cause.gap === 'not-answered'
  return cause.kind === 'tool-failure' && cause.tool === 'dry-run' && PASSING.has(cause.failure.code)
}

/** What says nothing about how well Perch knows the traffic after the merge. */
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

/** Whether a change of traffic may be in what could not be read, rendered or judged. */
export function mayHideTraffic({ cause }: Problem): boolean {
  return !BESIDE_TRAFFIC.has(cause.kind)
}

const PASSING: ReadonlySet<ToolFailure['code']> = new Set(['unreachable', 'busy', 'timed-out', 'failed', 'too-large'])

export type ProblemCause = FileCause | MergeCause | RouteCause | ToolCause

/** The files, by themselves or as they render. */
export type FileCause =
  /** `side`: where the config is that is not valid. */
  | { readonly kind: 'config'; readonly problem: ConfigProblem; readonly side: 'base' | 'head' }
  | { readonly kind: 'manifest'; readonly problem: ManifestProblem }
  | { readonly kind: 'refused-environment'; readonly refusal: EnvironmentRefusal }
  | { readonly kind: 'not-rendered'; readonly environment: string; readonly failure: RenderFailure }
  /** What it renders to cannot be read as Kubernetes objects. */
  | { readonly kind: 'unreadable-render'; readonly environment: string; readonly problem: RenderProblem }
  /** A file of a folder, or a document of it, is no part of what is rendered, because it cannot be read. */
  | {
      readonly kind: 'left-out'
      readonly environment: string
      readonly problem: RenderProblem['code']
      readonly isWhole: boolean
    }
  /** A file of a folder could not be read before. */
  | { readonly kind: 'repaired'; readonly environment: string }
  /** An ApplicationSet of which nobody knows what it deploys. */
  | { readonly kind: 'not-generated'; readonly gap: GeneratorGap }
  /** The template that the config names as the analysis of a step cannot be it. */
  | { readonly kind: 'analysis-template'; readonly template: TemplateName; readonly problem: TemplateProblem }
  /** Git cannot read what is needed of a checkout. */
  | { readonly kind: 'git-unreadable'; readonly reason: string }

/** Why nothing was rendered. */
export interface RenderFailure {
  readonly code:
    | 'tool-missing'
    | 'helm-missing'
    | 'tool-busy'
    | 'build-failed'
    /** `detail`: what only the generator of an ApplicationSet knows, as its template says it. */
    | 'values-unknown'
    | 'timed-out'
    | 'too-large'
    | 'out-of-memory'
  /** What the tool said, with no path of this machine in it; empty when it said nothing. */
  readonly detail: string
}

/** The two branches, and what a merge would make of them. */
export type MergeCause =
  | { readonly kind: 'conflict'; readonly paths: readonly string[] }
  /** The merge queue's commit does not stand on the base branch. */
  | { readonly kind: 'stale-group'; readonly base: string }
  /** For a branch that nothing deploys, and not to be merged into the one that is deployed. */
  | {
      readonly kind: 'not-judged'
      readonly base: string
      readonly judgedFor: string
      readonly conflicts: readonly string[]
    }
  /** The config of the base branch cannot be read. `isRepaired`: this pull request makes it valid again. */
  | { readonly kind: 'broken-base'; readonly problem: ConfigProblem; readonly isRepaired: boolean }
  /** The base branch has it broken, and so nobody can judge what this pull request does to traffic. */
  | { readonly kind: 'unjudged'; readonly broken: ProblemCause }
  /** It repairs what the base branch has broken, and changes these objects too. */
  | { readonly kind: 'mixed-repair'; readonly titles: readonly string[] }
  | { readonly kind: 'unprotected'; readonly branch: string; readonly gaps: readonly ProtectionGap[] }

/** Problems about the traffic. */
export type RouteCause =
  /** A rollout under way whose route no longer splits anything, or is gone. */
  | { readonly kind: 'vanished'; readonly target: Target; readonly share: number | 'unknown' }
  /** After the merge an annotation would make gates confuse the two versions. */
  | { readonly kind: 'renamed-roles'; readonly target: Target }
  | {
      readonly kind: 'renamed-by-config' | 'raised-by-config'
      readonly target: Target
      readonly share: number | 'unknown'
    }
  /** The files say one share, and the environment renders another; undefined where its route is not rendered. */
  | {
      readonly kind: 'share-differs'
      readonly environment: string
      readonly target: Target
      readonly said: number | 'unknown'
      readonly rendered: number | 'unknown' | undefined
    }
  /** An environment renders a split that is a rollout of no file. */
  | {
      readonly kind: 'stray-split'
      readonly environment: string
      readonly route: string
      readonly was: number | 'unknown'
      readonly share: number | 'unknown'
    }
  /** Requests that may reach a canary more often, and no gate can judge how much. */
  | { readonly kind: 'unknown-exposure'; readonly rise: RolloutRise }
  /** One finding of these environments. */
  | {
      readonly kind: 'finding'
      readonly detail: Detail
      readonly title: string
      readonly environments: readonly string[]
    }

/** The remarks of other programs, and why they gave no answer. */
export type ToolCause =
  /** `title`: the object's; undefined where none is meant. */
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
  /** `text`: the API server's words, or the namespace that it does not have. */
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
