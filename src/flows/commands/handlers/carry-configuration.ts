import { type Outcome, refused } from '../../../core/command/outcome.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { Refusal } from '../../../core/refusal/refusal.ts'
import { preparePromotion } from '../../making/prepare-promotion.ts'
import { openPromotion, type PromotionSite } from '../../promotion/open-promotion.ts'
import { loadSnapshot } from '../../repository/load.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { CommandRequest } from './command-request.ts'
import { configAt } from './subject.ts'

/** Opens a promotion pull request, or shows what it would do. */
export async function carryConfiguration(
  context: RepositoryContext,
  { command, subject, by }: CommandRequest<'carry'>,
): Promise<Outcome> {
  const site = await siteOf(context, subject)
  if (!site.ok) return refused(site.error)
  const { from, to, service, dryRun } = command
  const flow = { from, to, service }
  if (dryRun) {
    const made = await preparePromotion(context, { treeish: site.value.sha, snapshot: site.value.snapshot }, flow)
    return made.ok ? { code: 'previewed', promotion: made.value } : refused(made.error)
  }
  const opened = await openPromotion(context, site.value, {
    flow,
    asked: { login: by.login, pull: subject.pull.number },
  })
  return opened.ok ? { code: 'proposed', title: opened.value.title, pull: opened.value.number } : refused(opened.error)
}

/** The base branch, because changes in an open pull request are promoted only after its merge. */
async function siteOf(
  context: RepositoryContext,
  subject: CommandRequest<'carry'>['subject'],
): Promise<Result<PromotionSite, Refusal>> {
  if (subject.on === 'base') return ok(subject.base)
  const config = await configAt(context, subject)
  if (!config.ok) return err(config.error)
  const snapshot = await loadSnapshot(context, subject.base, { config: config.value })
  return ok({ ref: subject.judgedFor, sha: subject.base, snapshot })
}
