/** Keeps the issue that lists all rollouts up to date. There is one per repository. It is edited in place, and only if its text changes. */
import { type Dashboard, otherPulls, listedRollouts } from '../../core/dashboard/dashboard.ts'
import { DASHBOARD_OFF_MARKER, isDashboard, type Look, ticksIn } from '../../core/marker/dashboard.ts'
import {
  DASHBOARD_TITLE,
  dashboardBody,
  dashboardOffBody,
  dashboardTwiceBody,
  noDashboardWords,
} from '../../core/message/dashboard/dashboard.ts'
import type { OwnIssue } from '../../ports/github/issues.ts'
import { orRefusal } from '../repository/github-refusals.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { TaskOf } from '../tasks/tasks.ts'
import { type Board, recallBoard, recallDashboard, rememberBoard } from './dashboard-memory.ts'

type Needs = Pick<RepositoryContext, 'issues' | 'memo' | 'repo' | 'ask' | 'clock' | 'seal' | 'log'>

export async function keepDashboard(context: Needs, { why }: TaskOf<'dashboard'>): Promise<void> {
  const board = await recallBoard(context)
  // Memory was lost. The sweep finds out whether a dashboard is wanted.
  if (board === undefined) return
  const wanted = board.isWanted ? await wantedNow(context) : undefined
  if (board.isWanted && wanted === undefined) return
  // Only webhooks and sweeps know about other people's edits of the issue.
  if (why.code === 'listed' && !isNew(context, board, wanted)) return
  const done = await orRefusal(() => (wanted === undefined ? giveUp(context, board) : write(context, board, wanted)))
  if (done.ok && done.value === 'kept') return
  await bar(context, board, noDashboardWords(done.ok ? undefined : done.error))
}

/** Undefined if nothing is known yet. */
async function wantedNow(context: Pick<Needs, 'memo' | 'repo'>): Promise<WantedDashboard | undefined> {
  const dashboard = await recallDashboard(context)
  return dashboard === undefined ? undefined : { dashboard, body: dashboardBody(dashboard) }
}

/** Whether Perch has not written this text yet. After a refusal of GitHub, the sweep tries again. */
function isNew({ seal }: Pick<Needs, 'seal'>, board: Board, wanted: WantedDashboard | undefined): boolean {
  if (board.barredAt !== undefined) return false
  return wanted === undefined || board.written !== seal(wanted.body)
}

/** Logs once why there is no dashboard. Rollouts continue without it. */
async function bar(context: Needs, board: Board, reason: string): Promise<void> {
  const { owner, name } = context.repo
  if (board.barredAt === undefined) context.log.warn({ repo: `${owner}/${name}`, reason }, 'there is no dashboard')
  await rememberBoard(context, { isWanted: board.isWanted, written: '', barredAt: context.clock.now() })
}

interface WantedDashboard {
  readonly dashboard: Dashboard
  readonly body: string
}

async function write(context: Needs, board: Board, wanted: WantedDashboard): Promise<'kept' | 'off'> {
  const found = await findIssue(context, board.number)
  if (found === 'off') return 'off'
  const issue = found ?? (await openIssue(context, wanted.body))
  if (issue === 'off') return 'off'
  await askForLooks(context, issue, wanted.dashboard)
  const change = changeOf(issue, wanted)
  if (change !== undefined) await context.issues.edit(issue.number, change)
  await rememberBoard(context, { isWanted: true, number: issue.number, written: context.seal(wanted.body) })
  return 'kept'
}

/** Reads the issue by its number, or searches for it. */
async function findIssue(context: Needs, known: number | undefined): Promise<OwnIssue | 'off' | undefined> {
  const issue = known === undefined ? undefined : await context.issues.get(known)
  return issue ?? oldestOf(context)
}

/** The oldest issue with our marker, so that all replicas choose the same one. Younger ones are closed. */
async function oldestOf({ issues }: Pick<Needs, 'issues'>): Promise<OwnIssue | 'off' | undefined> {
  const ours = await issues.ours()
  if (ours === 'off') return 'off'
  const [oldest, ...younger] = ours.filter(({ body }) => isDashboard(body))
  if (oldest === undefined) return undefined
  for (const { number, isOpen } of younger)
    if (isOpen) await issues.edit(number, { body: dashboardTwiceBody(oldest.number), isOpen: false })
  return oldest
}

/** Another replica may have opened one at the same moment. */
async function openIssue(context: Needs, body: string): Promise<OwnIssue | 'off'> {
  const opened = await context.issues.open({ title: DASHBOARD_TITLE, body })
  if (opened === 'off') return 'off'
  return (await oldestOf(context)) ?? opened
}

/**
 * What to write. Undoes other people's edits and ticks. An issue that a person closed stays closed until there is something new
 * to show. An issue that Perch closed is reopened.
 */
function changeOf(
  { body: there, isOpen }: OwnIssue,
  { dashboard, body }: WantedDashboard,
): { readonly body: string; readonly isOpen?: true } | undefined {
  if (asWritten(there) === asWritten(body)) return undefined
  if (isOpen) return { body }
  const isGivenUp = there.startsWith(DASHBOARD_OFF_MARKER)
  return isGivenUp || listedRollouts(dashboard.listings).length > 0 ? { body, isOpen: true } : undefined
}

/** GitHub's editor uses other line endings. */
function asWritten(body: string): string {
  return body.replaceAll('\r\n', '\n').trimEnd()
}

async function giveUp(context: Needs, { number }: Board): Promise<'kept' | 'off'> {
  const issue = await findIssue(context, number)
  if (issue !== undefined && issue !== 'off' && issue.isOpen)
    await context.issues.edit(issue.number, { body: dashboardOffBody(context.repo.defaultBranch), isOpen: false })
  await rememberBoard(context, undefined)
  return 'kept'
}

/** Once per edit of the issue, requests what a sweep would do for these rollouts, and new reviews. */
async function askForLooks(context: Needs, issue: OwnIssue, dashboard: Dashboard): Promise<void> {
  const looks = ticksIn(issue.body)
  if (looks.length === 0) return
  const { bases, pulls } = meantBy(looks, dashboard)
  const at = context.clock.now()
  for (const base of bases) await context.ask.advance(base, { code: 'swept', at })
  const delivery = `dashboard ${issue.number} ${issue.updatedAt}`
  for (const pull of pulls) await context.ask.review(pull, { code: 'rerun', delivery })
}

function meantBy(
  looks: readonly Look[],
  dashboard: Dashboard,
): { readonly bases: ReadonlySet<string>; readonly pulls: ReadonlySet<number> } {
  const isAll = looks.includes('all')
  const meant = dashboard.listings.map(([base, listing]) => {
    const rollouts = listing.code === 'listed' ? listing.rollouts : []
    const named = rollouts.filter(({ name }) => {
      return isAll || looks.some((look) => look !== 'all' && look.base === base && look.name === name)
    })
    return { base, isMeant: isAll || named.length > 0, pulls: named.flatMap((one) => one.pulls) }
  })
  return {
    bases: new Set(meant.filter(({ isMeant }) => isMeant).map(({ base }) => base)),
    pulls: new Set([...meant.flatMap(({ pulls }) => pulls), ...(isAll ? otherPulls(dashboard) : [])]),
  }
}
