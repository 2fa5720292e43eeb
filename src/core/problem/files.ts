/** Problems of files, and of what they render to. */
import type { ConfigProblem } from '../config/read.ts'
import type { RenderProblem } from '../diff/objects.ts'
import type { EnvironmentRefusal } from '../environment/refusal.ts'
import type { ManifestProblem } from '../manifest/parse.ts'
import type { Problem, RenderFailure } from './problem.ts'

export function configProblem(problem: ConfigProblem, side: 'base' | 'head'): Problem {
  const { file, line } = problem
  return { code: 'config', file, line, cause: { kind: 'config', problem, side } }
}

export function manifestProblem(problem: ManifestProblem): Problem {
  const { code, file, line } = problem
  return { code, file, line, cause: { kind: 'manifest', problem } }
}

export function refusalProblem(refusal: EnvironmentRefusal): Problem {
  const { code, file, line } = refusal
  return { code, file, line, cause: { kind: 'refused-environment', refusal } }
}

export function renderProblem({
  environment,
  file,
  line = 1,
  rendered: { code, detail },
}: {
  readonly environment: string
  readonly file: string | undefined
  readonly line?: number | undefined
  readonly rendered: RenderFailure
}): Problem {
  return { code, file, line, cause: { kind: 'not-rendered', environment, failure: { code, detail } } }
}

/** It names no file: renders have none. */
export function renderedProblem(environment: string, problem: RenderProblem): Problem {
  const { code, line } = problem
  return { code, file: undefined, line, cause: { kind: 'unreadable-render', environment, problem } }
}

/** Git cannot read what is needed of a checkout: nothing is fetched. */
export function gitProblem(reason: string): Problem {
  return { code: 'git', file: undefined, line: 1, cause: { kind: 'git-unreadable', reason } }
}
