/** Starts the rollout of a version that automation brings, with a commit to its pull request. The gate holds it like any other raise. */
import { branchRef } from '../../core/branch-ref.ts'
import { isAutomation, type OwnStart, ownStarts } from '../../core/arrival/automation.ts'
import type { Review } from '../../core/gate/review.ts'
import { ownStartNotice } from '../../core/message/comment/notice.ts'
import { ownStartMarker } from '../../core/marker/comment.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { refused } from '../../core/command/outcome.ts'
import { commitCommand, type Workplace } from '../commands/handlers/commit-command.ts'
import { orRefusal, sayOnce } from '../repository/github-refusals.ts'
import { loadConfig } from '../repository/load.ts'
import { isStacked, pullAt, type PullEnds } from '../repository/pull-ends.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { isForPeople } from './decided-before.ts'

/** The author of the request in the commit message, in place of a person. */
const BY_CONFIG = 'the config (`start: first-step`)'

/** The new head, if something was committed. If a rollout cannot start, Perch says so once on the pull request. */
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
    if (await isForPeople(context, pull, start.target)) continue
    const place = { pull: pullAt(pull, head), base, config: config.value }
    const now = await commitStart(context, place, start)
    // The next start is committed on top of this one.
    if (now !== head) await context.mirror.fetch([branchRef(pull.head.ref)])
    head = now
  }
  if (head === pull.head.sha) return undefined
  context.log.info({ pull: pull.number, head }, 'began a rollout by itself')
  await context.ask.review(pull.number, { code: 'remade', head })
  return head
}

/** Returns the branch's head after the commit. */
async function commitStart(context: RepositoryContext, place: Workplace, start: OwnStart): Promise<Sha> {
  const { number, head } = place.pull
  const asked = { command: start.command, login: BY_CONFIG, id: start.id, ageOf: async () => 'seen' as const }
  const done = await orRefusal(() => commitCommand(context, place, asked))
  if (done.ok && done.value.outcome.code !== 'refused') return done.value.head
  const { outcome } = done.ok ? done.value : { outcome: refused(done.error) }
  // If the base branch has moved the share since the branch was made, the start waits until someone updates the branch.
  if (outcome.code === 'refused' && outcome.refusal.code !== 'branch-behind') {
    const body = ownStartNotice(start, outcome.refusal)
    await sayOnce(context, number, { marker: ownStartMarker(start.id), body })
  }
  return done.ok ? done.value.head : head.sha
}
