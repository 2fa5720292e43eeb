import type { BranchMove } from '../command/head-age.ts'
import type { Sha } from '../rollout/facts.ts'
import type { Signal, Want } from './signal.ts'
import { matcher } from '../text/matcher.ts'

/**
 * What is known about one step on its base branch, from the commit that brought it up to today. It only saves requests: a
 * history that was lost is read again from Git and GitHub, the oldest commits first.
 */
export interface StepHistory {
  /** Which step it is about (`stepKey`). */
  readonly step: string
  /** A controller in the cluster moved the rollout at this step. Older commits do not show that. */
  readonly isOwned?: true
  readonly landing: StepCommit
  /** Set if the base branch got that commit later than its time says. */
  readonly landedAt?: LandedAt
  /** The newest base commit up to which the step is known to be unchanged. */
  readonly checkedTo: Sha
  /** The signals that were asked for (`wantsKey`). Nothing is known about others. */
  readonly wants: string
  /** Every commit from the landing up to this one has been asked about. */
  readonly scannedTo: Sha | undefined
  /** The commits that have signals. */
  readonly reported: readonly ReportedCommit[]
}

/** The commit with which a step came to the base branch. `time`: its committer time, epoch milliseconds. */
export interface StepCommit {
  readonly sha: Sha
  readonly time: number
}

/** When a base branch got a commit that is older than that: somebody pushed it late, or moved the branch back to it. */
export interface LandedAt {
  /** By GitHub's clock, epoch milliseconds. */
  readonly at: number
  /** Other commits were on the branch instead, and a force-push removed them. */
  readonly isReset: boolean
}

export interface ReportedCommit {
  readonly sha: Sha
  /** Newest first. */
  readonly signals: readonly Signal[]
}

/**
 * GitHub's record of the branch, newest move first, tells when a commit came. `line`: the branch's commits along first parents, newest
 * first. Undefined if the record does not go back that far, and `unknown` if it does not show the current head.
 */
export function landedAt(
  moves: readonly BranchMove[],
  line: readonly Sha[],
  { sha }: Pick<StepCommit, 'sha'>,
): LandedAt | 'unknown' | undefined {
  const newest = moves.findIndex(({ after }) => after === line[0])
  if (newest === -1) return 'unknown'
  const heads = new Set(line.slice(0, line.indexOf(sha) + 1))
  const brought = moves.slice(newest).find(({ before }) => !heads.has(before))
  return brought && { at: brought.at, isReset: brought.kind === 'force-push' }
}

/** Deployers report the newest commit that they see, so the newest ones are asked about in every look: one request each. */
const NEWEST_ASKED = 4

/** How many older commits one look asks about. The next looks go on from there. */
const OLDER_ASKED = 20

export function wantsKey(wants: readonly Want[]): string {
  return wants
    .map(({ source, pattern }) => `${source}:${pattern}`)
    .sort()
    .join('\n')
}

/**
 * The commits to ask about now. `carrying`: the commits of the base branch that carry the step, newest first, its landing
 * last. `mentioned`: a commit that a webhook has just named.
 */
export function commitsToAsk(history: StepHistory, carrying: readonly Sha[], mentioned?: Sha): readonly Sha[] {
  const unread = unreadOf(history, carrying).slice(-OLDER_ASKED)
  const wanted = new Set([...carrying.slice(0, NEWEST_ASKED), ...unread, mentioned])
  return carrying.filter((sha) => wanted.has(sha))
}

/** The history with the answers of one look added. `wants`: what was asked for. */
export function withAnswers(
  history: StepHistory,
  carrying: readonly Sha[],
  { answers, wants }: { readonly answers: readonly ReportedCommit[]; readonly wants: readonly Want[] },
): StepHistory {
  const asked = new Set(answers.map(({ sha }) => sha))
  const unread = unreadOf(history, carrying).toReversed()
  const end = unread.findIndex((sha) => !asked.has(sha))
  const read = end === -1 ? unread : unread.slice(0, end)
  const known = new Map(history.reported.map(({ sha, signals }) => [sha, signals]))
  for (const { sha, signals } of answers) known.set(sha, merged(known.get(sha) ?? [], relevant(signals, wants)))
  const reported = carrying.flatMap((sha) => {
    const signals = known.get(sha) ?? []
    return signals.length === 0 ? [] : [{ sha, signals }]
  })
  return { ...history, scannedTo: read.at(-1) ?? history.scannedTo, reported }
}

/** The carrying commits that nobody asked about since they ceased to be among the newest, newest first. */
function unreadOf({ scannedTo }: StepHistory, carrying: readonly Sha[]): readonly Sha[] {
  const end = carrying.findIndex((sha) => sha === scannedTo)
  return carrying.slice(NEWEST_ASKED, end === -1 ? undefined : end)
}

function relevant(signals: readonly Signal[], wants: readonly Want[]): readonly Signal[] {
  const tests = wants.map(({ source, pattern }) => ({ source, matches: matcher(pattern) }))
  return signals.filter(
    ({ source, name, state }) =>
      state !== 'silent' && tests.some((test) => test.source === source && test.matches(name)),
  )
}

/** GitHub cuts long lists off at their old end, and a check run that is updated forgets what it said before. */
function merged(known: readonly Signal[], fresh: readonly Signal[]): readonly Signal[] {
  const seen = new Set(fresh.map(identity))
  return withoutRepeats([...fresh, ...known.filter((signal) => !seen.has(identity(signal)))])
}

function identity({ source, name, state, at, by }: Signal): string {
  return JSON.stringify([source, name, state, at, by])
}

/** A success that only repeats the one before it tells nothing; a deployer may repeat it every minute. */
function withoutRepeats(newestFirst: readonly Signal[]): readonly Signal[] {
  const last = new Map<string, Signal>()
  const kept: Signal[] = []
  for (const signal of newestFirst.toReversed()) {
    const writer = JSON.stringify([signal.source, signal.name, signal.by])
    const before = last.get(writer)
    const isRepeat = before?.state === 'success' && signal.state === 'success' && before.at <= signal.at
    if (!isRepeat) kept.push(signal)
    if (!isRepeat) last.set(writer, signal)
  }
  return kept.toReversed()
}
