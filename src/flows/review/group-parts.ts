/** Finds the pull requests in a merge group, and what each of them changes. */
import { type GroupPart } from '../../core/gate/queue.ts'
import { environmentsTouched } from '../../core/environment/environment.ts'
import type { Config } from '../../core/config/schema.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { snapshotAsBase } from '../../core/rollout/as-base.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { standingOf, stepKey, sureShare } from '../../core/rollout/standing.ts'
import { movedRoutes } from '../../core/rollout/target.ts'
import type { QueuedPull } from '../../ports/github/merge-queue.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type FileSource, loadSnapshot } from '../repository/load.ts'

export interface GroupRange {
  /** The branch that the group merges into, and its head. */
  readonly into: string
  readonly base: Sha
  /** The group's own commits along first parents, oldest first. */
  readonly commits: readonly Sha[]
}

export interface GroupMember extends QueuedPull {
  /** The commit in the group that contains it. */
  readonly at: Sha
}

/**
 * The pull requests of a group. An author can write anything into a commit message. So a pull request counts as a member only if
 * one of the group's commits is the result of merging the queued head at that point.
 */
export async function membersOf(
  context: Pick<RepositoryContext, 'mirror' | 'queue'>,
  { into, base, commits }: GroupRange,
): Promise<readonly GroupMember[]> {
  const queued = (await context.queue.waiting(into)) ?? []
  const refs = await context.mirror.fetch(queued.map(({ pull }) => pullRef(pull)))
  const members: GroupMember[] = []
  let from = base
  let rest = commits
  for (const entry of queued) {
    if (rest.length === 0) break
    if (refs.get(pullRef(entry.pull)) !== entry.head) continue
    const index = await placeOf(context, { from, rest }, entry.head)
    const at = rest[index]
    if (at === undefined) continue
    members.push({ ...entry, at })
    from = at
    rest = rest.slice(index + 1)
  }
  return members
}

function pullRef(pull: number): string {
  return `refs/pull/${pull}/head`
}

/** The index in the rest of the group at which a head was merged; -1 if it was not. */
async function placeOf(
  { mirror }: Pick<RepositoryContext, 'mirror'>,
  { from, rest }: { readonly from: Sha; readonly rest: readonly Sha[] },
  head: Sha,
): Promise<number> {
  const merged = await mirror.merge(from, head)
  if ('conflicts' in merged) return -1
  for (const [index, commit] of rest.entries())
    if ((await mirror.changed(commit, merged.tree)).length === 0) return index
  return -1
}

/** What each member, and each commit without a member, changes in the rollouts of the base branch. */
export async function partsOf(
  context: FileSource & Pick<RepositoryContext, 'mirror' | 'renderer'>,
  { base, commits, members }: Omit<GroupRange, 'into'> & { readonly members: readonly GroupMember[] },
  config: Config,
): Promise<{ readonly base: GroupPart['routes']; readonly parts: readonly GroupPart[] }> {
  const own = await loadSnapshot(context, base, { config })
  const parts: GroupPart[] = []
  let before = { sha: base, snapshot: own }
  for (const sha of endsOf(commits, members)) {
    const snapshot = snapshotAsBase(own, await loadSnapshot(context, sha, { config }))
    const changed = await context.mirror.changed(before.sha, sha)
    const both = [...before.snapshot.environments, ...snapshot.environments]
    const touches = new Set(environmentsTouched(both, changed).map(({ name }) => name))
    const pull = members.find(({ at }) => at === sha)?.pull
    const name = pull === undefined ? sha.slice(0, 7) : `#${pull}`
    parts.push({ name, pull, routes: routesIn(snapshot), touches })
    before = { sha, snapshot }
  }
  return { base: routesIn(own), parts }
}

/** The last commit of each part. A rebased member has several commits. */
function endsOf(commits: readonly Sha[], members: readonly GroupMember[]): readonly Sha[] {
  const ends = members.map(({ at }) => commits.indexOf(at))
  const last = Math.max(-1, ...ends)
  return commits.filter((_, index) => index > last || ends.includes(index))
}

function routesIn({ targets }: Snapshot): GroupPart['routes'] {
  const states = targets.flatMap((target) => {
    const standing = standingOf(target)
    const { versions } = standing
    const state = { share: sureShare(standing), stable: versions?.stable, key: stepKey(standing) }
    return movedRoutes(target).map((route) => [route, state] as const)
  })
  return new Map(states)
}
