import type { ConfigProblem } from '../config/read.ts'
import type { Problem } from '../gate/review.ts'
import { list } from './markdown.ts'
import { configProblem } from './problem.ts'

/** The config of the base branch cannot be read. `isMended`: this pull request makes it valid again. */
export function brokenBaseNote(broken: ConfigProblem, isMended: boolean): Problem {
  return {
    ...configProblem(broken, 'base'),
    next: isMended
      ? 'This pull request repairs it. Rollouts go on when it has merged.'
      : 'It was so before, and no rollout goes on. A pull request that repairs it and changes no traffic passes.',
  }
}

/** What the base branch has broken keeps anybody from judging what this pull request does to traffic. */
export function unjudgedProblem(problem: Problem): Problem {
  return {
    ...problem,
    next: 'The base branch has it broken, so nobody can judge what this pull request does to traffic. Repair it first: a pull request that repairs it and changes no traffic passes.',
  }
}

/** It repairs what the base branch has broken, and does more. `titles`: what else changes. */
export function mixedRepairProblem(broken: Problem, titles: readonly string[]): Problem {
  return {
    ...broken,
    code: 'mixed-repair',
    what: `This pull request repairs what is broken on the base branch, and changes ${list(titles)} too, which nothing on the base branch can judge.`,
    next: 'Split it: merge the repair alone first. The rest is judged by it then.',
  }
}
