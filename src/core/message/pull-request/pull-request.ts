import { formatDuration } from '../../config/duration.ts'
import { MEASURED, RESTART } from '../../marker/comment.ts'
import { commandTrailer, MOVE_TRAILER } from '../../marker/trailer.ts'
import type { ReviewedChange } from '../../gate/review.ts'
import type { PullRequest } from '../../rollout/facts.ts'
import type { Move, PlanChange } from '../../rollout/move.ts'
import { nextStep, planOf, type Target, targetName } from '../../rollout/target.ts'
import type { Wave } from '../../wave/wave.ts'
import type { AnalysisReport } from '../../analysis/report.ts'
import { clip, MAX_BODY, sizeOf } from '../../text/limits.ts'
import { analysisTable, findingWords } from '../gate/analysis.ts'
import { titleText } from '../../text/inert.ts'
import { bounded } from '../markdown/bounded.ts'
import { wanted } from '../gate/live.ts'
import { driversWords } from '../markdown/drivers.ts'
import { limitBody } from '../refusal/owner-refusal.ts'
import { code, paragraphs, percent, plainText } from '../markdown/markdown.ts'
import type { Proposal } from '../../rollout/proposal.ts'

/** One line that says what a move does: the title of the pull request and the headline of the commit. */
export function moveTitle({ move, target, version }: Proposal): string {
  return headline(move, shortName(target), version)
}

/** The name of a wave can be long, and the rest of the title must not be cut off. */
function shortName({ environment, service }: Target): string {
  return targetName({ environment: clip(environment, MAX_NAME), service: clip(service, MAX_NAME) })
}

const MAX_NAME = 60

/** Names come from files that anybody may have written. */
function headline(move: Move | PlanChange, name: string, version: string): string {
  return titleText(sentenceOf(move, name, version))
}

function sentenceOf(move: Move | PlanChange, name: string, version: string): string {
  switch (move.kind) {
    case 'share':
      return `Canary ${name} ${version}: ${percent(move.from)} → ${percent(move.to)}`
    case 'rollback':
      return `Roll back ${name} ${version}: ${percent(move.from)} → 0%`
    case 'finish-version':
      return `Finish ${name}: stable becomes ${move.to}`
    case 'finish-weights':
      return `Finish ${name}: all traffic on stable ${version}`
    case 'switch':
      return `Switch ${name}: ${move.from} → ${move.to}`
    case 'limit':
      return `Limit ${name}: at most ${percent(move.from)} → ${percent(move.to)}`
    case 'plan':
      return `Plan of ${name}: ${planWords(move.steps)}`
  }
}

/** `5% → 25% → 100%`. */
export function planWords(steps: readonly number[]): string {
  return steps.map(percent).join(' → ')
}

/** The commit of a move. Its trailer names the move. */
export function moveCommit(proposal: Proposal): { readonly headline: string; readonly body: string } {
  const asked = proposal.asked === undefined ? '' : `Asked by ${proposal.asked.login} in #${proposal.asked.pull}.\n\n`
  const where = proposal.failedIn === undefined ? '' : ` in ${titleText(proposal.failedIn)}`
  const failed = proposal.failure === undefined ? '' : `The canary failed its analysis${where}.\n\n`
  const trailer = `${MOVE_TRAILER}: ${titleText(targetName(proposal.target))} ${proposal.move.kind}`
  return { headline: moveTitle(proposal), body: `${why(proposal)}\n\n${asked}${failed}${trailer}` }
}

function why({ move, target }: Proposal): string {
  switch (move.kind) {
    case 'share':
      return nextStep(planOf(target), move.from) === move.to
        ? 'The next step of the plan.'
        : 'A share that is not the next step of the plan.'
    case 'rollback':
      return 'All traffic goes back to the stable version.'
    case 'limit':
      return 'The highest share of the canary before it is promoted. A controller in the cluster moves the traffic.'
    case 'switch':
      return `All traffic goes to ${move.to} at once.`
    case 'finish-version':
      return 'The canary has all the traffic. Now its version becomes the stable version. The weights stay.'
    case 'finish-weights':
      return 'Stable and canary are the same version now. The weights go back to 100/0, and the rollout is over.'
  }
}

/** The commit of a command on a pull request. */
export function commandCommit(command: {
  readonly move: Move | PlanChange
  readonly target: Target
  readonly version: string
  readonly login: string
  readonly pull: number
  /** The comment, and which of its commands. */
  readonly id: string
}): { readonly headline: string; readonly body: string } {
  const { move, target, version, login, pull, id } = command
  const title = headline(move, targetName(target), version)
  return { headline: title, body: `Asked by ${login} in #${pull}.\n\n${commandTrailer(id)}` }
}

