/**
 * Proposes a config to a repository that Perch was installed on, as a pull request. This happens once, and only if there is a
 * rollout.
 */
import { CONFIG_FILE } from '../../core/config/read.ts'
import { onboardingBody, onboardingCommit, ONBOARDING_TITLE } from '../../core/message/onboarding/pull-request.ts'
import { rolloutsIn, unnamedIn } from '../../core/message/onboarding/proposed-config.ts'
import { ONBOARDING_BRANCH } from '../../core/marker/onboarding-branch.ts'
import { proposeConfig } from '../making/propose-config.ts'
import { fetchHead } from '../repository/history.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type ChangeNeeds, openChange } from '../rollout/open-change.ts'

type Needs = ChangeNeeds & Pick<RepositoryContext, 'renderer' | 'known'>

export async function onboard(context: Needs): Promise<void> {
  const { mirror, pulls, repo, botLogin, log } = context
  const ref = repo.defaultBranch
  const sha = await fetchHead(context, ref)
  // Nothing has been pushed yet.
  if (sha === undefined) return
  if ((await mirror.entries(sha)).some(({ path }) => path === CONFIG_FILE)) return
  const proposal = await proposeConfig(context, sha)
  // Only a person knows whether somebody deploys a chart, so a chart alone is no reason to ask.
  if (!proposal.ok || rolloutsIn(proposal.value.snapshot).length + unnamedIn(proposal.value.snapshot).length === 0)
    return
  // An open one already exists. A closed one was a refusal. A merged one was a config that someone has removed since.
  if ((await pulls.from(ONBOARDING_BRANCH)).some(({ author }) => author.login === botLogin)) return
  const opened = await openChange(
    context,
    { ref, sha },
    {
      branch: ONBOARDING_BRANCH,
      title: ONBOARDING_TITLE,
      body: onboardingBody(proposal.value),
      commit: onboardingCommit(),
      labels: [],
      files: new Map([[CONFIG_FILE, proposal.value.text]]),
    },
  )
  if (!opened.ok) log.info({ branch: ONBOARDING_BRANCH, why: opened.error.code }, 'opened no onboarding pull request')
}
