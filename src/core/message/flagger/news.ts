/** What Flagger said of a Canary, as what it said: nobody has checked it. */
import type { MissingApprovals } from '../../flagger/answer.ts'
import { type CanaryNews, canaryEnd } from '../../flagger/canary-news.ts'
import { titleText } from '../../text/inert.ts'
import { code, paragraphs, percent, plainText } from '../markdown/markdown.ts'
import { time } from '../markdown/time.ts'

export function newsWords({ phase, weight, message, at }: CanaryNews): string {
  const share = weight === undefined ? '' : `, canary at ${percent(weight)}`
  const mark = phase === 'Failed' ? ', so it took the canary back' : ''
  const words = message === '' ? '' : `: “${plainText(message)}”`
  return `Flagger said at ${time(at)}: **${plainText(phase)}**${mark}${share}${words}`
}

/** The approvals that keep Flagger from going on. GitHub's pages let nobody approve what is merged; its API does. */
export function missingWords(missing: MissingApprovals): string {
  switch (missing.code) {
    case 'unapproved':
      return `It waits for ${approvalsLeft(missing)} by people with write access who made none of it: \`gh pr review ${missing.pull} --approve\``
    case 'no-pull':
      return 'It waits for approvals of the pull request that brought its version, and Perch finds none that did: bring the version by a pull request, or lower `approvals` in `.github/canary.yml`'
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
export function canaryCheckWords(rollout: string, news: CanaryNews, missing?: MissingApprovals): CanaryCheckWords {
  const end = canaryEnd(news)
  const waits = end === undefined ? missing : undefined
  return {
    conclusion: end === undefined ? undefined : end === 'promoted' ? 'success' : 'failure',
    title: `${titleText(rollout)}: ${titleOf(news)}`,
    summary: paragraphs(newsWords(news), waits && `${missingWords(waits)}.`, nextStep(rollout, news), INFORMATION),
  }
}

/** The check of a version that Flagger left for another one. */
export function supersededWords(rollout: string): CanaryCheckWords {
  return {
    conclusion: 'neutral',
    title: `${titleText(rollout)}: Flagger went on with another version`,
    summary: paragraphs(
      `Flagger began with another version of ${code(rollout)} before it told Perch how this one ended.`,
      'Nothing is left to do here. `/canary status` says what Flagger told last.',
      INFORMATION,
    ),
  }
}

const INFORMATION = 'This check is what Flagger tells, and holds no merge.'

function titleOf(news: CanaryNews): string {
  const { phase, weight } = news
  switch (canaryEnd(news)) {
    case 'promoted':
      return 'Flagger says that it has promoted the version'
    case 'taken-back':
      return 'Flagger says that it took the version back'
    case undefined:
      return `Flagger says ${titleText(phase)}${weight === undefined ? '' : `, canary at ${percent(weight)}`}`
  }
}

function nextStep(rollout: string, news: CanaryNews): string {
  switch (canaryEnd(news)) {
    case 'promoted':
      return 'Nothing is left to do.'
    case 'taken-back':
      return 'If Git still asks for this version, correct it by another pull request, or revert this one.'
    case undefined:
      return `Flagger goes on by itself. Where the webhooks of its Canary ask Perch, \`/canary hold\` on this pull request stops ${code(rollout)}, and \`/canary abort\` takes the version back.`
  }
}