/** The body of the pull request, from which a reviewer decides. */
export function moveBody(proposal: Proposal): string {
  const { move, target, asked } = proposal
  const reason = asked?.reason === undefined ? '' : `: ${plainText(asked.reason)}`
  const by = asked === undefined ? undefined : `Asked by ${code(asked.login)} in #${asked.pull}${reason}.`
  return bounded(
    paragraphs(
      whatChanges(proposal),
      waveLine(proposal),
      planLine(move, target),
      waitsFor(move, target),
      paragraphs(by, whereFrom(proposal)),
      evidence(proposal),
      proposal.isForRestart === true ? RESTART_WORDS : undefined,
      safety(move),
      mention(proposal),
    ),
  )
}

/** Mentions the driver on a rollback that nobody asked for. Whoever asked for a rollback knows about it, and other steps are not urgent. */
function mention({ move, asked, driver }: Proposal): string | undefined {
  const isNews = move.kind === 'rollback' && asked === undefined && driver !== undefined
  return isNews ? driversWords([driver]) : undefined
}

/** The pull requests before this one. */
function whereFrom({ move, origin, previous, closed = [] }: Proposal): string | undefined {
  if (move.kind === 'switch') return undefined
  return [
    origin === undefined ? [] : `The rollout began in #${origin}.`,
    previous === undefined || previous === origin ? [] : `The last step was #${previous}.`,
    closed.length === 0 ? [] : `Closed for this: ${closed.map((number) => `#${number}`).join(', ')}.`,
  ]
    .flat()
    .join(' ')
}

/** The part of a rollback's body that says that Perch starts the new version after it. */
const RESTART_WORDS = paragraphs(
  RESTART.begin,
  'Automation brought this version while the canary had traffic, and the config says `onNewVersion: restart`. When this merges, Perch opens the first step of the new version. After `/canary abort`, this rollback stays open and no step follows.',
  RESTART.end,
)

/** A rollback's body after somebody has decided that no rollout follows. */
export function withoutRestart(body: string): string {
  return body
    .replace(RESTART_WORDS, '')
    .replaceAll(RESTART.begin, '')
    .replaceAll(/\n{3,}/g, '\n\n')
}

function whatChanges({ move, target, version }: Proposal): string {
  const name = code(targetName(target))
  switch (move.kind) {
    case 'share':
      return `${move.to > move.from ? 'Raises' : 'Lowers'} the canary ${code(version)} of ${name} from ${percent(move.from)} to **${percent(move.to)}** of the traffic.`
    case 'rollback':
      return `Sends all traffic of ${name} back to the stable version. The canary ${code(version)} had ${percent(move.from)}.`
    case 'switch':
      return `Sends all traffic of ${name} from ${code(move.from)} to **${code(move.to)}**, at once. Preview rules, which send some callers to ${code(move.to)}, then send them to ${code(move.from)}.`
    case 'limit':
      return limitBody(target, move)
    case 'finish-version':
      return `The canary of ${name} has all the traffic. This changes the stable version from ${code(move.from)} to the canary's, ${code(move.to)}. The weights stay, so no traffic moves yet.`
    case 'finish-weights':
      return `Both versions of ${name} are ${code(version)} now. This sets the weights back to 100/0 and clears the annotations. Merging it ends the rollout.`
  }
}

/** The measurements that caused the rollback. Undefined if there are none. */
function evidence({ move, failure, failedIn }: Proposal): string | undefined {
  if (failure === undefined) return undefined
  const share = move.kind === 'rollback' && failedIn === undefined ? ` at ${percent(move.from)}` : ''
  return paragraphs(
    `**The canary failed its analysis${share}${placeWords(failedIn)}**: ${findingWords(failure)}`,
    analysisTable(failure),
  )
}

/** ` in` an environment, if there is one to name. */
export function placeWords(failedIn: string | undefined): string {
  return failedIn === undefined ? '' : ` in ${code(failedIn)}`
}

/** The environments that the pull request moves together, and their place among the waves. */
function waveLine({ target, moves = [] }: Proposal): string | undefined {
  const { wave } = target.settings
  if (wave === undefined) return undefined
  const all = moves.flatMap((one) => one.target.environments)
  const together = all.length === 0 ? '' : `Moves ${all.map(code).join(' and ')} together. `
  return `${together}Wave ${wave.index + 1} of ${wave.all.length}: ${wavesWords(wave)}.`
}

