import type { Problem, ProblemCause } from '../../problem/problem.ts'
import { code } from '../markdown/markdown.ts'
import { fileWords } from './file-problem.ts'
import { findingProblemWords } from './finding.ts'
import { mergeWords } from './merge-problem.ts'
import type { ProblemWords } from './problem-words.ts'
import { trafficProblemWords } from './traffic-problem.ts'
import { toolWords } from './tool-problem.ts'

/** What is wrong, and what to do. */
export function explainProblem({ cause }: Pick<Problem, 'cause'>): ProblemWords {
  return causeWords(cause)
}

function causeWords(cause: ProblemCause): ProblemWords {
  switch (cause.kind) {
    case 'config':
    case 'manifest':
    case 'refused-environment':
    case 'not-rendered':
    case 'unreadable-render':
    case 'left-out':
    case 'repaired':
    case 'not-generated':
    case 'analysis-template':
    case 'git-unreadable':
      return fileWords(cause)
    case 'conflict':
    case 'stale-group':
    case 'not-judged':
    case 'broken-base':
    case 'mixed-repair':
    case 'lost-stop':
    case 'unprotected':
      return mergeWords(cause)
    case 'parent-not-rendered': {
      const { what, next } = causeWords(cause.why)
      const folder = code(cause.folder === '' ? '.' : cause.folder)
      if (cause.by === 'kustomization')
        return {
          what: `Perch cannot build the kustomization ${folder}, so it does not know what the Argo CD and Flux objects in it deploy. ${what}`,
          next,
        }
      const unknown = `Perch cannot render the chart ${folder}, so it does not know what the templates of the chart deploy.`
      return { what: `${unknown} ${what}`, next }
    }
    case 'unjudged':
      return {
        ...causeWords(cause.broken),
        next: 'It is broken on the base branch, so Perch cannot judge what this pull request does to traffic. Repair it first: a pull request that repairs it and changes no traffic passes.',
      }
    case 'vanished':
    case 'renamed-roles':
    case 'renamed-by-config':
    case 'raised-by-config':
    case 'share-differs':
    case 'stray-split':
    case 'unknown-exposure':
      return trafficProblemWords(cause)
    case 'finding':
      return findingProblemWords(cause)
    case 'object-remark':
    case 'line-remark':
    case 'tool-failure':
    case 'dry-run-gap':
    case 'tool-fault':
      return toolWords(cause)
  }
}
