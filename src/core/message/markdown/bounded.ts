import { fitLines, MAX_BODY, sizeOf } from '../../text/limits.ts'

/**
 * Limits the size of Perch's own Markdown: it is cut between lines, and what is open at the cut is closed. The last resort.
 * `room`: in bytes.
 */
export function bounded(markdown: string, room = MAX_BODY): string {
  if (sizeOf(markdown) <= room) return markdown
  // The rest is for closing a fence and a fold, and for a note about the cut.
  const kept = fitLines(markdown.split('\n'), room - 300, () => '').slice(0, -1)
  const fence = kept.reduce<string | undefined>((open, line) => {
    const ticks = /^`{3,}/.exec(line)?.[0]
    if (ticks === undefined) return open
    if (open === undefined) return ticks
    return line === open ? undefined : open
  }, undefined)
  const isFolded = kept.lastIndexOf('</details>') < kept.findLastIndex((line) => line.startsWith('<details>'))
  const closing = [...(fence === undefined ? [] : [fence]), ...(isFolded ? ['', '</details>'] : [])]
  return [...kept, ...closing, '', '… The rest does not fit here.'].join('\n')
}
