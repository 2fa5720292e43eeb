import type { CheckName } from '../rollout/facts.ts'

/** What GitHub requires before something is merged into a branch, as far as this App may see it. */
export interface BranchProtection {
  /** `isOurs`: only this App's check counts. */
  readonly checks: readonly { readonly name: string; readonly isOurs: boolean }[]
  /** Undefined where GitHub does not say. */
  readonly isUpToDate: boolean | undefined
  readonly hasQueue: boolean
  /** Administrators may merge without. */
  readonly sparesAdmins: boolean
}

export type ProtectionGap =
  | { readonly code: 'not-required' | 'not-ours'; readonly check: CheckName }
  | { readonly code: 'spares-admins' | 'not-up-to-date' }

/** Where the protection of a branch is weaker than Perch's promises need. What GitHub does not say does not count as a gap. */
export function protectionGaps(protection: BranchProtection): readonly ProtectionGap[] {
  const { checks, isUpToDate, hasQueue, sparesAdmins } = protection
  const gaps = (['canary/validate', 'canary/gate'] as const).flatMap((check): ProtectionGap[] => {
    const required = checks.filter(({ name }) => name === check)
    if (required.length === 0) return [{ code: 'not-required', check }]
    return required.some(({ isOurs }) => isOurs) ? [] : [{ code: 'not-ours', check }]
  })
  return [
    ...gaps,
    ...(sparesAdmins ? [{ code: 'spares-admins' } as const] : []),
    ...(isUpToDate === false && !hasQueue ? [{ code: 'not-up-to-date' } as const] : []),
  ]
}
