import type { ConfigProblem } from '../config/read.ts'
import { configProblem } from '../problem/files.ts'
import type { Problem } from '../problem/problem.ts'
import type { Refusal } from './refusal.ts'

/** A problem as the reason why a command was not carried out. `isEdited`: it shows after the edit was made and before it was committed. */
export function problemRefusal(problem: Problem, isEdited = false): Refusal {
  return { code: 'unreadable', problem, isEdited }
}

/** Why nothing is carried out while the base branch's config is not valid: its first problem. */
export function configRefusal([first]: readonly ConfigProblem[]): Refusal {
  return { code: 'unreadable', problem: first && configProblem(first, 'base'), isEdited: false }
}
