/** What Flagger reports about a Canary, quoted, because nobody has verified it. */
import type { MissingApprovals } from '../../flagger/answer.ts'
import { type CanaryNews, canaryEnd } from '../../flagger/canary-news.ts'
import { titleText } from '../../text/inert.ts'
import { code, paragraphs, percent, plainText } from '../markdown/markdown.ts'
import type { TargetName } from '../../rollout/target.ts'
import { time } from '../markdown/time.ts'

export function newsWords({ phase, weight, message, at }: CanaryNews): string {
  const share = weight === undefined ? '' : `, canary at ${percent(weight)}`
  const mark = phase === 'Failed' ? ', so it rolled back' : ''
  const words = message === '' ? '' : `: “${plainText(message)}”`
  return `Flagger said at ${time(at)}: **${plainText(phase)}**${mark}${share}${words}`
}

/** Who may approve, as the beginning of a sentence. */
export const WHO_APPROVES = 'A person with write access who did not write or push any of its commits'

/** The approvals that Flagger waits for. After a merge GitHub's website offers no approval, but its API does. */
export function missingWords(missing: MissingApprovals): string {
  switch (missing.code) {
    case 'unapproved':
      return `It waits for ${approvalsLeft(missing)}. ${WHO_APPROVES} can approve it, also after the merge: \`gh pr review ${missing.pull} --approve\``
    case 'no-pull':
      return 'It waits for approvals of the pull request that brought its version, but Perch finds no such pull request: bring the version with a pull request, or lower `approvals` in `.github/canary.yml`'
  }
}

/** `1 more approval of #12 (0 of 1)`. */
export function approvalsLeft({ pull, wanted, has }: Extract<MissingApprovals, { code: 'unapproved' }>): string {
  const left = wanted - has
  return `${left} more ${left === 1 ? 'approval' : 'approvals'} of #${pull} (${has} of ${wanted})`
}

export interface CanaryCheckWords {
  readonly conclusion: 'success' | 'failure' | 'neutral' | undefined
  readonly title: string
  readonly summary: string
}

/** The check run on the pull request that brought the version. */
export function canaryCheckWords(rollout: TargetName, news: CanaryNews, missing?: MissingApprovals): CanaryCheckWords {
  const end = canaryEnd(news)
  const waits = end === undefined ? missing : undefined
  return {
    conclusion: end === undefined ? undefined : end === 'promoted' ? 'success' : 'failure',
    title: `${titleText(rollout)}: ${titleOf(news)}`,
    summary: paragraphs(newsWords(news), waits && `${missingWords(waits)}.`, nextStep(rollout, news), INFORMATION),
  }
}

/** The check of a version after Flagger started with another one. */
export function supersededWords(rollout: TargetName): CanaryCheckWords {
  return {
    conclusion: 'neutral',
    title: `${titleText(rollout)}: Flagger started with another version`,
    summary: paragraphs(
      `Flagger started with another version of ${code(rollout)} before it reported how this one ended.`,
      'Nothing is left to do here. `/canary status` shows the latest report of Flagger.',
      INFORMATION,
    ),
  }
}

const INFORMATION = 'This check shows what Flagger reports. It does not hold a merge.'

function titleOf(news: CanaryNews): string {
  const { phase, weight } = news
  switch (canaryEnd(news)) {
    case 'promoted':
      return 'Flagger says that it has promoted the version'
    case 'taken-back':
      return 'Flagger says that it rolled the version back'
    case undefined:
      return `Flagger says ${titleText(phase)}${weight === undefined ? '' : `, canary at ${percent(weight)}`}`
  }
}

function nextStep(rollout: TargetName, news: CanaryNews): string {
  switch (canaryEnd(news)) {
    case 'promoted':
      return 'Nothing is left to do.'
    case 'taken-back':
      return 'If Git still has this version, fix it in another pull request, or revert this one.'
    case undefined:
      return `Flagger continues by itself. If the webhooks of its Canary ask Perch, you can stop ${code(rollout)} here with \`/canary hold\`, and roll the version back with \`/canary abort\`.`
  }
}
