/** Finds the pull requests in a merge group, and what each of them changes. */
import { imageChanges } from '../../core/arrival/image-changes.ts'
import { type GroupPart } from '../../core/gate/queue.ts'
import { environmentsTouched } from '../../core/environment/environment.ts'
import type { Config } from '../../core/config/schema.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { snapshotAsBase } from '../../core/rollout/as-base.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { standingOf, stepKey, sureShare } from '../../core/rollout/standing.ts'
import { movedRoutes, sameRollouts, type Target } from '../../core/rollout/target.ts'
import type { QueuedPull } from '../../ports/github/merge-queue.ts'
import { targetObjectsAt } from '../measure/objects-at.ts'
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

interface CommitRead {
  readonly sha: Sha
  readonly snapshot: Snapshot
}

/** A part with the commits before and after it. */
interface ReadPart extends GroupPart {
  readonly before: CommitRead
  readonly after: CommitRead
}

export interface GroupParts {
  readonly base: GroupPart['routes']
  readonly parts: readonly ReadPart[]
}

type Needs = FileSource & Pick<RepositoryContext, 'mirror' | 'renderer'>

/** What each member, and each commit without a member, changes in the rollouts of the base branch. */
export async function partsOf(
  context: Needs,
  { base, commits, members }: Omit<GroupRange, 'into'> & { readonly members: readonly GroupMember[] },
  config: Config,
): Promise<GroupParts> {
  const own = await loadSnapshot(context, base, { config })
  const parts: ReadPart[] = []
  let before: CommitRead = { sha: base, snapshot: own }
  for (const sha of endsOf(commits, members)) {
    const snapshot = snapshotAsBase(own, await loadSnapshot(context, sha, { config }))
    const changed = await context.mirror.changed(before.sha, sha)
    const both = [...before.snapshot.environments, ...snapshot.environments]
    const touches = new Set(environmentsTouched(both, changed).map(({ name }) => name))
    const pull = members.find(({ at }) => at === sha)?.pull
    const name = pull === undefined ? sha.slice(0, 7) : `#${pull}`
    const after = { sha, snapshot }
    parts.push({ name, pull, routes: routesIn(snapshot), touches, before, after })
    before = after
  }
  return { base: routesIn(own), parts }
}

/**
 * The parts that give the stable version of a rollout the canary's image, so that all users get it. Labels do not show this. If an
 * environment cannot be built before or after a part, the part may do it too.
 */
export async function promotersOf(
  context: Needs,
  target: Target,
  { parts }: GroupParts,
): Promise<readonly GroupPart[]> {
  const promoters: GroupPart[] = []
  for (const part of parts) {
    const touched = target.environments.filter((name) => part.touches.has(name))
    for (const environment of touched) {
      if (promoters.includes(part) || !(await promotes(context, part, { environment, target }))) continue
      promoters.push(part)
    }
  }
  return promoters
}

async function promotes(
  context: Needs,
  part: ReadPart,
  { environment, target }: { readonly environment: string; readonly target: Target },
): Promise<boolean> {
  const here = { ...target, environments: [environment] }
  const [before, after] = [part.before, part.after].map(({ snapshot }) => sameRollouts(snapshot.targets, here)[0])
  if (before === undefined || after === undefined) return false
  const old = await targetObjectsAt(context, part.before.sha, { target: before, environment })
  const now = await targetObjectsAt(context, part.after.sha, { target: after, environment })
  if (old === undefined || now === undefined || old === 'not-seen' || now === 'not-seen') return true
  const changes = imageChanges(environment, { before: [before], after: [after] }, { before: old, after: now })
  return changes.some(({ version }) => version.role === 'stable')
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
