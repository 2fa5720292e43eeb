import type { Parents, RootContent } from 'mdast'
import { fromMarkdown } from 'mdast-util-from-markdown'
import { BREAK } from '../../text/inert.ts'

/** Perch's own Markdown as plain text, for terminals, titles and annotations. */
export function plainWords(markdown: string): string {
  return blocks(fromMarkdown(markdown)).replaceAll(BREAK, '')
}

/** A list follows its introduction directly. Other blocks are separated by an empty line. */
function blocks({ children }: Parents): string {
  return children
    .map((child, index) => {
      const isClose = child.type === 'list' || child.type === 'listItem'
      return `${index === 0 ? '' : isClose ? '\n' : '\n\n'}${textOf(child)}`
    })
    .join('')
}

function textOf(node: RootContent): string {
  if (node.type === 'list' || node.type === 'blockquote') return blocks(node)
  if (node.type === 'listItem') return `- ${blocks(node)}`
  // These tags are around dollar signs.
  if (node.type === 'html' && ['<span>', '</span>'].includes(node.value)) return ''
  if ('children' in node) return node.children.map(textOf).join('')
  return 'value' in node ? node.value : ''
}
