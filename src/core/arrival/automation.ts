/** New versions that automation brings, and the rollouts that Perch starts for them. */
import type { ShareCommand } from '../command/commands.ts'
import type { Config } from '../config/schema.ts'
import { offeredVersions, type Review } from '../gate/review.ts'
import type { PullRequest } from '../rollout/facts.ts'
import { type Target, targetName } from '../rollout/target.ts'
import { firstShare, inOrder } from './start-command.ts'

/** GitHub Apps, and the logins that the config names. Logins come from GitHub; the author in a commit is only text. */
export function isAutomation(login: string, { automation }: Pick<Config, 'automation'>): boolean {
  return login.endsWith('[bot]') || automation.includes(login)
}

/** A change of a share that Perch makes by itself, on a pull request of automation. */
export interface OwnStart {
  readonly target: Target
  readonly command: ShareCommand
  /** A second try finds the commit of the first one with this id. Perch commits only once per pull request, so changes of people stay. */
  readonly id: string
}

/** What Perch commits to a pull request of automation: the first steps of its versions, or the removal of a running canary's traffic. */
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

/** The id by which the commit of an own start is found again. */
export function ownStartId(target: Target, kind: 'restart' | 'first'): string {
  return `start:${encodeURIComponent(targetName(target).toWellFormed())}:${kind}`
}
