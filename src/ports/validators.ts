import type { CrdSettings, SchemaSettings } from '../core/config/validators.ts'
import type { RenderedObject } from '../core/diff/objects.ts'
import type { CrdText } from '../core/policy/crds.ts'
import type { DryRunResult } from '../core/policy/dry-run.ts'
import type { Policy } from '../core/policy/policy.ts'
import type { ToolResult, Failure, LineRemark, ObjectRemark, ToolName } from '../core/policy/remark.ts'

/** The rendered objects of one environment. */
export interface Rendering {
  readonly environment: string
  readonly objects: readonly RenderedObject[]
}

/** Settings of kubeconform, and the schemas in the repository: path below the schema folder → text. */
export type KubeconformSchemas = SchemaSettings & { readonly texts: ReadonlyMap<string, string> }

/** Settings of kubectl-validate, and the CustomResourceDefinitions in the repository. */
export type RepositoryCrds = CrdSettings & { readonly texts: readonly CrdText[] }

export interface DryRunQuestion {
  /**
   * The namespace for objects that name none. Undefined if the deployer does not say. Then the operator's kubeconfig decides, or
   * else `default`.
   */
  readonly namespace: string | undefined
  /** The field manager that the dry run applies as. */
  readonly fieldManager: string
}

/**
 * Programs on this machine that check rendered objects, and an API server. One that is not installed or not configured returns
 * `missing`.
 */
export interface Validators {
  /** The installed tools, with name and version for people: `opa 1.22.2`. */
  tools(): Promise<ReadonlyMap<ToolName, string>>
  /** Why a tool is not in `tools`: it is missing, or too old. */
  absence(tool: ToolName): Promise<Failure>
  /** Why the policies cannot be used; undefined if they compile and have rules. */
  compile(policy: Policy): Promise<Failure | undefined>
  /** What the policies say about each object. */
  judge(policy: Policy, rendering: Rendering): Promise<ToolResult<ObjectRemark>>
  /** What yamllint says about files (path → text), with the configuration from `settings` (path → text). */
  lint(files: ReadonlyMap<string, string>, settings: ReadonlyMap<string, string>): Promise<ToolResult<LineRemark>>
  /** Where objects do not match their schemas, which come from `schemas` (path → text) and from this machine. */
  fit(rendering: Rendering, schemas: KubeconformSchemas): Promise<ToolResult<ObjectRemark>>
  /** Why kubectl-validate cannot use these CRDs; undefined if it accepts every CRD and knows the version. */
  define(crds: RepositoryCrds): Promise<Failure | undefined>
  /**
   * What an API server would refuse according to its schemas and CRDs. The CRDs come from the machine, the repository and
   * `applied`: what the environment has applied so far. If several of these define a kind, the last one counts.
   */
  admit(
    rendering: Rendering,
    crds: RepositoryCrds,
    applied: readonly RenderedObject[],
  ): Promise<ToolResult<ObjectRemark>>
  /** What `istioctl analyze` reports without a cluster. */
  analyze(rendering: Rendering): Promise<ToolResult<ObjectRemark>>
  /** What the operator's API server would say if these objects were applied. Nothing is applied. */
  dryRun(objects: readonly RenderedObject[], question: DryRunQuestion): Promise<DryRunResult>
}
