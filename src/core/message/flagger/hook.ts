/** What Perch answers to Flagger's webhooks. Logs and chats that get it may act on markup and mentions, so it is one line of plain text. */
import type { KnownStop } from '../../flagger/canaries.ts'
import type { HookAnswer } from '../../flagger/answer.ts'
import type { HookPayload } from '../../flagger/hook.ts'
import { approvalsLeft } from './news.ts'
import type { FrozenWindow } from '../../gate/restraint.ts'
import { titleText } from '../../text/inert.ts'
import { time } from '../markdown/time.ts'

/** Of which repository Flagger asks, `owner/name`, and about which Canary. */
export type AskedCanary = Pick<HookPayload, 'name' | 'namespace' | 'metadata'> & { readonly repository: string }

export function hookWords(answer: HookAnswer, asked: AskedCanary): string {
  switch (answer.code) {
    case 'go':
      return `Nothing stops ${plain(answer.rollout)}.`
    case 'unapproved':
      return `${plain(answer.rollout)} waits for ${approvalsLeft(answer)}. After the merge a person with write access who made none of it gives one by: gh pr review ${answer.pull} --approve`
    case 'no-pull':
      return `${plain(answer.rollout)} needs ${approvals(answer.wanted)} of the pull request that brought its version, and Perch finds none that did. Bring the version by a pull request, or lower approvals in .github/canary.yml.`
    case 'no-version':
      return `${plain(answer.rollout)} needs ${approvals(answer.wanted)} of the pull request that brought its version, and Flagger does not say which version it is about. Update Flagger to 1.34 or newer.`
    case 'noted':
      return `Noted for ${plain(answer.rollout)}.`
    case 'stopped':
      return [
        ...answer.stops.map((stop) => stopSentence(stop, answer.rollout)),
        ...answer.windows.map(windowSentence),
      ].join(' ')
    case 'aborted':
      return `${plain(answer.rollout)} was aborted${whoWords(answer)}. To let it go on, comment /canary resume on its pull request.`
    case 'take-back':
      return `${plain(answer.rollout)} was aborted${whoWords(answer)}.`
    case 'keep':
      return answer.isOther
        ? `The abort of ${plain(answer.rollout)} was for what Git said before. To take this version back, comment /canary abort again.`
        : `Nobody aborted ${plain(answer.rollout)}.`
    case 'unread':
      return `Perch is still reading ${plain(asked.repository)}, and answers when Flagger asks again. If this stays so, check that Perch is installed there.`
    case 'unreadable':
      return `The .github/canary.yml of ${names(answer.branches)} in ${plain(asked.repository)} is not valid, so Perch does not know what is stopped. Correct it there.`
    case 'no-canary':
      return `${plain(asked.repository)} has no Canary ${canaryName(asked)}${environmentWords(asked)} on a branch that Perch reads. Check the address of the webhook and its metadata.`
    case 'several':
      return `${plain(asked.repository)} has several Canaries ${canaryName(asked)}: ${names(answer.rollouts)}. Set metadata.environment of the webhook to the one that this cluster runs.`
  }
}

function approvals(count: number): string {
  return count === 1 ? '1 approval' : `${count} approvals`
}

function stopSentence({ frozen, by, reason, until }: KnownStop, rollout: string): string {
  const how = whoWords({ by, reason, until })
  return frozen === undefined
    ? `${plain(rollout)} is held${how}. To let it go on, comment /canary resume on its pull request.`
    : `${plain(frozen)} is frozen${how}. To let it go on, comment /unfreeze ${plain(frozen)}.`
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

/** It may get to a chat, which acts on mentions too. */
function plain(text: string): string {
  return titleText(text)
}
