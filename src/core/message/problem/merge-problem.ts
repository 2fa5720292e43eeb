import type { ProtectionGap } from '../../gate/protection.ts'
import type { MergeCause } from '../../problem/problem.ts'
import { targetName } from '../../rollout/target.ts'
import { stopWords } from '../gate/stop-words.ts'
import { configWords } from './file-problem.ts'
import { code, list } from '../markdown/markdown.ts'
import type { ProblemWords } from './problem-words.ts'

export function mergeWords(cause: Exclude<MergeCause, { kind: 'unjudged' }>): ProblemWords {
  switch (cause.kind) {
    case 'conflict':
      if (cause.paths.length === 0)
        return {
          what: 'This branch has no commit in common with the base branch, so Perch cannot merge it on trial.',
          next: 'Make its changes again on the base branch of today, and push. To have Perch do that with a step, close it, delete its branch and comment `/canary next`.',
        }
      return {
        what: `This branch conflicts with the base branch in ${list(cause.paths.slice(0, 5))}.`,
        next: 'Merge or rebase, and push.',
      }
    case 'stale-group':
      return {
        what: `${code(cause.base)} has moved since GitHub made this merge group.`,
        next: 'Add the pull requests to the queue again.',
      }
    case 'not-judged':
      return notJudgedWords(cause)
    case 'broken-base':
      return { what: configWords(cause.problem), next: BROKEN_BASE[cause.here] }
    case 'mixed-repair':
      return {
        what: `This pull request repairs the base branch, but it also changes ${list(cause.titles)}. Perch cannot judge that change before the repair.`,
        next: 'Split it: merge the repair first. Then Perch can judge the rest.',
      }
    case 'lost-stop':
      return lostStopWords(cause)
    case 'unprotected':
      return protectionWords(cause.branch, cause.gaps)
  }
}

const BROKEN_BASE: Readonly<Record<Extract<MergeCause, { kind: 'broken-base' }>['here'], string>> = {
  repairs: 'This pull request repairs it. Rollouts continue when it has merged.',
  lowers:
    'It was broken before this pull request, which only takes traffic away from canaries. So Perch has judged it with the last valid config. Repair the config afterwards: until then no rollout continues.',
  waits:
    'It was broken before this pull request, and no rollout continues until it is repaired. A pull request that repairs it and changes no traffic passes.',
}

function notJudgedWords({ base, judgedFor, conflicts }: Extract<MergeCause, { kind: 'not-judged' }>): ProblemWords {
  const why =
    conflicts.length === 0 ? 'the two have no common history' : `the two conflict in ${list(conflicts.slice(0, 5))}`
  return {
    what: `Perch cannot judge this commit for a merge into ${code(judgedFor)}: ${why}.`,
    next: `Merging it into ${code(base)}, which nothing deploys, does not need Perch.`,
  }
}

function lostStopWords({ scope, stop }: Extract<MergeCause, { kind: 'lost-stop' }>): ProblemWords {
  const { environment, service } = scope
  if (service === undefined)
    return {
      what: `${code(environment)} is frozen${stopWords(stop)} This pull request renames or removes the environment, so the freeze would be lost.`,
      next: `Keep the name, or first comment ${code(`/unfreeze ${environment}`)}. After the merge, freeze the environment by its new name.`,
    }
  return {
    what: `The rollout of ${code(targetName({ environment, service }))} is on hold${stopWords(stop)} This pull request renames or removes it, so the hold would be lost.`,
    next: 'Keep the name, or first comment `/canary resume` on a pull request that moves this rollout.',
  }
}

function protectionWords(branch: string, gaps: readonly ProtectionGap[]): ProblemWords {
  const missing = checksOf(gaps, 'not-required')
  const open = checksOf(gaps, 'not-ours')
  const sentences = [
    ...(missing.length === 0
      ? []
      : [`${code(branch)} does not require ${list(missing)}, so people can merge without a green check.`]),
    ...(open.length === 0 ? [] : [`${code(branch)} accepts ${list(open)} from any App.`]),
    ...(gaps.some((gap) => gap.code === 'spares-admins')
      ? [`Administrators may merge into ${code(branch)} without the checks.`]
      : []),
    ...(gaps.some((gap) => gap.code === 'not-up-to-date')
      ? [`${code(branch)} does not require branches to be up to date, and has no merge queue.`]
      : []),
  ]
  return { what: sentences.join(' '), next: 'docs/checks.md of Perch says how to protect it.' }
}

function checksOf(gaps: readonly ProtectionGap[], wanted: 'not-required' | 'not-ours'): readonly string[] {
  return gaps.flatMap((gap) => (gap.code === wanted ? [gap.check] : []))
}
