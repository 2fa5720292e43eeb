import * as z from 'zod'
import type { Sha } from '../../core/rollout/facts.ts'

/**
 * Why something is to be done. A cause is known by its facts: what is asked twice for the same one is done once. `at`: when it
 * came, `due`: not to be done before that; both epoch milliseconds.
 */

/** Of a webhook or a cluster's report: the same again when it is sent again. */
const delivery = z.string()
const at = z.number()
const due = z.number()
const head = z.string()

/** A webhook said so, or a cluster. */
const Delivered = z.object({ code: z.literal('delivered'), delivery })

/** Perch came to a repository. One with many others has its turn later. */
const Installed = z.object({ code: z.literal('installed'), delivery, repository: z.int(), due })

const NewHead = z.object({ code: z.literal('new-head'), delivery, head, due: due.optional() })

/** What was said on it before it was closed may not be so any more. */
const Reopened = z.object({ code: z.literal('reopened'), delivery })

/** Its base branch, whether it is a draft, or its reviews. */
const PullChanged = z.object({ code: z.literal('pull-changed'), delivery })

/** It was closed or merged. `head`: what a merge brought the base branch to. */
const PullEnded = z.object({
  code: z.literal('pull-ended'),
  delivery,
  merged: z.boolean(),
  head: z.string().optional(),
})

const Pushed = z.object({ code: z.literal('pushed'), delivery, head })

/** Something was said about a commit that somebody waits for. */
const Signal = z.object({ code: z.literal('signal'), delivery, commit: z.string() })

/** Somebody wrote commands in a comment. */
const Command = z.object({ code: z.literal('command'), delivery })

/** Commands that nobody has answered yet. `comment`: the newest one. */
const Unanswered = z.object({ code: z.literal('unanswered'), comment: z.int(), at })

/** Commands that concern the base branch, from the review of their pull request. */
const HandedOver = z.object({ code: z.literal('handed-over'), pull: z.int(), comment: z.int() })

/** The same once more: they still wait. */
const HandedAgain = z.object({ code: z.literal('handed-again'), pull: z.int(), comment: z.int(), at })

/** Somebody pressed a button on a check of this head. */
const Button = z.object({
  code: z.literal('button'),
  delivery,
  pull: z.int(),
  name: z.enum(['hold', 'resume', 'abort']),
  login: z.string(),
  head,
})

/** Somebody wants the checks to run again, whatever they say. */
const Rerun = z.object({ code: z.literal('rerun'), delivery })

/** Perch has just opened it: no checks and no comments are there yet. `labels`: those that it is still to have. */
const Opened = z.object({ code: z.literal('opened'), labels: z.array(z.string()) })

/** Perch opened it in an earlier try: checks and comments may be there by now. */
const Adopted = z.object({ code: z.literal('adopted'), labels: z.array(z.string()) })

/** Perch has made its commit anew, on today's base. */
const Remade = z.object({ code: z.literal('remade'), head })

/** The checks of its commit are to be written, whatever memory says that they say already. */
const SharedCommit = z.object({ code: z.literal('shared-commit'), due })

/** A pull request with the same commit came to something else. */
const Peer = z.object({ code: z.literal('peer'), digest: z.string(), at })

/** The branch that it is judged for moved. Where that changes nothing for it, nothing is asked of GitHub. */
const BaseMoved = z.object({ code: z.literal('base-moved'), branch: z.string(), head, at })

/** It is judged for another branch since the config changed. */
const HomeMoved = z.object({ code: z.literal('home-moved'), head, at })

/** A stop came or went. `change`: a mark of which there were and are. */
const Stops = z.object({ code: z.literal('stops'), change: z.string(), at })

/** The measurements of a rollout come to something else. */
const Measured = z.object({ code: z.literal('measured'), rollout: z.string(), outcome: z.string(), at })

/**
 * A canary fails its analysis, and the config wants something done about that. `step`: the commit that brought its step;
 * `failsSince`: the moment of the last measurement that did not fail, or of the first.
 */
const Failed = z.object({
  code: z.literal('failed'),
  rollout: z.string(),
  step: z.string(),
  failsSince: z.number(),
  at,
})

/** An older pull request that moves the same route was closed. */
const OlderEnded = z.object({ code: z.literal('older-ended'), older: z.int(), at })

/** An older pull request moves the same route, and was not seen when this one was judged. */
const OlderFound = z.object({ code: z.literal('older-found'), older: z.int(), heads: z.string() })

/** An older pull request began or ceased to move the same route. */
const Rival = z.object({ code: z.literal('rival'), older: z.int(), heads: z.string(), at })

/** Time alone may change what is said of this head. `second`: when a timer was set that is due at once, in seconds. */
const Timer = z.object({ code: z.literal('timer'), head, due, second: z.int().optional() })

