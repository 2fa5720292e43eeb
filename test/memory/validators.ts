import {
  TOOLS,
  type ToolResult,
  type Failure,
  type LineRemark,
  type ObjectRemark,
  type ToolName,
} from '../../src/core/policy/remark.ts'
import type { Policy } from '../../src/core/policy/policy.ts'
import type { RenderedObject } from '../../src/core/diff/objects.ts'
import type { DryRunResult } from '../../src/core/policy/dry-run.ts'
import type { DryRunQuestion, Rendering, RepositoryCrds, Validators } from '../../src/ports/validators.ts'

export interface MemoryValidators {
  /** The installed programs with their titles. Default: none. */
  readonly tools?: Readonly<Partial<Record<ToolName, string>>>
  readonly compile?: (policy: Policy) => Failure | undefined
  readonly define?: (crds: RepositoryCrds) => Failure | undefined
  /** The remarks on objects by opa, kubeconform, kubectl-validate and istioctl. Default: none. */
  readonly about?: (rendering: Rendering, tool: ToolName) => ToolResult<ObjectRemark>
  /** The answers of an API server to dry runs. Default: none. */
  readonly dryRun?: (objects: readonly RenderedObject[], question: DryRunQuestion) => DryRunResult
  readonly lint?: (files: ReadonlyMap<string, string>) => ToolResult<LineRemark>
}

const SILENCE = { ok: true, remarks: [] } as const

/** Programs with given answers. Like real programs, they are missing if they are not installed. */
export function memoryValidators({
  tools = {},
  compile,
  define,
  about,
  dryRun,
  lint,
}: MemoryValidators = {}): Validators {
  const missing = { code: 'missing', detail: '' } as const
  const say = async (tool: ToolName, rendering: Rendering): Promise<ToolResult<ObjectRemark>> =>
    tools[tool] === undefined ? { ok: false, failure: missing } : (about?.(rendering, tool) ?? SILENCE)
  return {
    tools: async () =>
      new Map(TOOLS.flatMap((name) => (tools[name] === undefined ? [] : [[name, tools[name]] as const]))),
    absence: async () => missing,
    compile: async (policy) => (tools.opa === undefined ? missing : compile?.(policy)),
    judge: (_, rendering) => say('opa', rendering),
    lint: async (files) =>
      tools.yamllint === undefined ? { ok: false, failure: missing } : (lint?.(files) ?? SILENCE),
    fit: (rendering) => say('kubeconform', rendering),
    define: async (crds) => (tools['kubectl-validate'] === undefined ? missing : define?.(crds)),
    admit: (rendering) => say('kubectl-validate', rendering),
    analyze: (rendering) => say('istioctl', rendering),
    dryRun: async (objects, question) =>
      tools['dry-run'] === undefined
        ? { ok: false, failure: missing }
        : (dryRun?.(objects, question) ?? { ...SILENCE, gaps: [] }),
  }
}
