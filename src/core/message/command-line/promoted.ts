import type { PreparedPromotion } from '../../promotion/promotion.ts'
import { plainWords } from '../markdown/plain-words.ts'
import { leftOutWords } from '../pull-request/left-out.ts'
import { promotionTitle } from '../pull-request/promotion.ts'
import { patchOf } from './terminal.ts'

const ROOM = 20_000

/** What `perch promote` changed and left out, for a terminal. */
export function promotedText(
  { flow, plan, rendered }: PreparedPromotion,
  { files, isDry }: { readonly files: Parameters<typeof patchOf>[0]; readonly isDry: boolean },
): string {
  const left = leftOutWords(plan.left, ROOM).split('\n').map(plainWords).join('\n')
  const others = rendered.slice(1)
  const proof =
    others.length === 0
      ? `Rendered before and after: only ${flow.to} changes.`
      : `Rendered before and after: only ${flow.to} changes, and ${others.join(', ')} ${others.length === 1 ? 'stays' : 'stay'} the same.`
  return [
    `${promotionTitle(flow)}${isDry ? ' (dry run: nothing was written)' : ''}`,
    `${proof}\n`,
    patchOf(files),
    ...(left === '' ? [] : [`Not promoted:\n${left}\n`]),
  ].join('\n')
}
