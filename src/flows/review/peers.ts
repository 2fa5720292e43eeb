import type { CheckSubject, Sha } from '../../core/rollout/facts.ts'
import { forgetPeer, pullsWithHead } from '../memory/commit-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type PullEnds, fetchEnds } from '../repository/pull-ends.ts'

export interface PeerQuestion {
  readonly ends: PullEnds
  /** The pull requests that the commit's checks name, if the checks were read. */
  readonly subjects: readonly CheckSubject[]
  /** Pull requests that had the same head before it moved. */
  readonly earlier: readonly number[]
}

/**
 * The other open pull requests with the same head, lowest number first. They are in memory. The checks on the commit also name
 * them, so a loss of memory hides none. Requests are needed only if there are others: for the lowest number, which writes the
 * checks, one for each of them. For another one, only until a lower number is found. `known`: all possible candidates.
 */
export async function peersOf(
  context: Pick<RepositoryContext, 'pulls' | 'mirror' | 'memo' | 'repo'>,
  { ends, subjects, earlier }: PeerQuestion,
): Promise<{ readonly peers: readonly PullEnds[]; readonly known: ReadonlySet<number> }> {
  const { number, head } = ends.pull
  const remembered = await pullsWithHead(context, head.sha)
  const known = new Set([number, ...remembered, ...earlier, ...subjects.flatMap(({ pull }) => pull ?? [])])
  const peers: PullEnds[] = []
  for (const other of [...known].filter((one) => one !== number).sort((a, b) => a - b)) {
    const found = await openPullAt(context, other, head.sha)
    if (found !== undefined) peers.push(found)
    else await forgetPeer(context, head.sha, other)
    if (peers.length === 1 && other < number) break
  }
  return { peers, known }
}

/** A pull request, if it is open and has this head. */
export async function openPullAt(
  context: Pick<RepositoryContext, 'pulls' | 'mirror' | 'repo'>,
  number: number,
  head: Sha,
): Promise<PullEnds | undefined> {
  const pull = await context.pulls.get(number)
  const ends = pull?.state === 'open' ? await fetchEnds(context, pull) : undefined
  return ends?.pull.head.sha === head ? ends : undefined
}
