import type { EnvironmentDiff, Part, TrafficRow } from '../gate/review.ts'
import { code, fence, folded, percent, plainText, table } from './markdown.ts'

/** Who gets how much, before and after, per environment and rule. */
export function trafficTable(rows: readonly TrafficRow[]): string {
  const cells = rows.map(({ environment, route, rule, before, after }) => [
    plainText(environment),
    `${code(route)} ${code(rule)}`,
    parts(before),
    parts(after),
  ])
  return table(['Environment', 'Route, rule', 'Before', 'After'], cells)
}

function parts(list: readonly Part[] | undefined): string {
  if (list === undefined) return '–'
  return list.map(({ name, share }) => `${plainText(name)} **${percent(share)}**`).join(' · ')
}

/**
 * The rendered diff, folded per environment, cut only between resources, and saying what is missing. `room` is in
 * characters.
 */
export function summaryDiff(diffs: readonly EnvironmentDiff[], room: number): string {
  const total = diffs.reduce((sum, { resources }) => sum + resources.length, 0)
  let left = room
  let shown = 0
  const folds: string[] = []
  for (const { environment, resources } of diffs) {
    const blocks: string[] = []
    for (const { title, change, patch, added, removed } of resources) {
      const block = `${code(title)} ${change} (+${added} −${removed})\n\n${fence(patch, 'diff')}`
      if (block.length > left) break
      left -= block.length
      shown += 1
      blocks.push(block)
    }
    const name = plainText(environment)
    const summary = `<b>${name}</b>: ${resources.length === 1 ? '1 resource changes' : `${resources.length} resources change`}`
    if (blocks.length > 0) folds.push(folded(summary, blocks.join('\n\n')))
  }
  if (shown < total)
    folds.push(`${shown} of ${total} resources shown: the others do not fit here. The changed files have all of it.`)
  return folds.join('\n\n')
}
