import * as z from 'zod'
import type { Sha } from '../../core/rollout/facts.ts'
import { RolloutName } from '../../core/rollout/rollout-name.ts'

/**
 * Why a task is requested. A cause is identified by its facts: a task that is requested twice for the same cause is done once.
 * `at`: when it occurred; `due`: the task must not run earlier. Both are epoch milliseconds.
 */

/** The id of a webhook or of a cluster's report. A repetition has the same id. */
const delivery = z.string()
const at = z.number()
const due = z.number()
const head = z.string()

/** A webhook or a cluster reported it. */
const Delivered = z.object({ code: z.literal('delivered'), delivery })

/** Perch was installed on a repository. If it was installed on many at once, each has its turn. */
const Installed = z.object({ code: z.literal('installed'), delivery, repository: z.int(), due })

const NewHead = z.object({ code: z.literal('new-head'), delivery, head, due: due.optional() })

/** The remarks from before it was closed may be outdated. */
const Reopened = z.object({ code: z.literal('reopened'), delivery })

/** Its base branch, its draft state or its reviews changed. */
const PullChanged = z.object({ code: z.literal('pull-changed'), delivery })

/** It was closed or merged. `head`: the base branch's head after a merge. */
const PullEnded = z.object({
  code: z.literal('pull-ended'),
  delivery,
  merged: z.boolean(),
  head: z.string().optional(),
})

const Pushed = z.object({ code: z.literal('pushed'), delivery, head })

/** A signal for a commit that someone waits for. */
const Signal = z.object({ code: z.literal('signal'), delivery, commit: z.string() })

/** Someone wrote commands in a comment. */
const Command = z.object({ code: z.literal('command'), delivery })

/** Commands without an answer. `comment`: the newest one. */
const Unanswered = z.object({ code: z.literal('unanswered'), comment: z.int(), at })

/** The review of a pull request passed on commands that affect the base branch. */
const HandedOver = z.object({ code: z.literal('handed-over'), pull: z.int(), comment: z.int() })

/** The same again, because the commands still wait. */
const HandedAgain = z.object({ code: z.literal('handed-again'), pull: z.int(), comment: z.int(), at })

/** Someone pressed a button on a check of this head. */
const Button = z.object({
  code: z.literal('button'),
  delivery,
  pull: z.int(),
  name: z.enum(['hold', 'resume', 'abort']),
  login: z.string(),
  head,
})

/** Someone asked to run the checks again, whatever their result. */
const Rerun = z.object({ code: z.literal('rerun'), delivery })

/** Perch has just opened it, so there are no checks and comments yet. `labels`: the labels that it still needs. */
const Opened = z.object({ code: z.literal('opened'), labels: z.array(z.string()) })

/** Perch opened it in an earlier try, so there may be checks and comments. */
const Adopted = z.object({ code: z.literal('adopted'), labels: z.array(z.string()) })

/** Perch has remade its commit on the current base. */
const Remade = z.object({ code: z.literal('remade'), head })

/** The checks of its commit must be written, even if memory says that they are up to date. */
const SharedCommit = z.object({ code: z.literal('shared-commit'), due })

/** Another pull request with the same commit got another result. */
const Peer = z.object({ code: z.literal('peer'), digest: z.string(), at })

/** The branch that it is judged for has moved. If that changes nothing for it, no request is sent to GitHub. */
const BaseMoved = z.object({ code: z.literal('base-moved'), branch: z.string(), head, at })

/** Because of a changed config, it is judged for another branch. */
const HomeMoved = z.object({ code: z.literal('home-moved'), head, at })

/** A stop was created or removed. `change`: identifies the stops before and after. */
const Stops = z.object({ code: z.literal('stops'), change: z.string(), at })

/** The result of a rollout's measurements has changed. */
const Measured = z.object({ code: z.literal('measured'), rollout: RolloutName, outcome: z.string(), at })

/**
 * A canary fails its analysis, and the config asks for a reaction. `step`: the commit that brought the step. `failsSince`: the
 * time of the last measurement that did not fail, or else of the first one.
 */
const Failed = z.object({
  code: z.literal('failed'),
  rollout: RolloutName,
  step: z.string(),
  failsSince: z.number(),
  at,
})

/** An older pull request that moves the same route was closed. */
const OlderEnded = z.object({ code: z.literal('older-ended'), older: z.int(), at })

/** An older pull request moves the same route, but was not known when this one was judged. */
const OlderFound = z.object({ code: z.literal('older-found'), older: z.int(), heads: z.string() })

/** An older pull request started or stopped moving the same route. */
const Rival = z.object({ code: z.literal('rival'), older: z.int(), heads: z.string(), at })

/** Time alone may change the verdict on this head. `second`: for a timer that is due at once, when it was set, in seconds. */
const Timer = z.object({ code: z.literal('timer'), head, due, second: z.int().optional() })

/** A step conflicts with its base. */
const InConflict = z.object({ code: z.literal('in-conflict'), head, base: z.string() })

/** With this head, a step has commits that Perch did not make, or does something other than Perch proposes. */
const StepChanged = z.object({ code: z.literal('step-changed'), pull: z.int(), head })

/** A sweep found that a pull request is no longer open. */
const Ended = z.object({ code: z.literal('ended'), pull: z.int(), at: z.number() })

/** GitHub did not yet let Perch merge this head, or older pull requests are still unknown. */
const MergeRefused = z.object({ code: z.literal('merge-refused'), head, due })

/** Perch merged a pull request with this head. */
const Merged = z.object({ code: z.literal('merged'), head })

