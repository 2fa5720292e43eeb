/** The merge queue, one group at a time. https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository/configuring-pull-request-merges/managing-a-merge-queue */
import { merge } from '../git/history.ts'
import { writeCommitOf } from '../git/objects.ts'
import { simpleCommit } from '../payload/commits.ts'
import { webFlow } from '../state/authors.ts'
import { Refusal } from '../state/refusal.ts'
import type { Author, Pull, QueueEntry, Repository } from '../state/types.ts'
import type { Json, World } from '../state/world.ts'
import { markMerged } from './pull-state.ts'
import { moveRef } from './refs.ts'

export interface MergeGroup {
  readonly repo: Repository
  readonly entries: readonly QueueEntry[]
  readonly ref: string
  readonly baseRef: string
  readonly baseSha: string
  readonly sha: string
}

/** Builds the group's commit on a read-only branch and asks for its checks. */
export function formGroup(world: World, pulls: readonly Pull[], by: Author): MergeGroup {
  const [first] = pulls
  const last = pulls.at(-1)
  if (first === undefined || last === undefined) throw new Error('A merge group needs a pull request.')
  const { repo, base } = first
  const entries = pulls.reduce<readonly QueueEntry[]>((before, pull) => {
    const onto = before.at(-1)?.sha ?? base.sha
    const sha = joined(world, onto, pull)
    return [...before, { id: world.nextId(), pull, by: by.account, at: world.now(), onto, sha }]
  }, [])
  const sha = entries.at(-1)?.sha ?? base.sha
  repo.queue.push(...entries)
  const ref = `refs/heads/gh-readonly-queue/${base.ref}/pr-${String(last.number)}-${base.sha}`
  const group: MergeGroup = { repo, entries, ref, baseRef: `refs/heads/${base.ref}`, baseSha: base.sha, sha }
  moveRef(world, { repo, ref, to: sha, by })
  announce(world, group, { action: 'checks_requested', by })
  return group
}

function joined(world: World, onto: string, pull: Pull): string {
  const { bare, signed } = pull.repo
  const outcome = merge(bare, onto, pull.head.sha)
  if (outcome === 'conflict') throw new Refusal(405, 'Pull Request is not mergeable')
  const author = webFlow(world.now())
  const message = `Merge pull request #${String(pull.number)} from ${pull.head.repo.owner.login}/${pull.head.ref}`
  const parents = [onto, pull.head.sha]
  const sha = writeCommitOf(bare, { tree: outcome.tree, parents, author, committer: author, message })
  signed.add(sha)
  return sha
}

/** All required checks passed: the base moves to the group's commit. */
export function mergeGroup(world: World, group: MergeGroup, by: Author): void {
  const { repo, entries, baseRef, sha } = group
  for (const { pull } of entries) markMerged(world, pull, { sha, by: by.account })
  moveRef(world, { repo, ref: baseRef, to: sha, by, type: 'merge_queue_merge' })
  endGroup(world, group, { by, reason: 'merged' })
}

export function endGroup(
  world: World,
  group: MergeGroup,
  end: { by: Author; reason: 'merged' | 'invalidated' | 'dequeued' },
): void {
  const { queue } = group.repo
  const left = queue.filter((entry) => !group.entries.includes(entry))
  queue.splice(0, queue.length, ...left)
  announce(world, group, { action: 'destroyed', by: end.by, reason: end.reason })
  moveRef(world, { repo: group.repo, ref: group.ref, to: undefined, by: end.by })
}

function announce(world: World, group: MergeGroup, news: { action: string; by: Author; reason?: string }): void {
  const payload = (): Json => ({
    merge_group: {
      head_sha: group.sha,
      head_ref: group.ref,
      base_sha: group.baseSha,
      base_ref: group.baseRef,
      head_commit: simpleCommit(group.repo, group.sha),
    },
    ...(news.reason === undefined ? {} : { reason: news.reason }),
  })
  const { account } = news.by
  world.happened({ event: 'merge_group', action: news.action, repo: group.repo, sender: account, payload })
}
