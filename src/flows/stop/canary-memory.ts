/** Remembers a repository's Canaries by the repository's name, because Flagger's webhooks contain no more. */
import * as z from 'zod'
import { Canaries } from '../../core/flagger/canaries.ts'
import { CanaryNews, newsAfter, newsKey } from '../../core/flagger/canary-news.ts'
import type { EventPayload } from '../../core/flagger/hook.ts'
import type { Clock } from '../../ports/clock.ts'
import type { RepositoryName } from '../../core/rollout/facts.ts'
import type { TargetName } from '../../core/rollout/target.ts'
import type { Memo } from '../../ports/memo.ts'

export type CalledRepository = Pick<RepositoryName, 'owner' | 'name'>

const Record = Canaries.extend({ mark: z.string() })

/** Undefined if they were not read, or if something has moved since. */
export async function recallCanaries(memo: Memo, repository: CalledRepository): Promise<Canaries | undefined> {
  const { data } = Record.safeParse(await memo.get(repositoryKey('canaries', repository)))
  return data !== undefined && data.mark === (await canariesMark(memo, repository)) ? data : undefined
}

/** `mark`: the value of `canariesMark` before Git was read. */
export async function rememberCanaries(
  memo: Memo,
  repository: CalledRepository,
  found: Canaries & { readonly mark: string },
): Promise<void> {
  await memo.set(repositoryKey('canaries', repository), found satisfies z.input<typeof Record>)
}

/**
 * Identifies what has last moved. A stop may appear while Git is being read. Then the result does not count, although it is
 * remembered later.
 */
export async function canariesMark(memo: Memo, repository: CalledRepository): Promise<string> {
  return z
    .string()
    .catch('')
    .parse(await memo.get(repositoryKey('canaries-moved', repository)))
}

/**
 * Invalidates what is known about the Canaries, because a stop was created or removed, or a branch moved. `mark`: must be
 * different each time.
 */
export async function markMoved(memo: Memo, repository: CalledRepository, mark: string): Promise<void> {
  await memo.set(repositoryKey('canaries-moved', repository), mark)
}

/** Flagger's last event about a rollout; undefined if there was none, or if memory was lost. */
export async function recallCanaryNews(
  memo: Memo,
  repository: CalledRepository,
  rollout: TargetName,
): Promise<CanaryNews | undefined> {
  return CanaryNews.safeParse(await memo.get(`${repositoryKey('canary-news', repository)}:${rollout}`)).data
}

/** Stores Flagger's event, unless a later one is already stored. Returns whether people would read something new. */
export async function noteCanaryNews(
  { memo, clock }: { readonly memo: Memo; readonly clock: Clock },
  { repository, rollout }: { readonly repository: CalledRepository; readonly rollout: TargetName },
  told: EventPayload,
): Promise<boolean> {
  const known = await recallCanaryNews(memo, repository, rollout)
  const news = newsAfter(known, told, clock.now())
  if (news === undefined) return false
  await memo.set(`${repositoryKey('canary-news', repository)}:${rollout}`, news)
  return known === undefined || newsKey(known) !== newsKey(news)
}

const Shown = z.object({
  /** When Flagger began this rollout, by Flagger's clock, epoch milliseconds. */
  began: z.number(),
  /** The pull request that brought the version, with its head; undefined if none is known. */
  pull: z.object({ number: z.int(), head: z.string() }).optional(),
  /** The check run, and its content as `newsKey`. */
  check: z.object({ id: z.int(), said: z.string(), isOver: z.boolean() }).optional(),
})
/** Where Flagger's last event is shown. */
export type ShownNews = z.infer<typeof Shown>

export async function recallShown(
  memo: Memo,
  repository: CalledRepository,
  rollout: TargetName,
): Promise<ShownNews | undefined> {
  return Shown.safeParse(await memo.get(`${repositoryKey('canary-check', repository)}:${rollout}`)).data
}

export async function rememberShown(
  { memo, repo }: { readonly memo: Memo; readonly repo: CalledRepository },
  rollout: TargetName,
  shown: ShownNews,
): Promise<void> {
  await memo.set(`${repositoryKey('canary-check', repo)}:${rollout}`, shown)
}

export function repositoryKey(kind: string, { owner, name }: CalledRepository): string {
  return `${kind}:${owner}/${name}`.toLowerCase()
}
