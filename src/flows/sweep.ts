import { branchRef } from '../core/branch-ref.ts'
import { COMMAND_LIFE_MS } from '../core/command/pending.ts'
import { isMisplaced, isStep } from '../core/rollout/branch.ts'
import type { Sha } from '../core/rollout/facts.ts'
import { STOP_REFS } from '../core/stop/stop.ts'
import { lookAtDashboard } from './dashboard/ask-dashboard.ts'
import { rememberBeginning } from './repository/command-record.ts'
import { deployedAmong } from './repository/deployed-branches.ts'
import { recallGroups } from './memory/commit-memory.ts'
import type { RepositoryContext } from './repository/repository-context.ts'
import { knownBases, recallDeployed, rememberDeployed, settledAt, watchedBases } from './memory/base-memory.ts'
import { QUEUE_REFS, queueGroups } from './repository/queue-groups.ts'
import { lookAtProtection } from './judgement/protection.ts'
import { lookAtPulls } from './review/stale.ts'
import { lookForCommands } from './commands/unanswered-commands.ts'

/** Webhooks may be minutes late, and looking a little further back than the last sweep costs nothing. */
const OVERLAP_MS = 2 * 60_000

/** Finds what no webhook reported. Costs two requests and one fetch per repository, and more work only where something is new. */
export async function sweep(context: RepositoryContext): Promise<void> {
  const { repo } = context
  const started = context.clock.now()
  const memoKey = `swept:${repo.id}`
  const last = await context.memo.get(memoKey)
  const open = await context.pulls.allOpen()
  const since =
    typeof last === 'number' ? Math.max(last - OVERLAP_MS, started - COMMAND_LIFE_MS) : started - COMMAND_LIFE_MS
  const commented = await context.conversation.since(since)

  const known = [
    ...(await recallDeployed(context)).filter((name) => !name.includes('*')),
    ...(await knownBases(context)),
  ]
  const bases = [...new Set([repo.defaultBranch, ...open.map(({ base }) => base.ref), ...known])]
  const heads = await context.mirror.fetch([...bases.map((base) => branchRef(base)), STOP_REFS, QUEUE_REFS])
  const deployed = await deployedAmong(context, heads)
  await rememberDeployed(context, deployed.names)
  for (const base of bases) {
    const head = heads.get(branchRef(base))
    if (head === undefined) continue
    // Other branches need work only while steps are open that were made when the branch was deployed, or for another branch.
    const steps = open.filter((pull) => pull.base.ref === base && isStep(pull, context.botLogin))
    const isLeft = deployed.has(base) ? steps.some(isMisplaced) : steps.length > 0
    const hasMoved = deployed.has(base) && head !== (await settledAt(context, base))
    if (isLeft || hasMoved) await context.ask.advance(base, { code: 'swept', head, at: started })
  }
  for (const base of await watchedBases(context)) await context.ask.measure(base, { code: 'swept', at: started })
  await lookAtDashboard(context, { deployed, at: started })
  await lookAtGroups(context, heads, started)
  await lookAtPulls(context, { open, heads, deployed }, started)
  await lookForCommands(context, commented)
  await rememberBeginning(
    context,
    commented.map(({ comment }) => comment),
  )
  await context.memo.set(memoKey, started)
  // Without an open pull request, there is no place to report problems.
  if (open.length > 0) await lookAtProtection(context, bases.filter(deployed.has))
}

/**
 * If the webhook of a merge group is lost, its queue waits forever, so the groups are reviewed here. Groups that change traffic
 * are judged again.
 */
async function lookAtGroups(context: RepositoryContext, refs: ReadonlyMap<string, Sha>, at: number): Promise<void> {
  const groups = queueGroups(refs)
  const known = await recallGroups(context)
  for (const group of groups) {
    if (known.get(group.head)?.traffic ?? true) await context.ask.group(group, { code: 'swept', at })
  }
  const current = new Set(groups.map(({ head }) => head))
  for (const [head, group] of known)
    if (!current.has(head)) await context.ask.group({ ...group, head }, { code: 'swept', at })
}
