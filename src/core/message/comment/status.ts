import { moveAfter, type Standing, sureShare } from '../../rollout/standing.ts'
import { isBlueGreen, originPull, planOf, targetName } from '../../rollout/target.ts'
import { missingWords, newsWords } from '../flagger/news.ts'
import { leavingWords } from './traffic.ts'
import { WRITER_NAMES } from '../refusal/owner-refusal.ts'
import { notDeployedWords } from '../refusal/gate-refusal.ts'
import { code, paragraphs, percent, table } from '../markdown/markdown.ts'
import { planPicture } from '../markdown/plan-picture.ts'
import { observationWords } from '../gate/observation.ts'
import { planWords } from '../pull-request/pull-request.ts'
import { wavesLines } from './waves.ts'
import type { StandingLine } from '../../rollout/related.ts'
import type { PlanStatus, RolloutStatus } from '../../command/outcome.ts'

const PHASES = {
  idle: 'no canary traffic',
  unreadable: 'unknown: its weights are not whole numbers. Correct that in a pull request',
  stepping: 'rolling out',
  'finishing-version': 'finishing: the stable version becomes the canary’s',
  'finishing-weights': 'finishing: the weights go back to 100/0',
} as const satisfies Record<Exclude<Standing['phase'], 'by-hand' | 'owned'>, string>

/** The next step, or the reason why there is none. */
function byHandWords(broughtBy: number | undefined, standing: Standing): string {
  if (moveAfter(standing) === undefined)
    return 'at the end of its plan: no step follows. Change the stable version to the canary’s in a pull request, or comment `/canary abort`'
  return broughtBy === undefined
    ? 'set without the checks of Perch: Perch opens no step until somebody comments `/canary next`'
    : `set by hand in #${broughtBy}: Perch opens the next step, and a person merges it`
}

export function statusWords({ standings, proposed, away }: RolloutStatus): string {
  if (away !== undefined) return notDeployedWords(away)
  if (standings.length + proposed.length === 0)
    return 'No rollout belongs to this pull request. `/canary help` lists the commands that start one.'
  const here = proposed.map(({ target, from, to, version, leaving }) => {
    if (leaving !== undefined) return `- ${code(targetName(target))} ${leavingWords(leaving)}`
    const { blueGreen } = target.route.names
    if (blueGreen !== undefined && to === 100)
      return `- ${code(targetName(target))}: ${code(blueGreen.active.name)} → **${code(blueGreen.idle.name)}**, all traffic at once`
    const share = from === to ? `stays at ${percent(to)}` : `${percent(from)} → **${percent(to)}**`
    const versions =
      version === undefined
        ? ''
        : `, and the ${version.role} version becomes ${code(version.to)} instead of ${code(version.from)}`
    return `- ${code(targetName(target))}: ${share}${versions}`
  })
  return paragraphs(
    here.length === 0 ? undefined : `This pull request is open. When it merges:\n\n${here.join('\n')}`,
    standings.length === 0 ? undefined : standingsTable(standings),
  )
}

