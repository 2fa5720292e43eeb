/** Changes the state of a pull request. Each change has its event. */
import { accountPayload } from '../payload/accounts.ts'
import { pullPayload } from '../payload/pulls.ts'
import { labelPayload } from '../payload/labels.ts'
import type { Account, Label, Pull } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'

/** Announces something about a pull request. `extra`: fields of this action only. */
export function announcePull(world: World, pull: Pull, news: { action: string; by: Account; extra?: Json }): void {
  const payload = (): Json => ({
    number: pull.number,
    pull_request: pullPayload(world, pull, news.action),
    ...news.extra,
  })
  world.happened({ event: 'pull_request', action: news.action, repo: pull.repo, sender: news.by, payload })
}

export function synchronize(
  world: World,
  pull: Pull,
  move: { from: string | undefined; to: string | undefined; by: { account: Account } },
): void {
  const before = pull.head.sha
  pull.head.sha = move.to ?? before
  pull.updatedAt = world.now()
  announcePull(world, pull, {
    action: 'synchronize',
    by: move.by.account,
    extra: { before, after: pull.head.sha },
  })
}

export function followBase(world: World, pull: Pull, sha: string): void {
  pull.base.sha = sha
  pull.updatedAt = world.now()
}

export function closePull(world: World, pull: Pull, by: Account): void {
  pull.state = 'closed'
  pull.closedAt = pull.updatedAt = world.now()
  announcePull(world, pull, { action: 'closed', by })
}

export function markMerged(world: World, pull: Pull, merge: { sha: string; by: Account }): void {
  pull.merged = { at: world.now(), ...merge }
  closePull(world, pull, merge.by)
}

export function addLabels(world: World, pull: Pull, change: { labels: readonly Label[]; by: Account }): void {
  for (const label of change.labels) {
    if (pull.labels.includes(label)) continue
    pull.labels = [...pull.labels, label]
    pull.updatedAt = world.now()
    announcePull(world, pull, {
      action: 'labeled',
      by: change.by,
      extra: { label: labelPayload(world, pull.repo, label) },
    })
  }
}

export function removeLabel(world: World, pull: Pull, change: { label: Label; by: Account }): void {
  pull.labels = pull.labels.filter((label) => label !== change.label)
  pull.updatedAt = world.now()
  const extra = { label: labelPayload(world, pull.repo, change.label) }
  announcePull(world, pull, { action: 'unlabeled', by: change.by, extra })
}

/** Replaces the assignees. */
export function assign(world: World, pull: Pull, change: { accounts: readonly Account[]; by: Account }): void {
  const before = pull.assignees
  pull.assignees = [...change.accounts]
  pull.updatedAt = world.now()
  const announce = (action: string, accounts: readonly Account[]): void => {
    for (const account of accounts)
      announcePull(world, pull, { action, by: change.by, extra: { assignee: accountPayload(world, account) } })
  }
  announce(
    'unassigned',
    before.filter((account) => !change.accounts.includes(account)),
  )
  announce(
    'assigned',
    change.accounts.filter((account) => !before.includes(account)),
  )
}
