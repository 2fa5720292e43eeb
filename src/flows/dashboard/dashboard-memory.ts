import * as z from 'zod'
import { type Dashboard, LISTED_STATES, type Listing, pullState } from '../../core/dashboard/dashboard.ts'
import { recallPulls, recallDeployed } from '../repository/memory.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { recallGates } from '../watch/watch-memory.ts'

/** What is known of a repository's dashboard. */
const Board = z.object({
  /** The config of the default branch asks for it. */
  isWanted: z.boolean(),
  /** Its issue; undefined where it has to be looked for. */
  number: z.int().optional(),
  /** A mark of what Perch wrote there last; empty where it is not known. */
  written: z.string().default(''),
  /** When GitHub refused it last, or the repository had no issues, epoch milliseconds. */
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

/** Undefined where nobody asked for a dashboard, as far as is remembered. */
export async function recallBoard({ memo, repo }: Needs): Promise<Board | undefined> {
  return Board.safeParse(await memo.get(`dashboard:${repo.id}`)).data
}

export async function rememberBoard({ memo, repo }: Needs, board: Board | undefined): Promise<void> {
  if (board === undefined) await memo.forget(`dashboard:${repo.id}`)
  else await memo.set(`dashboard:${repo.id}`, board)
}

/** What the last look at a base branch found; true where it is not what was known. */
export async function rememberListing({ memo, repo }: Needs, base: string, listing: Listing): Promise<boolean> {
  const key = `listing:${repo.id}:${base}`
  const next = KnownListing.safeParse(listing).data
  if (JSON.stringify(KnownListing.safeParse(await memo.get(key)).data) === JSON.stringify(next)) return false
  await memo.set(key, next)
  return true
}

/** What is known of each deployed branch, by its name. Of branches that a pattern names only those are known that were looked at. */
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

/** What the dashboard is to show; undefined where nothing is known yet. */
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