function standingsTable(lines: readonly StandingLine[]): string {
  const rows = lines.map((line) => {
    const { standing, open } = line
    const { share, versions, state } = shareAndState(line)
    const pulls = open.length === 0 ? [] : [`open: ${open.map((number) => `#${number}`).join(', ')}`]
    return [
      [code(targetName(standing.target)), ...versions].join(LINE),
      share,
      [state, ...pulls].filter((part) => part !== '').join(LINE),
    ]
  })
  const moving = lines.filter(
    ({ standing }) => standing.phase !== 'owned' && sureShare(standing) > 0 && !isBlueGreen(standing.target),
  )
  const pictures = moving.map(({ standing }) =>
    planPicture({ plan: planOf(standing.target), now: sureShare(standing), next: undefined }),
  )
  const seen = [...lines.flatMap(ownedWords), ...lines.flatMap(seenWords)]
  const stuck = lines.flatMap((line) => (line.stuck === undefined ? [] : [line.stuck]))
  return paragraphs(
    table(['On the base branch', 'Canary', 'State'], rows),
    wavesLines(lines) || undefined,
    seen.length === 0 ? undefined : seen.join('\n'),
    ...stuck,
    ...pictures,
  )
}

/**
 * The observed traffic next to the share in Git. A reason for missing traffic is shown only if the config asks for live traffic.
 */
function seenWords({ standing, observed }: StandingLine): readonly string[] {
  if (observed === undefined || (observed.observation.code !== 'seen' && !observed.isAskedFor)) return []
  const git = percent(sureShare(standing))
  const other = observed.differs
    ? ` Git asks for ${git}: something else may set the weights, proxies may be behind, or a header rule may take some of the requests.`
    : ''
  const line = `${code(targetName(standing.target))}: ${observationWords(observed.observation)}${other}`
  return [`- ${observed.differs ? '⚠️ ' : ''}${line}`]
}

/** The share, the versions and the state of a rollout. For a blue/green service, the version that has the traffic. */
function shareAndState({ standing, broughtBy, isStopped }: StandingLine): Cells {
  const { phase, share, versions, target } = standing
  const { blueGreen } = target.route.names
  const percents = share === 'unknown' ? '?' : percent(share)
  const names = versions === undefined ? [] : [`${code(versions.stable)} → ${code(versions.canary)}`]
  if (phase === 'owned') {
    const state = target.owner === undefined ? '' : `moved by ${WRITER_NAMES[target.owner.writer]}`
    return { share: '–', versions: names, state }
  }
  if (blueGreen !== undefined && phase === 'idle')
    return {
      share: '–',
      versions: [`${code(blueGreen.active.name)} is active`],
      state: `blue/green: ${code(blueGreen.idle.name)} is idle`,
    }
  if (blueGreen !== undefined && phase !== 'unreadable') {
    const state = `blue/green, and both have traffic: ${code(`/switch ${blueGreen.active.name}`)} ends that`
    return { share: percents, versions: names, state }
  }
  const state = phase === 'by-hand' ? byHandWords(broughtBy, standing) : phaseWords(phase, originPull(target))
  return { share: percents, versions: names, state: isStopped === true ? `${state}. ${STOPPED_WORDS}` : state }
}

const STOPPED_WORDS = 'Stopped: Perch opens no step until somebody comments `/canary next`'

interface Cells {
  readonly share: string
  /** At most one line. */
  readonly versions: readonly string[]
  readonly state: string
}

/** A line break inside a cell. With it three columns are enough, and they fit on a phone. */
const LINE = '<br>'

function phaseWords(phase: keyof typeof PHASES, origin: number | undefined): string {
  const isMoving = phase !== 'idle' && phase !== 'unreadable'
  return PHASES[phase] + (isMoving && origin !== undefined ? ` (began in #${origin})` : '')
}

/** A rollout that a controller moves: Git does not say where it is. This is too long for a cell of the table. */
function ownedWords({ standing: { target }, told, missing }: StandingLine): readonly string[] {
  if (target.owner === undefined) return []
  const { writer, title, place } = target.owner
  const moves = `${WRITER_NAMES[writer]} moves it: ${code(title)} at ${code(`${place.file}:${place.line}`)}`
  const waits = missing === undefined ? [] : [missingWords(missing)]
  const news = told === undefined ? [] : [newsWords(told)]
  return [`- ${code(targetName(target))}: ${[moves, ...waits, ...news].join('. ')}`]
}

export function planStatusWords({ name, plan, share, proposed }: PlanStatus): string {
  const now = share === 'unknown' ? 'at a share that Perch cannot read' : share === 0 ? 'at 0%' : `at ${percent(share)}`
  const here =
    proposed === undefined || proposed === share
      ? ''
      : ` This pull request sets ${percent(proposed)}, and has not merged yet.`
  return paragraphs(
    `The plan of ${code(name)} is ${planWords(plan)}; on the base branch it is ${now}.${here}`,
    // With an unknown share, a picture would show the rollout at a wrong place.
    share === 'unknown'
      ? undefined
      : planPicture({ plan, now: share, next: proposed === share ? undefined : proposed }),
  )
}
