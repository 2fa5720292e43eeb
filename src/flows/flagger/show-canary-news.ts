import { isOfRollout, newsKey } from '../../core/flagger/canary-news.ts'
import { canaryCheckWords, supersededWords } from '../../core/message/flagger/news.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { CanaryCheck } from '../../ports/github/canary-checks.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallMissing } from '../stop/approval-memory.ts'
import { recallCanaryNews, recallShown, rememberShown, type ShownNews } from '../stop/canary-memory.ts'
import { versionPull } from './version-pull.ts'
import type { TargetName } from '../../core/rollout/target.ts'
import { deployedCanaries } from './read-canaries.ts'

type Needs = Pick<
  RepositoryContext,
  'mirror' | 'renderer' | 'known' | 'repo' | 'memo' | 'clock' | 'pulls' | 'canaryChecks' | 'log'
>

/**
 * Shows Flagger's latest report about a rollout as a check run on the pull request that brought its version. Perch looks for that pull request
 * once per rollout of Flagger, and calls GitHub only if the check changes.
 */
export async function showCanaryNews(context: Needs, rollout: TargetName): Promise<void> {
  const { memo, repo } = context
  const news = await recallCanaryNews(memo, repo, rollout)
  if (news === undefined || !isOfRollout(news)) return
  const known = await recallShown(memo, repo, rollout)
  const shown = known?.began === news.began ? known : await begin(context, rollout, { began: news.began, known })
  if (shown.pull === undefined) return
  const missing = await recallMissing(context, rollout)
  const check = { name: nameOf(rollout), ...canaryCheckWords(rollout, news, missing) }
  const said = `${newsKey(news)} ${JSON.stringify(missing)}`
  const isOver = check.conclusion !== undefined
  // GitHub does not reopen a completed check.
  if (shown.check?.said === said || (shown.check?.isOver === true && !isOver)) return
  const id = await write(context, shown.pull.head, { check, known: shown.check })
  await rememberShown(context, rollout, { ...shown, check: { id, said, isOver } })
}

function nameOf(rollout: TargetName): string {
  return `canary/flagger/${rollout}`
}

/** Creates or updates the check on a commit, and returns its id. */
async function write(
  { canaryChecks }: Pick<Needs, 'canaryChecks'>,
  head: Sha,
  { check, known }: { readonly check: CanaryCheck; readonly known: ShownNews['check'] },
): Promise<number> {
  const found = known ?? (await canaryChecks.find(head, check.name))
  if (found === undefined || (found.isOver && check.conclusion === undefined)) return canaryChecks.create(head, check)
  await canaryChecks.update(found.id, check)
  return found.id
}

/**
 * Called when a rollout of Flagger begins: finds the pull request to show it on, and completes an open check of the previous
 * rollout elsewhere.
 */
async function begin(
  context: Needs,
  rollout: TargetName,
  { began, known }: { readonly began: number; readonly known: ShownNews | undefined },
): Promise<ShownNews> {
  const pull = await pullOf(context, rollout)
  const isElsewhere = known?.pull?.head !== pull?.head
  if (known?.check?.isOver === false && isElsewhere) {
    const check = { name: nameOf(rollout), ...supersededWords(rollout) }
    await context.canaryChecks.update(known.check.id, check)
  }
  const shown = { began, ...(pull === undefined ? {} : { pull }) }
  await rememberShown(context, rollout, shown)
  return shown
}

async function pullOf(context: Needs, rollout: TargetName): Promise<ShownNews['pull']> {
  const canaries = await deployedCanaries(context, rollout)
  const [canary] = canaries
  if (canary === undefined || canaries.length > 1) return undefined
  const brought = await versionPull(context, canary)
  context.log.debug({ rollout, pull: brought?.pull.number }, 'looked for the pull request that brought a version')
  return brought && { number: brought.pull.number, head: brought.pull.head.sha }
}