/** A step came into conflict with its base. */
const InConflict = z.object({ code: z.literal('in-conflict'), head, base: z.string() })

/** A step has commits with this head that Perch did not make, or does something else than Perch proposes. */
const StepChanged = z.object({ code: z.literal('step-changed'), pull: z.int(), head })

/** A sweep found that a pull request is not open any more. */
const Ended = z.object({ code: z.literal('ended'), pull: z.int(), at: z.number() })

/** GitHub did not let Perch merge this head yet, or older pull requests are still unknown. */
const MergeRefused = z.object({ code: z.literal('merge-refused'), head, due })

/** Perch merged a pull request with this head. */
const Merged = z.object({ code: z.literal('merged'), head })

/** The sweep finds it at each time, while it is so. */
const Swept = z.object({ code: z.literal('swept'), head: z.string().optional(), at })
const SweptPull = Swept.extend({ moved: z.object({ branch: z.string(), head }).optional() })

/** The sweep found it, and no webhook told of it. */
const Missed = z.object({ code: z.literal('missed') })

/** The process has started: it may have crashed before. */
const Started = z.object({ code: z.literal('started'), at })

/** Time for a sweep, in whichever replica. */
const Interval = z.object({ code: z.literal('interval'), count: z.int() })

/** Something is to be told outside of GitHub, to one destination (`to`) or whoever wants to know it. */
const ToldNews = z.object({ code: z.literal('news'), key: z.string(), to: z.string().optional() })

/** GitHub is to show a step in another state. */
const ShownStep = z.object({ code: z.literal('step-shown'), key: z.string() })

/** Flagger asked about a Canary. `mark`: what had moved last in the repository. */
const Asked = z.object({ code: z.literal('asked'), mark: z.string(), at })

/** Flagger asked about a version that needs approvals. `wanted`: how many. */
const VersionAsked = Asked.extend({ code: z.literal('version-asked'), version: z.string(), wanted: z.int() })

/** Flagger told something new of a Canary. */
const Told = z.object({ code: z.literal('told'), at })

/** Something that the dashboard shows may have changed. All such moments until it is due are one. */
const Listed = z.object({ code: z.literal('listed'), due })

/** The causes that each kind of task can have. */
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
  canaries: Asked,
  'canary-approvals': VersionAsked,
  'canary-news': Told,
  dashboard: z.discriminatedUnion('code', [Listed, Delivered, Swept]),
  group: z.discriminatedUnion('code', [Delivered, Signal, Stops, Measured, Peer, Rerun, Timer, Swept]),
  sweep: z.discriminatedUnion('code', [Started, Interval]),
} as const

export type CauseOf<Type extends keyof typeof Causes> = z.infer<(typeof Causes)[Type]>
export type Cause = CauseOf<keyof typeof Causes>

interface Rule {
  /** Events within one such slot of time count as one cause. Without it, each moment is a cause of its own. */
  readonly slotMs?: number
  /** Tried for as long as commands live: somebody waits for an answer, or nobody asks for it again. */
  readonly isPatient?: boolean
}

const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS

/** "Once for one cause": which differences make no other cause. */
export const RULES: Readonly<Record<Cause['code'], Rule>> = {
  delivered: {},
  // Nobody else asks for it. GitHub may send the webhook again.
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
  // Nothing else knows which labels a step is to have once it is merged.
  opened: { isPatient: true },
  adopted: { isPatient: true },
  remade: {},
  merged: {},
  // A command and the webhook about what it did are one cause.
  stops: { slotMs: MINUTE_MS },
  // A branch can be set back to where it was before, and a rollout be as well again: each time is another cause.
  'base-moved': {},
  'home-moved': {},
  measured: {},
  'older-ended': {},
  rival: {},
  peer: {},
  // Once: memory of the older one may be wrong, and its own review puts that right.
  'older-found': {},
  // While it lasts it is found again and again.
  failed: { slotMs: 10 * MINUTE_MS },
  timer: {},
  'in-conflict': {},
  'step-changed': {},
  ended: { slotMs: 5 * SECOND_MS },
  'merge-refused': { slotMs: 15 * SECOND_MS },
  // A destination may be out for hours.
  news: { isPatient: true },
  'step-shown': { isPatient: true },
  'shared-commit': {},
  // It asks every few seconds, about every Canary.
  asked: { slotMs: 5 * SECOND_MS },
  'version-asked': { slotMs: 5 * SECOND_MS },
  // Flagger tells how a rollout ended, and then nothing more.
  told: { isPatient: true },
  // When work is behind, sweeps that come faster must not add the same to it again.
  swept: { slotMs: 5 * SECOND_MS },
  // Each is due at the end of its minute.
  listed: {},
  missed: {},
  started: {},
  interval: {},
}

/** The commit about which something was just said. */
export function mentionedBy(why: Cause): Sha | undefined {
  return why.code === 'signal' ? why.commit : undefined
}
