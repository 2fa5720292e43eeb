import type { PullRequest } from './facts.ts'
import type { Move } from './move.ts'
import type { Standing } from './standing.ts'
import type { Target } from './target.ts'

/** Git refuses refs beyond the file system's name length; GitHub shows up to 255 bytes. */
const MAX_PART = 80

/** `canary/<environment>/<service>/<share>`: one name for one change of one rollout, so that doing it twice is doing it once. */
export function branchOf(target: Pick<Target, 'environment' | 'service'>, move: Move): string {
  return `${branchPrefix(target)}${lastPart(move)}`
}

/** What the branches of one rollout's step pull requests begin with. */
export function branchPrefix(target: Pick<Target, 'environment' | 'service'>): string {
  return `canary/${branchPart(target.environment)}/${branchPart(target.service)}/`
}

function lastPart(move: Move): string {
  if (move.kind === 'share') return String(move.to)
  return move.kind === 'finish-version' ? 'finish' : '0'
}

/** Only characters that git check-ref-format(1) allows in any position. */
export function branchPart(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9+_-]+/g, '-').slice(0, MAX_PART)
}

/** Whether Perch opened this pull request as a step of some rollout. */
export function isStep({ head, author }: PullRequest, botLogin: string): boolean {
  return !head.isFork && author.login === botLogin && head.ref.startsWith('canary/')
}

/** Whether Perch opened this pull request for this rollout. The branch's name alone proves nothing: anyone can push one. */
export function isStepOf(
  target: Pick<Target, 'environment' | 'service'>,
  pull: PullRequest,
  botLogin: string,
): boolean {
  return isStep(pull, botLogin) && pull.head.ref.startsWith(branchPrefix(target))
}

/** Which move a branch of this rollout was made for; the two that go to 0 differ by where the base branch stands. */
export function kindOf(branch: string, phase: Standing['phase']): Move['kind'] {
  const last = branch.split('/').at(-1)
  if (last === 'finish') return 'finish-version'
  if (last !== '0') return 'share'
  return phase === 'finishing-weights' ? 'finish-weights' : 'rollback'
}
