/** Begins the rollout of a version that automation brings, by a commit to its pull request. Its gate holds that like any other raise. */
import { isAutomation, type OwnStart, ownStarts } from '../../core/arrival/automation.ts'
import type { Review } from '../../core/gate/review.ts'
import { ownStartNotice } from '../../core/message/comment/notice.ts'
import { ownStartMarker } from '../../core/marker/comment.ts'
import { isStepOf } from '../../core/rollout/branch.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { refused } from '../../core/command/outcome.ts'
import { standingOf } from '../../core/rollout/standing.ts'
import { commitCommand, type Workplace } from '../commands/handlers/commit-command.ts'
import { orRefusal, sayOnce } from '../repository/github-refusals.ts'
import { loadConfig, readTargetAt } from '../repository/load.ts'
import { isStacked, type PullEnds } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** What the commit says in place of a person. */
const BY_CONFIG = 'the config (`start: first-step`)'

/** The new head, where something was committed. What cannot be begun is told once on the pull request. */
export async function startByItself(
  context: RepositoryContext,
  ends: PullEnds,
  found: Review,
): Promise<Sha | undefined> {
  const { pull, base } = ends
  const starts = ownStarts(found, pull)
  if (starts.length === 0 || isStacked(ends) || pull.author.login === context.botLogin) return undefined
  const config = await loadConfig(context, base)
  if (!config.ok || !isAutomation(pull.author.login, config.value)) return undefined
  let head = pull.head.sha
  for (const start of starts) {
    if ((await isLeftToPeople(context, ends, start)) || !(await isUpToDate(context, head, start))) continue
    const place = { pull: { ...pull, head: { ...pull.head, sha: head } }, base, config: config.value }
    head = await commitStart(context, place, start)
  }
  if (head === pull.head.sha) return undefined
  context.log.info({ pull: pull.number, head }, 'began a rollout by itself')
  await context.ask.review(pull.number, { code: 'remade', head })
  return head
}

/** The head of the branch afterwards. */
async function commitStart(context: RepositoryContext, place: Workplace, start: OwnStart): Promise<Sha> {
  const { number, head } = place.pull
  const asked = { command: start.command, login: BY_CONFIG, id: start.id, ageOf: async () => 'seen' as const }
  const done = await orRefusal(() => commitCommand(context, place, asked))
  if (done.ok && done.value.outcome.code !== 'refused') return done.value.head
  const { outcome } = done.ok ? done.value : { outcome: refused(done.error) }
  if (outcome.code === 'refused') {
    const body = ownStartNotice(start, outcome.refusal)
    await sayOnce(context, number, { marker: ownStartMarker(start.id), body })
  }
  return done.ok ? done.value.head : head.sha
}

/** What is committed to a branch from before the base branch moved the share would be in conflict with that. */
async function isUpToDate(context: RepositoryContext, head: Sha, { target, from }: OwnStart): Promise<boolean> {
  const then = await readTargetAt(context, head, target)
  return then !== undefined && standingOf(then).share === from
}

/** With `onNewVersion: ignore` a version that came while another one was rolled out waits for a person. */
async function isLeftToPeople(
  { pulls, botLogin }: Pick<RepositoryContext, 'pulls' | 'botLogin'>,
  { pull }: PullEnds,
  { target }: OwnStart,
): Promise<boolean> {
  if (target.settings.onNewVersion !== 'ignore') return false
  const since = await pulls.recent(pull.base.ref, pull.createdAt)
  return since.pulls.some((one) => isStepOf(target, one, botLogin) && (one.closedAt ?? 0) > pull.createdAt)
}
