import { diffLines } from 'diff'
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

/** What the base branch's commits after `from` and up to `to` changed, as lines of `git log -p`, by kind. */
export function changesOf(box: GitHubBox, from: string, to: string): string {
  const repository = box.repository()
  const log = repository.log(to)
  const commits = log.slice(
    0,
    log.findIndex(({ sha }) => sha === from),
  )
  const lines = commits.flatMap(({ sha, parents }) => changedLines(repository.files(parents[0]), repository.files(sha)))
  const kinds = KINDS.filter((kind) => lines.some((line) => line.kind === kind))
  const parts = kinds.map((kind) => `${kind} ${plusMinus(lines.filter((line) => line.kind === kind))}`)
  const rest = kinds.includes('other lines') ? [] : ['nothing else']
  return `${commits.length} commits, ${plusMinus(lines)} lines: ${[...parts, ...rest].join(', ')}`
}

const KINDS = ['weights', 'annotations', 'subset labels', 'other lines'] as const

export interface ChangedLine {
  readonly sign: '+' | '−'
  readonly kind: (typeof KINDS)[number]
}

/** Every line that is in the files of one commit but not in those of the other. */
export function changedLines(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): readonly ChangedLine[] {
  const paths = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  return paths.flatMap((path) =>
    diffLines(before[path] ?? '', after[path] ?? '')
      .filter(({ added, removed }) => added || removed)
      .flatMap(({ added, value }) => {
        const lines = value.replace(/\n$/, '').split('\n')
        return lines.map((line): ChangedLine => ({ sign: added ? '+' : '−', kind: kindOf(line) }))
      }),
  )
}

function kindOf(line: string): ChangedLine['kind'] {
  if (/^ +weight: +\d+( +#.*)?$/.test(line)) return 'weights'
  if (/^ +(annotations:|[\w.]+\/(canary-percentage|canary-version|pr|steps): +"[^"]*")$/.test(line))
    return 'annotations'
  return /^ +version: +\S+$/.test(line) ? 'subset labels' : 'other lines'
}

function plusMinus(lines: readonly ChangedLine[]): string {
  const added = lines.filter(({ sign }) => sign === '+').length
  return `+${added} −${lines.length - added}`
}
