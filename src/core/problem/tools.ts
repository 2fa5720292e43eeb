/** The remarks of other programs about a pull request, and the reasons for missing answers. */
import type { Location } from '../manifest/parse.ts'
import type { DryRunGap } from '../policy/dry-run.ts'
import type { Failure, Fault, LineRemark, ObjectRemark, ToolName } from '../policy/remark.ts'
import type { Problem } from './problem.ts'

/** A request of the config to run a program. */
export interface ToolRequest {
  readonly tool: ToolName
  /** The place of the request in the config. */
  readonly place: Location
  /** `base`: the state of the base branch. `head`: the state that the pull request would make. */
  readonly side: 'base' | 'head'
  /** The environment of the request. */
  readonly environment?: string
}

/**
 * A remark on an object of an environment, as a problem or a note. `title`: that of the object; undefined if the remark is about
 * no object.
 */
export function objectRemark(
  tool: Exclude<ToolName, 'yamllint'>,
  { rule, text, level, needsCluster = false }: Omit<ObjectRemark, 'object' | 'path'>,
  about: { readonly environment: string; readonly title: string | undefined; readonly place: Location | undefined },
): Problem {
  const { environment, title, place } = about
  const code = tool === 'opa' ? 'policy' : tool === 'istioctl' && rule !== '' ? rule : tool
  const remark = { rule, text, level, needsCluster }
  const cause = { kind: 'object-remark', tool, remark, environment, title } as const
  return { code, file: place?.file, line: place?.line ?? 1, cause }
}

/** An object without a verdict of the API server. `title`: that of the object. */
export function dryRunGap(
  { code: gap, text }: Pick<DryRunGap, 'code' | 'text'>,
  about: { readonly environment: string; readonly title: string; readonly place: Location | undefined },
): Problem {
  const { environment, title, place } = about
  const cause = { kind: 'dry-run-gap', gap, text, environment, title } as const
  return { code: `dry-run-${gap}`, file: place?.file, line: place?.line ?? 1, cause }
}

/** A remark on a line of a file. */
export function lineRemark({ rule, text, file, line, level }: LineRemark): Problem {
  return { code: 'yamllint', file, line, cause: { kind: 'line-remark', remark: { rule, text, level } } }
}

/** Why a requested program gave no answer. */
export function failureProblems(failure: Failure, request: ToolRequest): readonly Problem[] {
  const { tool, place, environment } = request
  if (failure.code === 'not-valid') return failure.faults.map((fault) => faultProblem(fault, request))
  return [{ code: `${tool}-${failure.code}`, ...place, cause: { kind: 'tool-failure', tool, failure, environment } }]
}

function faultProblem({ file, line, code: fault, text }: Fault, { tool, place, side }: ToolRequest): Problem {
  const at = file === undefined ? place : { file, line }
  const code = tool === 'opa' ? 'policy-not-valid' : `${tool}-not-valid`
  return { code, ...at, cause: { kind: 'tool-fault', tool, fault, text, side } }
}

/** A key that is equal for problems that say the same about a program, on either side. */
export function toolProblemKey({ code, cause }: Problem): string {
  return JSON.stringify([code, 'side' in cause ? { ...cause, side: undefined } : cause])
}
