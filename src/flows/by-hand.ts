import type { PullRequest } from '../core/rollout/facts.ts'
import type { Standing } from '../core/rollout/standing.ts'
import type { Desk } from './desk.ts'
import { type BaseHead, historyOf } from './landing.ts'
import { recallChecked, rememberChecked } from './memory.ts'

type Needs = Pick<Desk, 'mirror' | 'checks' | 'memo' | 'repo'>

/**
 * The pull request that set a share without our annotations, where Perch has checked it: then people know of Perch, and the
 * rollout goes on like any other. A split that is older than Perch on this repository, or was pushed past it, stays as it is.
 */
export async function broughtBy(
  desk: Needs,
  at: { readonly base: BaseHead; readonly pulls: readonly PullRequest[] },
  standing: Standing,
): Promise<number | undefined> {
  if (standing.phase !== 'by-hand') return undefined
  const landing = (await historyOf(desk, at.base, standing))?.landing
  const pull = at.pulls.find(({ mergeCommit }) => mergeCommit !== undefined && mergeCommit === landing?.sha)
  return pull !== undefined && (await isChecked(desk, pull)) ? pull.number : undefined
}

async function isChecked(desk: Needs, { number, head }: PullRequest): Promise<boolean> {
  if (await recallChecked(desk, number)) return true
  const isChecked = (await desk.checks.on(head.sha)).some(({ conclusion }) => conclusion !== undefined)
  if (isChecked) await rememberChecked(desk, number)
  return isChecked
}
