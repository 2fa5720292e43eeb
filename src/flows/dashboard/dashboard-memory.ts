import * as z from 'zod'
import { type Dashboard, LISTED_STATES, type Listing, pullState } from '../../core/dashboard/dashboard.ts'
import { recallPulls } from '../memory/pull-memory.ts'
import { recallDeployed } from '../memory/base-memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallGates } from '../memory/watch-memory.ts'

/** What is known of a repository's dashboard. */
const Board = z.object({
  /** The config of the default branch asks for it. */
  isWanted: z.boolean(),
  /** The number of its issue; undefined if it has to be found. */
  number: z.int().optional(),
  /** Identifies the text that Perch last wrote; empty if unknown. */
  written: z.string().default(''),
  /** When GitHub last refused it, or the repository had no issues, epoch milliseconds. */
  barredAt: z.number().optional(),
})
export type Board = z.infer<typeof Board>

const ListedRollout = z.object({
  name: z.string(),
  state: z.enum(LISTED_STATES),
  share: z.union([z.number(), z.literal('unknown')]),
  version: z.string(),
  since: z.number().optional(),
  origin: z.int().optional(),
  pulls: z.array(z.int()),
  stuck: z.string().optional(),
})

const KnownListing = z.discriminatedUnion('code', [
  z.object({ code: z.literal('listed'), rollouts: z.array(ListedRollout), owned: z.int() }),
  z.object({ code: z.literal('config') }),
])

type Needs = Pick<RepositoryContext, 'memo' | 'repo'>

/** Undefined if nobody asked for a dashboard, as far as memory knows. */
export async function recallBoard({ memo, repo }: Needs): Promise<Board | undefined> {
  return Board.safeParse(await memo.get(`dashboard:${repo.id}`)).data
}

export async function rememberBoard({ memo, repo }: Needs, board: Board | undefined): Promise<void> {
  if (board === undefined) await memo.forget(`dashboard:${repo.id}`)
  else await memo.set(`dashboard:${repo.id}`, board)
}

/** Remembers what the last look at a base branch found. Returns whether it differs from before. */
export async function rememberListing({ memo, repo }: Needs, base: string, listing: Listing): Promise<boolean> {
  const key = `listing:${repo.id}:${base}`
  const next = KnownListing.safeParse(listing).data
  if (JSON.stringify(KnownListing.safeParse(await memo.get(key)).data) === JSON.stringify(next)) return false
  await memo.set(key, next)
  return true
}

/** What is known about each deployed branch, by name. For branches that match a pattern, only those that were looked at. */
export async function recallListings(context: Needs): Promise<ReadonlyMap<string, Listing>> {
  const { memo, repo } = context
  const prefix = `listing:${repo.id}:`
  const found = [...(await memo.entries(prefix))].map(([key, value]): readonly [string, Listing] => [
    key.slice(prefix.length),
    KnownListing.safeParse(value).data ?? { code: 'not-looked-at' },
  ])
  const named = (await recallDeployed(context)).filter((name) => !name.includes('*'))
  const unknown = named.map((name): readonly [string, Listing] => [name, { code: 'not-looked-at' }])
  return new Map([...unknown, ...found].toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** The content of the dashboard; undefined if nothing is known yet. */
export async function recallDashboard(
  context: Needs,
  known?: ReadonlyMap<string, Listing>,
): Promise<Dashboard | undefined> {
  const listings = [...(known ?? (await recallListings(context)))]
  if (listings.every(([, { code }]) => code === 'not-looked-at')) return undefined
  const reviewed = [...(await recallPulls(context))].filter(([, { traffic }]) => traffic)
  const pulls = new Map(
    await Promise.all(
      reviewed.map(async ([number, seen]) => [number, pullState(seen, await recallGates(context, number))] as const),
    ),
  )
  return { defaultBranch: context.repo.defaultBranch, listings, pulls }
}