/** `eu-1` → **`eu-2`, `us-1`**: the waves in order, with one of them in bold. */
function wavesWords({ all, index }: Pick<Wave, 'all' | 'index'>): string {
  const names = all.map((environments, place) => {
    const words = environments.map(code).join(', ')
    return place === index ? `**${words}**` : words
  })
  return names.join(' → ')
}

function planLine(move: Move, target: Target): string | undefined {
  if (move.kind !== 'share') return undefined
  const stops = planOf(target).map((stop) => (stop === move.to ? `**${percent(stop)}**` : percent(stop)))
  return `The plan: ${stops.join(' → ')}.`
}

function waitsFor(move: Move, target: Target): string {
  const { live, bakeMs, analysis } = target.settings
  if (move.kind === 'limit') return 'The gates of Perch do not hold this, because no weight in Git changes.'
  if (move.kind === 'rollback' || (move.kind === 'share' && move.to <= move.from))
    return 'No gate waits: lowering traffic is never held back.'
  const others = 'The gates for approvals, environment order, holds and freezes apply too.'
  if (move.kind === 'share' && move.from === 0)
    return `This starts the canary, so no earlier step has to be live. ${others}`
  if (move.kind === 'switch')
    return `\`canary/gate\` judges it like a raise to 100%. ${others} No gate holds a switch back to the version that has the traffic now.`
  const applied = `the base branch's state is live (${live.map(wanted).join(', and ')})`
  if (move.kind === 'finish-weights') return `\`canary/gate\` waits until ${applied}.`
  const measured = analysis === undefined ? '' : ', and until the analysis of that time has passed'
  return `\`canary/gate\` waits until ${applied} and has been live for ${formatDuration(bakeMs)}${measured}. ${others}`
}

function safety(move: Move): string {
  if (move.kind === 'limit') return 'If you close this without merging, the limit stays as it is.'
  if (move.kind === 'switch')
    return `After the merge, ${code(`/switch ${move.from}`)} goes back, and no gate holds that. If you close this without merging, the traffic stays where it is.`
  return move.kind === 'rollback'
    ? 'If you close this without merging, the canary keeps its share, and the rollout stops until somebody comments `/canary next`.'
    : '`/canary abort` rolls back. If you close this without merging, the rollout stops here until somebody comments `/canary next`.'
}

/** A step's title and body after a commit on its branch has changed the share. What people wrote there stays. */
export function withShare(
  { title, body }: Pick<PullRequest, 'title' | 'body'>,
  changes: readonly ReviewedChange[],
): Pick<PullRequest, 'title' | 'body'> {
  const [first] = changes
  if (first === undefined || changes.some(({ to, unknown = [] }) => to !== first.to || unknown.length > 0))
    return { title, body }
  const { target, from, to } = first
  const share = percent(to)
  const verb = to > from ? 'Raises' : 'Lowers'
  return {
    title: title.replace(/(?<=^Canary .+: [\d.]+% → )[\d.]+%$/, share),
    body: body
      .replace(/^\w+(?= the canary .+ from [\d.]+% to \*\*[\d.]+%\*\* of the traffic\.$)/m, verb)
      .replace(/(?<=^\w+ the canary .+ from [\d.]+% to \*\*)[\d.]+%(?=\*\* of the traffic\.$)/m, share)
      .replace(/^The plan: .+\.$/m, (line) => planLine({ kind: 'share', from, to }, target) ?? line),
  }
}

/** A step's body with the measurements of the previous step. They replace earlier measurements in the body. */
export function withMeasurements(body: string, reports: readonly AnalysisReport[]): string {
  const begin = body.indexOf(MEASURED.begin)
  const end = body.indexOf(MEASURED.end)
  const rest = begin === -1 || end < begin ? body : body.slice(0, begin) + body.slice(end + MEASURED.end.length)
  const words = reports.map((report) => paragraphs(findingWords(report), analysisTable(report)))
  const section = paragraphs(MEASURED.begin, '**Measurements of the previous step**', ...words, MEASURED.end)
  const room = MAX_BODY - sizeOf(section) - 2
  // A person may have edited the body, so nothing of it is cut. Without room, only the check shows the measurements.
  return sizeOf(rest.trimEnd()) > room ? body : `${rest.trimEnd()}\n\n${section}`
}
