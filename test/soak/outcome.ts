import type { GitHubBox } from '../../src/sandbox/github.ts'
import { outcome, type PlayResult } from '../stories/play.ts'

/** The end of a play with all texts that people read, without what varies between runs, and without what Bob pushes in a race. */
export interface Ending extends PlayResult {
  readonly words: Readonly<Record<string, readonly string[]>>
}

export function ending(box: GitHubBox): Ending {
  const repo = box.repository()
  const words = Object.fromEntries(
    repo.pulls().map(({ number, head }) => {
      // `/canary status` shows the state at that moment, which may be a little earlier or later.
      const said = repo.comments(number).filter(({ body }) => !body.includes('> `/canary status`'))
      const comments = said.map(({ author, body }) => `${author}: ${still(body)}`)
      const checks = repo.checkRuns(head.sha).map(({ name, title, summary }) => still(`${name}: ${title}\n${summary}`))
      return [`#${number}`, [...comments.toSorted(), ...unique(checks)]]
    }),
  )
  const { files, main, pulls: played, ...rest } = outcome(box)
  const { 'notes.txt': _, ...own } = files
  const pulls = played.map((pull) => ({ ...pull, checks: pull.checks.map(unique) }))
  return { ...rest, pulls, files: own, main: main.filter((message) => message !== 'Race'), words }
}

/**
 * A request of a killed process can reach GitHub after the next process has looked, so a check may exist twice. GitHub shows one
 * of them, so both must have the same content.
 */
function unique(checks: readonly string[]): readonly string[] {
  return [...new Set(checks)].toSorted()
}

/** Replaces commit ids, times, durations, other ids and addresses. */
function still(text: string): string {
  return text
    .replaceAll(/\b[0-9a-f]{40}\b/g, 'COMMIT')
    .replaceAll(/\b[0-9a-f]{7}(?:[0-9a-f]{5})?\b/g, 'COMMIT')
    .replaceAll(/\/commit\/[0-9a-f]{7,40}/g, '/commit/COMMIT')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?(?:\.\d+)?Z?/g, 'TIME')
    .replaceAll(/\b\d\d:\d\d(?::\d\d)?\b/g, 'TIME')
    .replaceAll(/\b\d+(?:\.\d+)? ?(?:ms|s|seconds?|minutes?|m)\b/g, 'DURATION')
    .replaceAll(/(perch:[a-z]+:|issuecomment-|\/runs\/)\d+/g, '$1N')
}

/** The differences between two endings, in a few lines. */
export function differences(found: unknown, wanted: unknown, path = ''): string[] {
  if (Object.is(found, wanted)) return []
  const isBoth = typeof found === 'object' && typeof wanted === 'object' && found !== null && wanted !== null
  if (!isBoth) {
    const [one, other] = [JSON.stringify(found) ?? 'nothing', JSON.stringify(wanted) ?? 'nothing']
    const from = Math.max(0, sameStart(one, other) - 100)
    return [`${path}: ${excerpt(one, from)} instead of ${excerpt(other, from)}`]
  }
  const keys = new Set([...Object.keys(found), ...Object.keys(wanted)])
  return [...keys].flatMap((key) =>
    differences(Reflect.get(found, key), Reflect.get(wanted, key), path === '' ? key : `${path}.${key}`),
  )
}

/** The length of the common beginning of two texts. */
function sameStart(one: string, other: string): number {
  let length = 0
  while (length < one.length && one[length] === other[length]) length += 1
  return length
}

function excerpt(text: string, from: number): string {
  const end = from + 300
  return `${from > 0 ? '…' : ''}${text.slice(from, end)}${text.length > end ? '…' : ''}`
}
