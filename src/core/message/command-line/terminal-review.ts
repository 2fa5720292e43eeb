/** The output of `perch diff` and `perch validate` for people. */
import type { EnvironmentDiff, ResourceDiff, Review } from '../../gate/review.ts'
import type { Problem } from '../../problem/problem.ts'
import { diffWords, unshownLines } from '../comment/diff.ts'
import { seen } from '../../text/inert.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { explainProblem } from '../problem/problem.ts'
import { trafficWords } from '../comment/traffic.ts'
import { counted } from '../markdown/lists.ts'

/** The whole diff: traffic first, then every hunk, per environment and resource. */
export function diffText(review: Review): string {
  const { rows, diffs } = review
  const traffic = rows.map((row) => `${seen(row.environment)}/${seen(trafficWords(row))}`)
  const words = plainWords(diffWords(diffs, Number.POSITIVE_INFINITY)).replaceAll(/^- /gm, '')
  const parts = [traffic.join('\n'), words, ...diffs.flatMap(environmentParts)].filter((part) => part !== '')
  return parts.length === 0 ? 'The rendered environments do not change.\n' : `${parts.join('\n\n')}\n`
}

function environmentParts({ environment, resources }: EnvironmentDiff): readonly string[] {
  return resources.map((resource) => `=== ${seen(environment)}: ${resourceText(resource)}`)
}

function resourceText({ title, change, added, removed, unshown, traffic, patch }: ResourceDiff): string {
  const words = traffic.map((row) => `    ${seen(trafficWords(row))}`)
  const body = patch === '' ? 'only hidden values change' : seen(patch)
  return [`${seen(title)} ${change} (+${added} −${removed}${unshownLines(unshown)})`, ...words, body].join('\n')
}

/** Problems in the style of compilers, one per line: `file:line: code what next`. */
export function problemLines(problems: readonly Problem[], mark = ''): string {
  return problems
    .map((problem) => {
      const { file, line, code } = problem
      const { what, next } = explainProblem(problem)
      const place = file === undefined ? '' : `${seen(file)}:${line}: `
      return `${place}${mark}${code} ${plainWords(`${withoutCode(what, code)} ${next}`)}\n`
    })
    .join('')
}

/** The words of a problem, for a place that already shows its code. */
export function withoutCode(what: string, code: string): string {
  return what.startsWith(`${code}: `) ? what.slice(code.length + 2) : what
}

/** The last line of `perch validate` if it found nothing. */
export function validText(environments: readonly string[]): string {
  return `No problems in ${counted(environments.length, 'environment')}.\n`
}
