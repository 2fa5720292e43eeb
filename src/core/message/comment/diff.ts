/** The rendered diff as Markdown, in as many pages as there is room for, and a description of what the pages do not show. */
import type { EnvironmentDiff, ResourceDiff } from '../../gate/review.ts'
import { seen } from '../../text/inert.ts'
import { clip, fitLines, sizeOf } from '../../text/limits.ts'
import { code, fence, folded, htmlText, plainText } from '../markdown/markdown.ts'
import { explainProblem } from '../problem/problem.ts'
import { trafficWords } from './traffic.ts'
import { counted, firstOf } from '../markdown/lists.ts'

export interface DiffPage {
  /** Folded for each environment. Empty if nothing is shown. */
  readonly text: string
  /** How many resources the page shows. */
  readonly shown: number
  /** The page shows only a part of one resource. */
  readonly isCut: boolean
}

/** In bytes. With less room left, a resource that fits on no page is not begun. */
const MIN_CUT = 2_000

interface Item {
  readonly diff: EnvironmentDiff
  readonly resource: ResourceDiff
}

/** Shows a change that is the same in several environments once, with all their names. */
export function sharedDiffs(diffs: readonly EnvironmentDiff[]): readonly EnvironmentDiff[] {
  const groups = Map.groupBy(diffs, ({ state, resources }) =>
    JSON.stringify([state, resources.map(({ traffic, ...shown }) => [shown, traffic.map(trafficWords)])]),
  )
  return [...groups.values()].flatMap((group) => {
    const [first] = group
    const names = group.map(({ environment }) => environment)
    return first === undefined ? [] : [{ ...first, environment: firstOf(names, MAX_NAMES) }]
  })
}

/** How many names one line shows. */
const MAX_NAMES = 10

/**
 * Fills one page after the other and cuts only between resources. A resource that is larger than any page is cut between
 * its lines. No resource is on two pages. `rooms`: the size of each page in bytes.
 */
export function diffPages(diffs: readonly EnvironmentDiff[], rooms: readonly number[]): readonly DiffPage[] {
  const items = diffs.flatMap((diff) => diff.resources.map((resource) => ({ diff, resource })))
  const largest = Math.max(...rooms)
  let next = 0
  return rooms.map((room) => {
    const page = fillPage(items.slice(next), room, largest)
    next += page.shown
    return page
  })
}

function fillPage(items: readonly Item[], room: number, largest: number): DiffPage {
  const blocks = new Map<EnvironmentDiff, string[]>()
  let left = room
  let shown = 0
  let isPartial = false
  for (const { diff, resource } of items) {
    const fold = blocks.has(diff) ? 0 : sizeOf(folded(heading(diff), '')) + 2
    const whole = block(resource)
    const fits = sizeOf(whole) + 2 + fold
    const isCut = fits > largest && left - fold >= MIN_CUT
    if (fits > left && !isCut) break
    const shownBlock = fits <= left ? whole : block(resource, left - fold - 2)
    blocks.set(diff, [...(blocks.get(diff) ?? []), shownBlock])
    shown += 1
    isPartial ||= fits > left
    left -= sizeOf(shownBlock) + 2 + fold
  }
  const folds = [...blocks].map(([diff, shownBlocks]) => folded(heading(diff), shownBlocks.join('\n\n')))
  return { text: folds.join('\n\n'), shown, isCut: isPartial }
}

function heading({ environment, state, resources }: EnvironmentDiff): string {
  const count = counted(resources.length, 'resource')
  const change = resources.length === 1 ? 'changes' : 'change'
  const words = { changed: `${count} ${change}`, added: `new, ${count}`, removed: `removed, ${count}` }[state]
  return `<b>${htmlText(environment)}</b>: ${words}`
}

/** One resource: its effect on traffic in words, then its hunks, or as many of their lines as fit. */
function block(resource: ResourceDiff, room = Number.POSITIVE_INFINITY): string {
  const { title, change, traffic, patch, added, removed, unshown } = resource
  const words = fitLines(
    traffic.map((row) => `- **${plainText(trafficWords(row))}**`),
    MIN_CUT,
    (left) => `- … and ${counted(left, 'more rule')}`,
  )
  const head = [
    `${code(title)} ${change} (+${added} −${removed}${unshownLines(unshown)})`,
    ...(words.length > 0 ? [words.join('\n')] : []),
  ].join('\n\n')
  if (patch === '') return `${head}: only hidden values.`
  const lines = patch.split('\n').map((line) => clip(seen(line)))
  const whole = lines.join('\n')
  const frame = sizeOf(`${head}\n\n${fence(whole, 'diff')}`) - sizeOf(whole)
  return `${head}\n\n${fence(fitLines(lines, room - frame, moreLines).join('\n'), 'diff')}`
}

/** Schemas of CustomResourceDefinitions that are added or removed as a whole. */
export function unshownLines(count: number): string {
  return count === 0 ? '' : `; ${counted(count, 'line')} of schemas not shown`
}

function moreLines(left: number): string {
  return `… ${counted(left, 'more line')}`
}

/**
 * Describes what the hunks do not show: environments that are added, removed or cannot be compared, and changes that the config
 * hides.
 */
export function diffWords(diffs: readonly EnvironmentDiff[], room: number): string {
  const lines = diffs.flatMap(({ environment, state, unknownBefore, resources }) => {
    const name = code(environment)
    const count = counted(resources.length, 'resource')
    if (unknownBefore !== undefined) {
      return [
        `- ⚠️ Perch cannot compare environment ${name} with its state before: ${explainProblem(unknownBefore).what} All of it counts as new.`,
      ]
    }
    if (state === 'added') return [`- Environment ${name} is new: ${count}.`]
    return state === 'removed' ? [`- Environment ${name} is removed: ${count}.`] : []
  })
  const hidden = diffs.reduce((sum, diff) => sum + diff.hidden, 0)
  const config = '`.github/canary.yml`'
  if (hidden > 0) {
    lines.push(
      `- ${counted(hidden, 'resource')} ${hidden === 1 ? 'changes' : 'change'} only in fields that ${config} hides.`,
    )
  }
  return fitLines(lines, room, (left) => `- … and ${counted(left, 'more such line')}.`).join('\n')
}
