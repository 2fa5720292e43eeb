import { branchRef } from '../branch-ref.ts'
import type { PullRequest } from '../rollout/facts.ts'
import { branchPart } from '../rollout/branch.ts'
import type { PromotionFlow } from './promotion.ts'

const PREFIX = 'promote/'

/**
 * `promote/<from>/<to>`, or `promote/@<base>/…` for a base other than the default branch. For a promotion of one service, its
 * name comes last.
 */
export function promotionBranch(
  { ref, isDefault }: Pick<PullRequest['base'], 'ref' | 'isDefault'>,
  { from, to, service }: PromotionFlow,
): string {
  const parts = [from, to, ...(service === undefined ? [] : [service])].map(branchPart)
  return `${PREFIX}${isDefault ? '' : `@${branchPart(ref)}/`}${parts.join('/')}`
}

/** The branches of all promotions, for a fetch. */
export const PROMOTION_REFS = branchRef(`${PREFIX}*`)

/** Whether a branch is named like a promotion's. */
export function isPromotionBranch(ref: string): boolean {
  return ref.startsWith(PREFIX)
}

/** Whether Perch opened this pull request to carry configuration. Others may have pushed to its branch since. */
export function isPromotion(
  {
    head,
    author,
  }: { readonly head: Pick<PullRequest['head'], 'ref' | 'isFork'>; readonly author: { readonly login: string } },
  botLogin: string,
): boolean {
  return !head.isFork && author.login === botLogin && isPromotionBranch(head.ref)
}

/** The environments and the service of a promotion branch. Undefined if one of the environments no longer exists. */
export function flowOf(
  branch: string,
  environments: readonly string[],
  services: readonly string[],
): PromotionFlow | undefined {
  const parts = branch.slice(PREFIX.length).split('/')
  const [from, to, service, ...more] = parts[0]?.startsWith('@') === true ? parts.slice(1) : parts
  const named = (part: string | undefined, names: readonly string[]): string | undefined =>
    names.find((name) => branchPart(name) === part)
  const flow = { from: named(from, environments), to: named(to, environments) }
  if (flow.from === undefined || flow.to === undefined || more.length > 0) return undefined
  const known = service === undefined ? undefined : (named(service, services) ?? service)
  return { from: flow.from, to: flow.to, service: known }
}

export const PROMOTION_LABEL = 'promotion'
