import type { CrdSettings, SchemaSettings } from '../core/config/validators.ts'
import type { RenderedObject } from '../core/diff/objects.ts'
import type { CrdText } from '../core/policy/crds.ts'
import type { DryRunResult } from '../core/policy/dry-run.ts'
import type { Policy } from '../core/policy/policy.ts'
import type { ToolResult, Failure, LineRemark, ObjectRemark, ToolName } from '../core/policy/remark.ts'

/** What one environment renders to. */
export interface Rendering {
  readonly environment: string
  readonly objects: readonly RenderedObject[]
}

/** How kubeconform is to look, and the schemas that the repository has: path below their folder → text. */
export type KubeconformSchemas = SchemaSettings & { readonly texts: ReadonlyMap<string, string> }

/** How kubectl-validate is to look, and the CustomResourceDefinitions that the repository has. */
export type RepositoryCrds = CrdSettings & { readonly texts: readonly CrdText[] }

export interface DryRunQuestion {
  /** Where objects are put that name no namespace; undefined where nobody says, and then where the operator's kubeconfig says, or `default`. */
  readonly namespace: string | undefined
  /** In whose name fields are set. */
  readonly fieldManager: string
}

/** Programs of this machine that check what is rendered, and an API server. Each that is not installed or not named answers `missing`. */
export interface Validators {
  /** Those that are installed, with name and version for people: `opa 1.22.2`. */
  tools(): Promise<ReadonlyMap<ToolName, string>>
  /** Why one that is not among them is not: it is missing, or too old. */
  absence(tool: ToolName): Promise<Failure>
  /** Why policies cannot be used; undefined where they compile and have rules. */
  compile(policy: Policy): Promise<Failure | undefined>
  /** What policies say about each object. */
  judge(policy: Policy, rendering: Rendering): Promise<ToolResult<ObjectRemark>>
  /** What yamllint says about files (path → text), by the configuration that is among `settings` (path → text). */
  lint(files: ReadonlyMap<string, string>, settings: ReadonlyMap<string, string>): Promise<ToolResult<LineRemark>>
  /** What does not fit its schema, of the schemas that are given (path → text) and those of the machine. */
  fit(rendering: Rendering, schemas: KubeconformSchemas): Promise<ToolResult<ObjectRemark>>
  /** Why kubectl-validate cannot judge by these; undefined where it takes every CRD and knows the version. */
  define(crds: RepositoryCrds): Promise<Failure | undefined>
  /**
   * What an API server would refuse by its schemas, and by the CRDs of the machine, of the repository and of `applied`: what the environment
   * has applied so far. For a kind that is defined in several of these, the last one counts.
   */
  admit(
    rendering: Rendering,
    crds: RepositoryCrds,
    applied: readonly RenderedObject[],
  ): Promise<ToolResult<ObjectRemark>>
  /** What `istioctl analyze` says without a cluster. */
  analyze(rendering: Rendering): Promise<ToolResult<ObjectRemark>>
  /** What the operator's API server would say of applying these objects. Nothing is applied. */
  dryRun(objects: readonly RenderedObject[], question: DryRunQuestion): Promise<DryRunResult>
}
