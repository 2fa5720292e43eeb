/** What those that check are asked with, and what becomes of their answers. */
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
  /** Texts in which values of Secrets may stand: what is rendered on both sides. */
  readonly rendered: readonly string[]
  /** The kinds that the config says hold secrets. */
  readonly secrets: readonly string[]
  /** Where the environment's deployer puts objects that name no namespace, as far as it says. */
  readonly namespace: string | undefined
  /** Whether what it changes may be sent to an API server: not what a stranger wrote. */
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
 * Asks what was there before only if there is an error, because warnings become notes anyway. A remark that cannot be compared
 * counts as new.
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
