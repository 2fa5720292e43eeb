/** Who brings new versions without a person, and what begins by itself then. */
import type { ShareCommand } from '../command/commands.ts'
import type { Config } from '../config/schema.ts'
import { offeredVersions, type Review } from '../gate/review.ts'
import type { PullRequest } from '../rollout/facts.ts'
import { type Target, targetName } from '../rollout/target.ts'
import { firstShare, inOrder } from './start-command.ts'

/** GitHub's Apps, and those that the config names. A login is GitHub's word; a commit's author is only text. */
export function isAutomation(login: string, { automation }: Pick<Config, 'automation'>): boolean {
  return login.endsWith('[bot]') || automation.includes(login)
}

/** A change of a share that nobody asks for, on a pull request of automation. */
export interface OwnStart {
  readonly target: Target
  readonly command: ShareCommand
  /** By it a second try finds the commit of the first. Once on a pull request: what people make of it then stays. */
  readonly id: string
}

/** What Perch commits to a pull request of automation: the first steps of what it brings, or that a canary under way gives its traffic back. */
export function ownStarts(review: Review, pull: Pick<PullRequest, 'draft' | 'head'>): readonly OwnStart[] {
  if (pull.draft || pull.head.isFork || review.problems.length > 0) return []
  const isOwn = ({ settings }: Target): boolean => settings.start === 'first-step'
  const { first } = inOrder(offeredVersions(review), review.changes)
  const begun = first.filter(({ target }) => isOwn(target)).map(({ target }) => startAt(target, firstShare(target)))
  const restarted = review.changes
    .filter(({ target, from, to, version }) => {
      const isOther = version?.role === 'canary' && from > 0 && to === from
      return isOther && isOwn(target) && target.settings.onNewVersion === 'restart'
    })
    .map(({ target }) => startAt(target, 0))
  return [...restarted, ...begun]
}

function startAt(target: Target, percent: number): OwnStart {
  const { service, environment } = target
  const id = ownStartId(target, percent === 0 ? 'restart' : 'first')
  return { target, id, command: { name: 'set', percent, service, environment, sha: undefined } }
}

/** What the commit of an own start is found again by. */
export function ownStartId(target: Target, kind: 'restart' | 'first'): string {
  return `start:${encodeURIComponent(targetName(target).toWellFormed())}:${kind}`
}
