import type { CheckName } from '../rollout/facts.ts'

/** What GitHub requires before a merge into a branch, as far as this App can see. */
export interface BranchProtection {
  /** `isOurs`: only this App's check counts. */
  readonly checks: readonly { readonly name: string; readonly isOurs: boolean }[]
  /** Undefined if GitHub does not say. */
  readonly isUpToDate: boolean | undefined
  readonly hasQueue: boolean
  /** Administrators may merge without the requirements. */
  readonly sparesAdmins: boolean
}

export type ProtectionGap =
  | { readonly code: 'not-required' | 'not-ours'; readonly check: CheckName }
  | { readonly code: 'spares-admins' | 'not-up-to-date' }

/** Where the protection of a branch is too weak for Perch's promises. Unknown settings do not count as gaps. */
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
