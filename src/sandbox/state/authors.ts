/** The author and committer of commits that GitHub makes. */
import type { Signature } from '../git/objects.ts'
import type { Account } from './types.ts'

/** The committer of every commit that GitHub makes and signs itself. */
export function webFlow(at: number): Signature {
  return { name: 'GitHub', email: 'noreply@github.com', at }
}

export function signatureOf(account: Account, at: number): Signature {
  return { name: account.login, email: emailOf(account), at }
}

export function emailOf(account: Account): string {
  return `${String(account.id)}+${account.login}@users.noreply.github.com`
}