/** Every sweep finds it, as long as it lasts. */
const Swept = z.object({ code: z.literal('swept'), head: z.string().optional(), at })
const SweptPull = Swept.extend({ moved: z.object({ branch: z.string(), head }).optional() })

/** The sweep found it. There was no webhook. */
const Missed = z.object({ code: z.literal('missed') })

/** The process has started. It may have crashed before. */
const Started = z.object({ code: z.literal('started'), at })

/** It is time for a sweep, in any replica. */
const Interval = z.object({ code: z.literal('interval'), count: z.int() })

/** A notification, for one destination (`to`) or for all that want it. */
const ToldNews = z.object({ code: z.literal('news'), key: z.string(), to: z.string().optional() })

/** GitHub should show another state for a step. */
const ShownStep = z.object({ code: z.literal('step-shown'), key: z.string() })

/** Flagger asked about a Canary. `mark`: identifies the last change in the repository. */
const CanaryAsked = z.object({ code: z.literal('asked'), mark: z.string(), at })

/** Flagger asked about a version that needs approvals. `wanted`: how many. */
const VersionAsked = CanaryAsked.extend({ code: z.literal('version-asked'), version: z.string(), wanted: z.int() })

/** Flagger reported something new about a Canary. */
const CanaryEvent = z.object({ code: z.literal('told'), at })

/** Something on the dashboard may have changed. All changes until `due` are one cause. */
const DashboardChanged = z.object({ code: z.literal('listed'), due })

/** The possible causes of each kind of task. */
export const Causes = {
  comment: Command,
  acknowledge: Missed,
  delivered: Delivered,
  onboard: Installed,
  review: z.discriminatedUnion('code', [
    NewHead,
    Reopened,
    PullChanged,
    Signal,
    Command,
    Unanswered,
    Rerun,
    Opened,
    Adopted,
    Remade,
    SharedCommit,
    BaseMoved,
    HomeMoved,
    Stops,
    Measured,
    OlderEnded,
    OlderFound,
    Rival,
    Timer,
    MergeRefused,
    SweptPull,
  ]),
  'clean-up': z.discriminatedUnion('code', [PullEnded, Swept]),
  advance: z.discriminatedUnion('code', [
    PullEnded,
    PullChanged,
    Pushed,
    Button,
    HandedOver,
    HandedAgain,
    Failed,
    Merged,
    InConflict,
    StepChanged,
    Ended,
    Swept,
  ]),
  measure: Swept,
  notify: ToldNews,
  deployment: ShownStep,
  canaries: CanaryAsked,
  'canary-approvals': VersionAsked,
  'canary-news': CanaryEvent,
  dashboard: z.discriminatedUnion('code', [DashboardChanged, Delivered, Swept]),
  group: z.discriminatedUnion('code', [Delivered, Signal, Stops, Measured, Peer, Rerun, Timer, Swept]),
  sweep: z.discriminatedUnion('code', [Started, Interval]),
} as const

export type CauseOf<Type extends keyof typeof Causes> = z.infer<(typeof Causes)[Type]>
export type Cause = CauseOf<keyof typeof Causes>

interface Rule {
  /** Events within the same slot of time count as one cause. Without it, every moment is a separate cause. */
  readonly slotMs?: number
  /**
   * Retried for as long as commands live, because someone waits for an answer, or because nothing else would request it again.
   */
  readonly isPatient?: boolean
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** Defines "once for one cause": which differences do not make a separate cause. */
export const RULES: Readonly<Record<Cause['code'], Rule>> = {
  delivered: {},
  // Nothing else requests it. GitHub may send the webhook again.
  installed: { slotMs: 10 * MINUTE_MS, isPatient: true },
  'new-head': {},
  reopened: { isPatient: true },
  'pull-changed': {},
  'pull-ended': {},
  pushed: {},
  signal: {},
  rerun: {},
  command: { isPatient: true },
  button: { isPatient: true },
  'handed-over': { isPatient: true },
  'handed-again': { slotMs: 10 * MINUTE_MS },
  unanswered: { slotMs: MINUTE_MS },
  // Nothing else knows a step's labels once it is merged.
  opened: { isPatient: true },
  adopted: { isPatient: true },
  remade: {},
  merged: {},
  // A command and the webhook about its effect are one cause.
  stops: { slotMs: MINUTE_MS },
  // A branch can be reset to an earlier commit, and a rollout can get an earlier result again. Each time is a separate cause.
  'base-moved': {},
  'home-moved': {},
  measured: {},
  'older-ended': {},
  rival: {},
  peer: {},
  // Only once: if memory about the older pull request is wrong, its own review corrects it.
  'older-found': {},
  // Found again and again while it lasts.
  failed: { slotMs: 10 * MINUTE_MS },
  timer: {},
  'in-conflict': {},
  'step-changed': {},
  ended: { slotMs: 5 * SECOND_MS },
  'merge-refused': { slotMs: 15 * SECOND_MS },
  // A destination may be unavailable for hours.
  news: { isPatient: true },
  'step-shown': { isPatient: true },
  'shared-commit': {},
  // Flagger asks every few seconds, about every Canary.
  asked: { slotMs: 5 * SECOND_MS },
  'version-asked': { slotMs: 5 * SECOND_MS },
  // Flagger reports the end of a rollout, and nothing after that.
  told: { isPatient: true },
  // If work is delayed, frequent sweeps must not add the same tasks again.
  swept: { slotMs: 5 * SECOND_MS },
  // Each is due at the end of its minute.
  listed: {},
  missed: {},
  started: {},
  interval: {},
}

/** The commit that a signal was just about. */
export function mentionedBy(why: Cause): Sha | undefined {
  return why.code === 'signal' ? why.commit : undefined
}
