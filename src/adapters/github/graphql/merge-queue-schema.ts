import * as z from 'zod'
import type { QueuedPull } from '../../../ports/github/merge-queue.ts'

const QueueAnswer = z.object({
  repository: z.object({
    mergeQueue: z.object({
      entries: z.object({
        nodes: z.array(
          z.object({
            position: z.int(),
            pullRequest: z.object({ number: z.int(), headRefOid: z.string().regex(/^[0-9a-f]{40}$/) }).nullable(),
          }),
        ),
      }),
    }),
  }),
})

/** In the order of the queue; undefined if the answer contains no queue. */
export function queuedPullsOf(answer: unknown): readonly QueuedPull[] | undefined {
  const read = QueueAnswer.safeParse(answer)
  if (!read.success) return undefined
  const entries = read.data.repository.mergeQueue.entries.nodes.toSorted((a, b) => a.position - b.position)
  return entries.flatMap(({ pullRequest: pull }) =>
    pull === null ? [] : [{ pull: pull.number, head: pull.headRefOid }],
  )
}
