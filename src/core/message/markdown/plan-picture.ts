import { percent } from './markdown.ts'

export interface PlanPicture {
  readonly plan: readonly number[]
  /** The share on the base branch, in percent. */
  readonly now: number
  /** The share after this pull request. Undefined on a page that proposes nothing. */
  readonly next: number | undefined
}

/**
 * Short arrows and narrow boxes, so that five steps are readable on a phone, where GitHub shrinks the picture to about 330 px.
 * Without `minNodeWidth`, newer versions of Mermaid draw each box at least 120 px wide.
 */
const SMALL = "%%{init: {'flowchart': {'rankSpacing': 16, 'padding': 8, 'minNodeWidth': 0}}}%%"

/** The plan as a Mermaid flow chart, which GitHub renders: steps that are done, current, proposed and ahead. */
export function planPicture({ plan, now, next }: PlanPicture): string {
  const stops = [...new Set([0, ...plan, 100, now, ...(next === undefined ? [] : [next])])].sort((a, b) => a - b)
  const nodes = stops.map((stop, index) => `  s${index}["${percent(stop)}"]:::${stateOf(stop, now, next)}`)
  const arrows = stops.slice(1).map((_, index) => `s${index} --> s${index + 1}`)
  const lines = [
    SMALL,
    'flowchart LR',
    ...nodes,
    ...arrows.map((arrow) => `  ${arrow}`),
    '  classDef done fill:#d4edda,stroke:#28a745,color:#155724',
    '  classDef here fill:#28a745,stroke:#155724,color:#ffffff',
    '  classDef proposed fill:#fff3cd,stroke:#d39e00,color:#533f03,stroke-dasharray: 4 2',
    '  classDef ahead fill:#f6f8fa,stroke:#8c959f,color:#57606a',
  ]
  return `\`\`\`mermaid\n${lines.join('\n')}\n\`\`\``
}

function stateOf(stop: number, now: number, next: number | undefined): string {
  if (stop === now) return 'here'
  if (stop === next) return 'proposed'
  return stop < now ? 'done' : 'ahead'
}
