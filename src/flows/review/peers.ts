import type { CheckSubject } from '../../core/rollout/facts.ts'
import { forgetPeer, pullsWithHead } from '../repository/commit-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type PullEnds, fetchEnds } from '../repository/pull-ends.ts'

export interface PeerQuestion {
  readonly ends: PullEnds
  /** What the checks on the commit say that they speak for, where they were read. */
  readonly subjects: readonly CheckSubject[]
  /** Pull requests that had the same head before it moved. */
  readonly earlier: readonly number[]
}

/**
 * The other open pull requests with the same head, lowest number first. Memory knows them, and the checks on the commit know
 * those that they spoke for, so that losing the memory hides none. Only where there are others does this cost requests: for
 * the one with the lowest number, which writes the checks, as many as there are; for another, until a lower one is found.
 * `known`: all that there may be.
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
    const pull = await context.pulls.get(other)
    const found = pull?.state === 'open' ? await fetchEnds(context, pull) : undefined
    if (found?.pull.head.sha === head.sha) peers.push(found)
    else await forgetPeer(context, head.sha, other)
    if (peers.length === 1 && other < number) break
  }
  return { peers, known }
}
