import type { BranchProtection } from '../../core/gate/protection.ts'
import type { Protections } from '../../ports/github/protections.ts'
import { at, type Client, request } from './client/client.ts'
import { BranchAnswer, RuleAnswer } from './schema.ts'

/**
 * GitHub answers 403 for a private repository on a plan without rulesets. Older versions of GitHub Enterprise Server answer 404.
 */
const HIDDEN = { expected: [403, 404] } as const

/** One page. If there are more rules, we do not know what the others say. */
const MAX_RULES = 100

/**
 * Reads classic protection and rulesets. An App without administration rights sees only the required checks of both and, of
 * rulesets, whether branches must be up to date. GitHub's answer about a branch contains the checks of both.
 */
export function protections(client: Client): Protections {
  return {
    async of(branch) {
      const params = { ...at(client), branch }
      const { data } = await request(client, 'GET /repos/{owner}/{repo}/branches/{branch}', { params, ...HIDDEN })
      if (data === undefined) return undefined
      const rules = await request(client, 'GET /repos/{owner}/{repo}/rules/branches/{branch}', {
        params: { ...params, per_page: MAX_RULES, page: 1 },
        ...HIDDEN,
      })
      if (!Array.isArray(rules.data) || rules.data.length === MAX_RULES) return undefined
      const required = BranchAnswer.parse(data).protection?.required_status_checks
      return protectionOf(required, rules.data, client.app.appId)
    },
  }
}

type Classic = NonNullable<ReturnType<typeof BranchAnswer.parse>['protection']>['required_status_checks']

function protectionOf(classic: Classic, answers: readonly unknown[], appId: number): BranchProtection {
  const rules = answers.map((answer) => RuleAnswer.parse(answer))
  const ruled = rules.flatMap(({ type, parameters }) => (type === 'required_status_checks' ? [parameters ?? {}] : []))
  const isStrict = ruled.some((parameters) => parameters.strict_required_status_checks_policy === true)
  const isClassic = (classic?.checks ?? []).length > 0
  const required = [
    ...(classic?.checks ?? []).map(({ context, app_id }) => ({ name: context, by: app_id })),
    ...ruled
      .flatMap(({ required_status_checks: checks = [] }) => checks)
      .map(({ context, integration_id }) => ({ name: context, by: integration_id })),
  ]
  return {
    checks: required.map(({ name, by }) => ({ name, isOurs: by === appId })),
    // GitHub shows this part of classic protection only to administrators.
    isUpToDate: isStrict ? true : isClassic ? (classic?.strict ?? undefined) : false,
    hasQueue: rules.some(({ type }) => type === 'merge_queue'),
    sparesAdmins: classic?.enforcement_level === 'non_admins',
  }
}
