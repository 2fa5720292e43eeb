/** Calls validators, and turns their answers into problems and notes. */
import type { RenderedObject } from '../../core/diff/objects.ts'
import { redactor } from '../../core/diff/redact.ts'
import type { Sources } from '../../core/finding/locate.ts'
import type { Failure, Remark, SortedRemarks, ToolResult } from '../../core/policy/remark.ts'
import { sortRemarks } from '../../core/policy/remark.ts'
import type { Problem } from '../../core/problem/problem.ts'

export interface ValidatorAnswer {
  readonly problems: readonly Problem[]
  readonly notes: readonly Problem[]
}

export const NO_ANSWER: ValidatorAnswer = { problems: [], notes: [] }

export interface ValidateInput {
  readonly environment: string
  readonly before: readonly RenderedObject[]
  readonly after: readonly RenderedObject[]
  /** Rendered texts of both sides, which may contain values of Secrets. */
  readonly rendered: readonly string[]
  /** The kinds that contain secrets, according to the config. */
  readonly secrets: readonly string[]
  /** The namespace in which the environment's deployer puts objects that name none, if it says. */
  readonly namespace: string | undefined
  /** Whether changed objects may be sent to an API server. Not if a stranger wrote them. */
  readonly maySend: boolean
  readonly sources: () => Promise<Sources>
}

export function redactorFor({ rendered, secrets }: ValidateInput, { texts }: Sources): (text: string) => string {
  return redactor(new Map([...texts, ...rendered.map((text, side) => [`rendered ${side}`, text] as const)]), secrets)
}

export function withoutSecrets(failure: Failure, hide: (text: string) => string): Failure {
  if (failure.code !== 'not-valid') return { ...failure, detail: hide(failure.detail) }
  return { ...failure, faults: failure.faults.map((fault) => ({ ...fault, text: hide(fault.text) })) }
}

export interface EarlierAnswer<T> {
  readonly earlier: ToolResult<T> | undefined
  readonly before: (remark: T) => string
  readonly after: (remark: T) => string
}

/**
 * Validates the state before the change only if there is an error now, because warnings become notes anyway. A remark that cannot
 * be compared counts as new.
 */
export async function sorted<T extends Remark>(
  remarks: readonly T[],
  past: () => Promise<EarlierAnswer<T>>,
): Promise<SortedRemarks<T>> {
  if (remarks.every(({ level }) => level === 'warning')) return { brought: [], notes: remarks }
  const { earlier, ...keys } = await past()
  return sortRemarks(earlier?.ok === true ? earlier.remarks : [], remarks, keys)
}

export function joinAnswers(answers: readonly ValidatorAnswer[]): ValidatorAnswer {
  return { problems: answers.flatMap(({ problems }) => problems), notes: answers.flatMap(({ notes }) => notes) }
}
