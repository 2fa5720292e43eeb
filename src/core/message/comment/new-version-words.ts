import { inOrder, startCommand } from '../../arrival/start-command.ts'
import type { NewVersion } from '../../arrival/new-version.ts'
import { offeredVersions, type Review } from '../../gate/review.ts'
import { planOf, targetName } from '../../rollout/target.ts'
import { clip } from '../../text/limits.ts'
import { code, fence, list, paragraphs, table } from '../markdown/markdown.ts'
import { planWords } from '../pull-request/pull-request.ts'
import { counted } from '../markdown/lists.ts'

/** More commands would not fit on a phone's screen, and more rows would make the comment long. */
const MAX_COMMANDS = 3
const MAX_ROWS = 10
/** The maximum length of a label. */
const MAX_NAME = 63

/** The new canary versions of a pull request, as a title. Empty if there is none. */
export function newVersionTitle(review: Pick<Review, 'newVersions' | 'problems'>): string {
  const [first, ...others] = offeredVersions(review)
  if (first === undefined) return ''
  const name = `New canary version: ${code(`${targetName(first.target)} ${versionsOf(first)}`)}`
  return `${name}${others.length === 0 ? '' : ` and ${others.length} more`}`
}

/** The rollouts that could begin, and the commands to paste. Perch cannot commit to a pull request from a fork. */
export function newVersionWords(review: Pick<Review, 'newVersions' | 'problems' | 'changes'>, isFork: boolean): string {
  const offered = offeredVersions(review)
  if (offered.length === 0) return ''
  // In waves the other environments follow by themselves. Otherwise people have to start them with a command.
  const inWaves = review.changes.filter(({ target }) => target.settings.wave !== undefined)
  const { first, later } = inOrder(offered, inWaves)
  const rows = offered
    .slice(0, MAX_ROWS)
    .map((one) => [code(targetName(one.target)), code(versionsOf(one)), planWords(planOf(one.target))])
  const left = offered.length - rows.length
  const commands = first.slice(0, MAX_COMMANDS).map((one) => fence(startCommand(one), 'text'))
  return paragraphs(
    table(['New canary', 'Version', 'Plan'], rows),
    left > 0 ? `… and ${counted(left, 'more new version')}.` : undefined,
    first.length > 0 ? `**Next:** ${whenToSay(first.length, isFork)}` : undefined,
    ...commands,
    first.length > commands.length
      ? `The commands for the other ${first.length - commands.length} look the same.`
      : undefined,
    later.length > 0
      ? `${list(later.map(({ target }) => targetName(target)))} can start after ${first.length > 0 ? 'that' : 'the environments that come first'}.`
      : undefined,
    first.length === 0
      ? undefined
      : `${isFork ? 'Until then' : 'If you merge without it,'} ${offered.length === 1 ? 'the new version gets' : 'new versions get'} no traffic.`,
  )
}

function whenToSay(count: number, isFork: boolean): string {
  const [what, how] = count === 1 ? ['the rollout', 'comment'] : ['rollouts', 'comment one or more of these']
  return isFork
    ? `Perch cannot commit to a fork. To start ${what}, merge this pull request and then ${how}:`
    : `to start ${what} with this pull request, ${how}:`
}

/** Names come from files that anybody may have written. */
function versionsOf({ from, to }: NewVersion): string {
  const [old, now] = [from ?? '', to].map((name) => clip(name, MAX_NAME))
  return old === '' ? `${now}` : `${old} → ${now}`
}

/** How to turn the comment off. */
export const HOW_TO_TURN_OFF = '`start: never` for the service in `.github/canary.yml` turns this comment off.'
