import { CONFIG_FILE } from '../../core/config/read.ts'
import type { Review } from '../../core/gate/review.ts'
import { conflictProblem } from '../../core/problem/merge.ts'
import { noEnvironment, problemRefusal } from '../../core/refusal/unreadable.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { onlyRemoteCharts } from '../../core/rollout/find-target.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Checkout, WORK_TREE } from '../../ports/checkout.ts'
import type { Renderer } from '../../ports/renderer.ts'
import type { Schemas } from '../../ports/schemas.ts'
import type { Validators } from '../../ports/validators.ts'
import type { Worktree } from '../../ports/worktree.ts'
import { compareTrees, type TreeComparison } from '../judgement/judge-merge.ts'
import type { FileSource } from '../repository/load.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

/** An empty tree: the state before the first commit. */
const NOTHING = 'nothing'

export interface CheckoutQuestion {
  /** No commit name, one or two of them, or `a..b` or `a...b`. */
  readonly refs: readonly string[]
  /** If set, only this environment. */
  readonly environment: string | undefined
  /** All environments, or only those that differ. */
  readonly scope: 'all' | 'touched'
}

export interface CheckoutReview {
  /**
   * `base`: the commit before the change, undefined if there is none. `head`: the commit after it, undefined for the working
   * tree.
   */
  readonly base: Sha | undefined
  readonly head: Sha | undefined
  /** The environments that were compared. */
  readonly environments: readonly string[]
  readonly review: Review
}

interface Needs {
  readonly renderer: Renderer
  readonly schemas: Schemas
  readonly validators: Validators
}

/**
 * Reviews the change between two commits of a checkout, or between a commit and the working tree. Arguments are those of `git
 * diff`: none compares HEAD with the working tree, `a` compares a with the working tree, `a b` and `a..b` compare a with b, and
 * `a...b` is what merging b into a changes.
 */
export async function reviewCheckout(
  { checkout, ...context }: Needs & { readonly checkout: Checkout },
  question: CheckoutQuestion,
): Promise<Result<CheckoutReview, Refusal>> {
  const ends = await endsOf(checkout, question.refs)
  if (!ends.ok) return ends
  const { base, head, tree } = ends.value
  const differing = base === undefined ? [] : await checkout.changed(base, tree)
  const isWhole = question.scope === 'all' || base === undefined
  const config = base === undefined ? { config: tree } : {}
  const between = {
    base: base ?? NOTHING,
    head: tree,
    changed: isWhole ? ('all' as const) : differing,
    differing,
    only: question.environment,
    readsTouchedOnly: true,
    // The person who runs the command has configured the server.
    maySend: true,
    ...config,
  }
  const mirror = orNothing(checkout)
  const compared = await compareTrees({ ...context, mirror }, between)
  if (isEmpty(compared) && base !== undefined && (await hasNewConfig(mirror, { base, tree })))
    return err({ code: 'nothing-found', hasNewConfig: true })
  return answer(compared, { base, head }, question)
}

/** Whether the newer side has a config, and the older side, whose config counts, has none. */
async function hasNewConfig(
  mirror: FileSource['mirror'],
  { base, tree }: { readonly base: Sha; readonly tree: Sha },
): Promise<boolean> {
  const hasConfig = async (treeish: Sha): Promise<boolean> =>
    (await mirror.read(treeish, [CONFIG_FILE])).has(CONFIG_FILE)
  return !(await hasConfig(base)) && hasConfig(tree)
}

function isEmpty({ review, known }: TreeComparison): boolean {
  return known?.length === 0 && review.problems.length === 0
}

/** The same for a folder outside of git: its current files, and nothing before them. */
export async function reviewFolder(
  { worktree, ...context }: Needs & { readonly worktree: Worktree },
  question: Omit<CheckoutQuestion, 'refs' | 'scope'>,
): Promise<Result<CheckoutReview, Refusal>> {
  const only = question.environment
  const between = { base: NOTHING, head: WORK_TREE, changed: 'all', only, maySend: true } as const
  const compared = await compareTrees({ ...context, mirror: orNothing(worktree) }, { ...between, config: WORK_TREE })
  return answer(compared, { base: undefined, head: undefined }, question)
}

function answer(
  compared: TreeComparison,
  ends: Pick<CheckoutReview, 'base' | 'head'>,
  { environment }: Pick<CheckoutQuestion, 'environment'>,
): Result<CheckoutReview, Refusal> {
  const { review, names, known, sides } = compared
  if (isEmpty(compared))
    return err(sides === undefined ? { code: 'nothing-found' } : noEnvironment(sides.after.snapshot))
  if (environment !== undefined && known !== undefined && !known.includes(environment))
    return err({ code: 'no-environment', asked: environment, known })
  const refusal = sides === undefined ? undefined : onlyRemoteCharts(sides.after.snapshot)
  return refusal === undefined ? ok({ ...ends, environments: names, review }) : err(refusal)
}

function orNothing({ entries, read }: FileSource['mirror']): FileSource['mirror'] {
  return {
    entries: async (treeish) => (treeish === NOTHING ? [] : entries(treeish)),
    read: async (treeish, paths, keeps) => (treeish === NOTHING ? new Map() : read(treeish, paths, keeps)),
  }
}

interface ComparedTrees extends Pick<CheckoutReview, 'base' | 'head'> {
  /** The state after the change: a commit, the tree of a trial merge, or the working tree. */
  readonly tree: Sha
}

async function endsOf(checkout: Checkout, refs: readonly string[]): Promise<Result<ComparedTrees, Refusal>> {
  const { names, isMerge } = namesIn(refs)
  const shas: Sha[] = []
  for (const name of names) {
    const sha = await checkout.resolve(name)
    if (sha === undefined) return err({ code: 'no-such-commit', name })
    shas.push(sha)
  }
  const [base, head] = shas
  // In a repository without commits, all files are new.
  if (base === undefined) return ok({ base: await checkout.resolve('HEAD'), head: undefined, tree: WORK_TREE })
  if (head === undefined) return ok({ base, head, tree: WORK_TREE })
  if (!isMerge) return ok({ base, head, tree: head })
  const merged = await checkout.merge(base, head)
  if ('tree' in merged) return ok({ base, head, tree: merged.tree })
  return err(problemRefusal(conflictProblem(merged.conflicts)))
}

function namesIn(refs: readonly string[]): { readonly names: readonly string[]; readonly isMerge: boolean } {
  const [first = '', ...more] = refs
  const range = more.length === 0 ? /(.*?)(\.{2,3})(.*)/.exec(first) : null
  if (range === null) return { names: refs, isMerge: false }
  const [, from = '', dots, to = ''] = range
  return { names: [from === '' ? 'HEAD' : from, to === '' ? 'HEAD' : to], isMerge: dots === '...' }
}
