/** What is known of a repository's Canaries, by its name: Flagger's webhooks name no more. */
import * as z from 'zod'
import { Canaries } from '../../core/flagger/canaries.ts'
import type { RepositoryName } from '../../core/rollout/facts.ts'
import type { Memo } from '../../ports/memo.ts'

export type CalledRepository = Pick<RepositoryName, 'owner' | 'name'>

const Record = Canaries.extend({ mark: z.string() })

/** Undefined where they were not read, or something has moved since. */
export async function recallCanaries(memo: Memo, repository: CalledRepository): Promise<Canaries | undefined> {
  const { data } = Record.safeParse(await memo.get(keyOf('canaries', repository)))
  return data !== undefined && data.mark === (await canariesMark(memo, repository)) ? data : undefined
}

/** `mark`: what `canariesMark` said before Git was read. */
export async function rememberCanaries(
  memo: Memo,
  repository: CalledRepository,
  found: Canaries & { readonly mark: string },
): Promise<void> {
  await memo.set(keyOf('canaries', repository), found satisfies z.input<typeof Record>)
}

/**
 * What has moved last. Somebody may read Git while a stop comes: what was read before then does not count, although it is
 * remembered later.
 */
export async function canariesMark(memo: Memo, repository: CalledRepository): Promise<string> {
  return z
    .string()
    .catch('')
    .parse(await memo.get(keyOf('canaries-moved', repository)))
}

/** A stop came or went, or a branch moved: what is known of the Canaries does not count any more. `mark`: another one each time. */
export async function markMoved(memo: Memo, repository: CalledRepository, mark: string): Promise<void> {
  await memo.set(keyOf('canaries-moved', repository), mark)
}

function keyOf(kind: string, { owner, name }: CalledRepository): string {
  return `${kind}:${owner}/${name}`.toLowerCase()
}
