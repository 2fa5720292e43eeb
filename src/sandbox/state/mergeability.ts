/** Whether a pull request may be merged: conflicts, and the requirements of branch protection. */
import { isAncestor, merge } from '../git/history.ts'
import { writeCommitOf } from '../git/objects.ts'
import { once } from '../git/run.ts'
import { isStrict, requiredChecks } from '../model/rules.ts'
import { webFlow } from './authors.ts'
import { writeRefs } from './refs.ts'
import { latestRuns, latestStatuses } from './results.ts'
import type { Pull, Repository, RequiredCheck } from './types.ts'
import type { World } from './world.ts'

export interface Mergeability {
  readonly mergeable: boolean | null
  readonly state: 'clean' | 'dirty' | 'blocked' | 'behind' | 'unstable' | 'draft' | 'unknown'
  /** The tree of the merge. Undefined if there is a conflict, or if it is not known yet. */
  readonly tree: string | undefined
}

const UNKNOWN: Mergeability = { mergeable: null, state: 'unknown', tree: undefined }

export function mergeability(world: World, pull: Pull): Mergeability {
  if (pull.state === 'closed') return UNKNOWN
  const { bare } = pull.repo
  const asked = `asked ${String(pull.number)} ${pull.base.sha} ${pull.head.sha}`
  if (world.slowMergeability && !bare.memo.has(asked)) {
    bare.memo.set(asked, true)
    return UNKNOWN
  }
  const outcome = merge(bare, pull.base.sha, pull.head.sha)
  if (outcome === 'conflict') return { mergeable: false, state: 'dirty', tree: undefined }
  return { mergeable: true, state: stateOf(pull), tree: outcome.tree }
}

function stateOf(pull: Pull): Mergeability['state'] {
  if (pull.draft) return 'draft'
  if (isStrict(pull.repo, pull.base.ref) && !isAncestor(pull.repo.bare, pull.base.sha, pull.head.sha)) return 'behind'
  if (unmetChecks(pull).length > 0) return 'blocked'
  const hasTrouble =
    latestRuns(pull.repo, pull.head.sha).some((run) => !passes(run.conclusion)) ||
    latestStatuses(pull.repo, pull.head.sha).some((status) => status.state !== 'success')
  return hasTrouble ? 'unstable' : 'clean'
}

/** The commit of the merge, stored at `refs/pull/N/merge`. */
export function testMerge(world: World, pull: Pull, tree: string): string {
  const { base, head, repo, number } = pull
  const sha = once(repo.bare, `test merge ${base.sha} ${head.sha}`, () => {
    const committer = webFlow(world.now())
    const message = `Merge ${head.sha} into ${base.sha}`
    return writeCommitOf(repo.bare, { tree, parents: [base.sha, head.sha], author: committer, committer, message })
  })
  const ref = `refs/pull/${String(number)}/merge`
  if (repo.refs.get(ref) !== sha) writeRefs(repo, [{ ref, to: sha }])
  return sha
}

export interface UnmetCheck {
  readonly context: string
  readonly why: 'expected' | 'pending' | 'failing'
}

/** The required checks that do not pass on the head commit. A check that was never reported is "expected". */
export function unmetChecks(pull: Pull): UnmetCheck[] {
  const required = requiredChecks(pull.repo, pull.base.ref)
  return required.flatMap((check) => {
    const why = whyUnmet(pull.repo, pull.head.sha, check)
    return why === undefined ? [] : [{ context: check.context, why }]
  })
}

/**
 * If a check run and a status have the required name, both must pass. So must the runs of several Apps, unless one App is named.
 */
function whyUnmet(repo: Repository, sha: string, check: RequiredCheck): UnmetCheck['why'] | undefined {
  const runs = latestRuns(repo, sha).filter((run) => run.name === check.context)
  const wanted = check.appId === undefined ? runs : runs.filter((run) => run.app.id === check.appId)
  const statuses = latestStatuses(repo, sha).filter((status) => status.context === check.context)
  const states = [
    ...wanted.map((run) => (run.status === 'completed' ? (passes(run.conclusion) ? 'ok' : 'failing') : 'pending')),
    ...(check.appId === undefined ? statuses.map(({ state }) => STATUS_AS[state]) : []),
  ]
  if (states.length === 0) return 'expected'
  if (states.includes('failing')) return 'failing'
  return states.includes('pending') ? 'pending' : undefined
}

const STATUS_AS = { success: 'ok', pending: 'pending', failure: 'failing', error: 'failing' } as const

/** `skipped` and `neutral` satisfy a required check. https://docs.github.com/pull-requests/collaborating-with-pull-requests/collaborating-on-repositories-with-code-quality-features/about-status-checks */
function passes(conclusion: string | null): boolean {
  return conclusion === 'success' || conclusion === 'neutral' || conclusion === 'skipped'
}
