/** Requests a new look at the dashboard. Does nothing if the config does not ask for a dashboard. */
import { listedRollouts, type Listing } from '../../core/dashboard/dashboard.ts'
import { dashboardBody } from '../../core/message/dashboard/dashboard.ts'
import type { DeployedBranches } from '../repository/deployed-branches.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import {
  type Board,
  recallBoard,
  recallDashboard,
  recallListings,
  rememberBoard,
  rememberListing,
} from './dashboard-memory.ts'

type Needs = Pick<RepositoryContext, 'memo' | 'repo' | 'ask' | 'clock'>

/** It is written at most once a minute. */
const SLOT_MS = 60_000

/** After a refusal of GitHub, it is tried again after this time. */
const BARRED_MS = 3_600_000

/** Something on the dashboard may have changed. It is written at the end of this minute, with all changes until then. */
export async function askForDashboard(context: Needs): Promise<void> {
  if ((await recallBoard(context))?.isWanted === true) await askSoon(context)
}

async function askSoon({ ask, clock }: Pick<Needs, 'ask' | 'clock'>): Promise<void> {
  await ask.dashboard({ code: 'listed', due: (Math.floor(clock.now() / SLOT_MS) + 1) * SLOT_MS })
}

/**
 * Remembers what a look at a base branch found, and requests the dashboard if that is new. `list` is called only if there is a
 * dashboard.
 */
export async function noteListing(
  context: Needs,
  { base, deployed }: { readonly base: string; readonly deployed?: Pick<DeployedBranches, 'hasDashboard'> },
  list: () => Promise<Listing>,
): Promise<void> {
  const board = await noteWish(context, deployed?.hasDashboard)
  if (board === undefined) return
  const isNew = board.isWanted && (await rememberListing(context, base, await list()))
  if (isNew || board.isTurned) await askSoon(context)
}

/**
 * Remembers whether the config asks for it. An unreadable config changes nothing. Undefined: the config does not ask for it, and
 * did not before.
 */
async function noteWish(
  context: Needs,
  isAskedFor: boolean | undefined,
): Promise<(Board & { readonly isTurned: boolean }) | undefined> {
  const board = await recallBoard(context)
  const isWanted = isAskedFor ?? board?.isWanted ?? false
  if (board === undefined && !isWanted) return undefined
  const next = { ...(board ?? { written: '' }), isWanted }
  const isTurned = board?.isWanted !== isWanted
  if (isTurned) await rememberBoard(context, next)
  return { ...next, isTurned }
}

/**
 * The sweep's check. Sends no request to GitHub itself. Requests that the issue is read if its number is unknown, if its text
 * should change, and while there is a rollout, because the webhook of a tick may be lost.
 */
export async function lookAtDashboard(
  context: Needs & Pick<RepositoryContext, 'seal'>,
  { deployed, at }: { readonly deployed: DeployedBranches; readonly at: number },
): Promise<void> {
  const board = await noteWish(context, deployed.hasDashboard)
  if (board === undefined) return
  const isBarred = board.barredAt !== undefined && at - board.barredAt < BARRED_MS
  if (isBarred) return
  const why = { code: 'swept', at } as const
  if (!board.isWanted) return context.ask.dashboard(why)
  const listings = await recallListings(context)
  for (const [base, { code }] of listings) if (code === 'not-looked-at') await context.ask.advance(base, why)
  const dashboard = await recallDashboard(context, listings)
  if (dashboard === undefined) return
  const isWritten = board.written === context.seal(dashboardBody(dashboard))
  if (!isWritten || listedRollouts(dashboard.listings).length > 0) await context.ask.dashboard(why)
}
