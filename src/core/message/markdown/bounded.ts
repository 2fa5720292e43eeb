import { fitLines, MAX_BODY, sizeOf } from '../../text/limits.ts'

/** Markdown of ours that is certain to fit: cut between lines, with whatever is open there closed. The last resort. */
export function bounded(markdown: string, room = MAX_BODY): string {
  if (sizeOf(markdown) <= room) return markdown
  // Room to close a fence and a fold, and to say so.
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
