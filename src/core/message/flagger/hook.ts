/** The answers of Perch to Flagger's webhooks. Logs and chats may act on markup and mentions, so each is one line of plain text. */
import type { KnownStop } from '../../flagger/canaries.ts'
import type { HookAnswer } from '../../flagger/answer.ts'
import type { HookPayload } from '../../flagger/hook.ts'
import { approvalsLeft, WHO_APPROVES } from './news.ts'
import type { FrozenWindow } from '../../gate/restraint.ts'
import { titleText } from '../../text/inert.ts'
import type { TargetName } from '../../rollout/target.ts'
import { time } from '../markdown/time.ts'

/** The repository, `owner/name`, and the Canary that Flagger asks about. */
export type AskedCanary = Pick<HookPayload, 'name' | 'namespace' | 'metadata'> & { readonly repository: string }

export function hookWords(answer: HookAnswer, asked: AskedCanary): string {
  switch (answer.code) {
    case 'go':
      return `Nothing stops ${plain(answer.rollout)}.`
    case 'unapproved':
      return `${plain(answer.rollout)} waits for ${approvalsLeft(answer)}. ${WHO_APPROVES} can approve it, also after the merge: gh pr review ${answer.pull} --approve`
    case 'no-pull':
      return `${plain(answer.rollout)} needs ${approvals(answer.wanted)} of the pull request that brought its version, but Perch finds no such pull request. Bring the version with a pull request, or lower approvals in .github/canary.yml.`
    case 'no-version':
      return `${plain(answer.rollout)} needs ${approvals(answer.wanted)} of the pull request that brought its version, but this Flagger does not say which version that is. Update Flagger to 1.34 or newer.`
    case 'noted':
      return `Noted for ${plain(answer.rollout)}.`
    case 'stopped':
      return [
        ...answer.stops.map((stop) => stopSentence(stop, answer.rollout)),
        ...answer.windows.map(windowSentence),
      ].join(' ')
    case 'aborted':
      return `${plain(answer.rollout)} was aborted${whoWords(answer)}. To let it continue, comment /canary resume on its pull request.`
    case 'take-back':
      return `${plain(answer.rollout)} was aborted${whoWords(answer)}.`
    case 'keep':
      return answer.isOther
        ? `The abort of ${plain(answer.rollout)} was for an earlier version. To roll this version back, comment /canary abort again.`
        : `Nobody aborted ${plain(answer.rollout)}.`
    case 'unread':
      return `Perch is still reading ${plain(asked.repository)}, and will answer when Flagger asks again. If this message keeps coming, check that Perch is installed there.`
    case 'unreadable':
      return `The .github/canary.yml of ${names(answer.branches)} in ${plain(asked.repository)} is not valid, so Perch does not know what is held or frozen. Correct it there.`
    case 'no-canary':
      return `${plain(asked.repository)} has no Canary ${canaryName(asked)}${environmentWords(asked)} on a branch that Perch reads. Check the address of the webhook and its metadata.`
    case 'several':
      return `${plain(asked.repository)} has several Canaries ${canaryName(asked)}: ${names(answer.rollouts)}. Set metadata.environment of the webhook to the one that this cluster runs.`
  }
}

function approvals(count: number): string {
  return count === 1 ? '1 approval' : `${count} approvals`
}

function stopSentence({ frozen, by, reason, until }: KnownStop, rollout: TargetName): string {
  const how = whoWords({ by, reason, until })
  return frozen === undefined
    ? `${plain(rollout)} is held${how}. To let it continue, comment /canary resume on its pull request.`
    : `${plain(frozen)} is frozen${how}. To let it continue, comment /unfreeze ${plain(frozen)}.`
}

function whoWords({ by, reason, until }: Omit<KnownStop, 'frozen'>): string {
  const who = by === undefined ? '' : ` by ${plain(by)}`
  const end = until === undefined ? '' : ` until ${time(until)}`
  return `${who}${end}${reason === undefined ? '' : ` (${plain(reason)})`}`
}

function windowSentence({ environment, until, reason }: FrozenWindow): string {
  const why = reason === undefined ? '' : ` (${plain(reason)})`
  return `.github/canary.yml allows no raises in ${plain(environment)} until ${time(until)}${why}.`
}

function canaryName({ namespace, name }: AskedCanary): string {
  return plain(`${namespace}/${name}`)
}

function environmentWords({ metadata: { environment } }: AskedCanary): string {
  return environment === undefined ? '' : ` in the environment ${plain(environment)}`
}

function names(some: readonly string[]): string {
  return some.map(plain).join(', ')
}

/** The text may reach a chat, which also acts on mentions. */
function plain(text: string): string {
  return titleText(text)
}
