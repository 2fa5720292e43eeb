import type { GitHubBox } from '../../sandbox/github.ts'
import { weights } from './play.ts'

/** The base branch's commits, newest first, each with the weights before and after it. */
export function logOf(box: GitHubBox): readonly string[] {
  return box
    .repository()
    .log('main')
    .map(({ sha, message, parents }) => {
      const after = weights(box, sha)
      const before = parents[0] === undefined ? after : weights(box, parents[0])
      const change = before === after ? ''.padEnd(16) : `${before} → ${after}`.padEnd(16)
      return `${sha.slice(0, 7)}  ${change}  ${message.split('\n')[0] ?? ''}`
    })
}
