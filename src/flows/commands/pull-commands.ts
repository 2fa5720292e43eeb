import type { Command, CommandLine, PlanCommand, ShareCommand } from '../../core/command/commands.ts'
import type { HeadAge } from '../../core/command/head-age.ts'
import type { PendingComment } from '../../core/command/pending.ts'
import type { Override } from '../../core/gate/gate.ts'
import type { Review } from '../../core/gate/review.ts'
import { sealedText } from '../../core/marker/override.ts'
import { answer } from '../../core/message/comment/answer.ts'
import { configRefusal } from '../../core/refusal/unreadable.ts'
import type { PullRequest, Sha } from '../../core/rollout/facts.ts'
import { relatedTo } from '../../core/rollout/related.ts'
import type { Target } from '../../core/rollout/target.ts'
import { commitCommand } from './commit-command.ts'
import { statusOutcome } from './base-commands.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { orRefusal } from '../repository/github-refusals.ts'
import { ageOfHead } from './head-age.ts'
import { loadConfig, loadSnapshot } from '../repository/load.ts'
import { type CommandAnswer, homeOf } from './pending-commands.ts'
import { notAllowed } from './permission.ts'
import { planOutcome } from './plan.ts'
import { isStacked } from '../repository/pull-ends.ts'
import { baseRefusal, loadBase, notDeployed } from '../rollout/rollouts.ts'
import { freeze, hold, resume, unfreeze } from '../stop/stops.ts'
import { type Outcome, refused } from '../../core/command/outcome.ts'

export interface CommandsResult {
  /** The branch's head after the commands. */
  readonly head: Sha
  /** Answers to post once the checks say what they say. */
  readonly answers: readonly CommandAnswer[]
  /** What the commands passed for that head; the answers that will say so are not posted yet. */
  readonly overrides: readonly Override[]
}

export interface PullCommandContext {
  readonly pull: PullRequest
  readonly base: Sha
  /** The deployed branch that it is judged for. */
  readonly judgedFor: string
  /** What merging a head commit would do, and what its gates say. */
  readonly look: (head: Sha) => Promise<Review>
}

/** Carries out the commands that concern an open (or closed) pull request's own branch. */
export async function runCommands(
  context: RepositoryContext,
  at: PullCommandContext,
  pending: readonly PendingComment[],
): Promise<CommandsResult> {
  let head = at.pull.head.sha
  const answers: CommandAnswer[] = []
  const overrides: Override[] = []
  for (const comment of pending) {
    const outcomes: { command: string; outcome: Outcome }[] = []
    for (const [index, line] of comment.commands.entries()) {
      const pull = { ...at.pull, head: { ...at.pull.head, sha: head } }
      const tried = await orRefusal(() => runOne(context, { ...at, pull, comment, index }, line))
      const done = tried.ok ? tried.value : { head, outcome: refused(tried.error) }
      outcomes.push({ command: line.text, outcome: done.outcome })
      // What was passed was passed for the commit that was there then.
      if (done.head !== head) overrides.length = 0
      if (done.outcome.code === 'overridden') overrides.push(done.outcome.record)
      head = done.head
    }
    answers.push({ comment, body: answer(comment.id, comment.login, outcomes) })
  }
  return { head, answers, overrides }
}

interface CommandContext extends PullCommandContext {
  readonly comment: PendingComment
  readonly index: number
}

async function runOne(
  context: RepositoryContext,
  here: CommandContext,
  line: CommandLine,
): Promise<{ readonly outcome: Outcome; readonly head: Sha }> {
  const { pull, base, comment, index } = here
  const head = pull.head.sha
  if (comment.isLate) return { head, outcome: refused({ code: 'too-late' }) }
  if (!line.result.ok) return { head, outcome: refused({ code: 'not-understood', problem: line.result.problem }) }
  const { command } = line.result
  const denied = await notAllowed(context, comment.login, command.name)
  if (denied !== undefined) return { head, outcome: refused(denied) }
  if (command.name === 'help') return { head, outcome: { code: 'help' } }
  if (command.name === 'status') return { head, outcome: await status(context, here) }
  if (command.name === 'abort') return { head, outcome: refused({ code: 'nothing-to-abort' }) }
  if (pull.state === 'closed') return { head, outcome: refused({ code: 'closed' }) }
  if (!isChange(command)) return { head, outcome: await answerOpen(context, here, command) }
  if (pull.head.isFork) return { head, outcome: refused({ code: 'fork' }) }
  const config = await loadConfig(context, base)
  if (!config.ok) return { head, outcome: refused(configRefusal(config.error)) }
  const id = `${comment.id}.${index}`
  const ageOf = (sha: Sha): Promise<HeadAge> => ageOfHead(context, pull, { head: sha, comment })
  return commitCommand(context, { pull, base, config: config.value }, { command, login: comment.login, id, ageOf })
}

function isChange(command: Command): command is ShareCommand | PlanCommand {
  if (command.name === 'plan') return command.steps !== undefined
  return command.name === 'set' || command.name === 'next' || command.name === 'promote'
}

type OpenCommand = Exclude<Command, ShareCommand | PlanCommand | { name: 'help' | 'status' | 'abort' }>

/** What is asked about an open pull request, or stops what it is about, without a commit to it. */
async function answerOpen(context: RepositoryContext, here: CommandContext, command: OpenCommand): Promise<Outcome> {
  const { pull, comment } = here
  const by = { login: comment.login, cause: String(comment.id), at: comment.createdAt }
  const look = (): Promise<Review> => here.look(pull.head.sha)
  switch (command.name) {
    case 'retry':
      return { code: 'looked-again' }
    case 'why':
    case 'diff':
      return { code: command.name, review: await look() }
    case 'override':
      return passGate(context, here, command)
    case 'hold':
      return hold(context, targetsOf(await look()), { ...by, reason: command.reason })
    case 'resume':
      return resume(context, targetsOf(await look()), by)
    case 'unfreeze':
      return unfreeze(context, command.environment, by)
    case 'freeze': {
      const config = await loadConfig(context, here.base)
      if (!config.ok) return refused(configRefusal(config.error))
      const { environments } = await loadSnapshot(context, here.base, config.value)
      return freeze(context, command, { ...by, environments })
    }
    case 'plan':
      return planOutcome(
        (await look()).changes.map(({ target, from, to }) => ({ target, share: from, proposed: to })),
        command,
      )
  }
}

function targetsOf({ changes }: Review): readonly Target[] {
  return changes.map(({ target }) => target)
}

/** What is passed is passed for one commit, which the author must have been able to see. */
async function passGate(
  context: RepositoryContext,
  { pull, judgedFor, comment, look }: CommandContext,
  command: Extract<Command, { name: 'override' }>,
): Promise<Outcome> {
  if (isStacked({ pull, judgedFor })) return refused({ code: 'override-not-deployed', base: pull.base.ref, judgedFor })
  const head = pull.head.sha
  const age = await ageOfHead(context, pull, { head, comment })
  if (age !== 'seen') return refused({ code: 'head-not-seen', head, age })
  return override(context, command, { login: comment.login, sha: head, review: await look(head) })
}

/** Passes a gate that does not pass by itself; a gate that does, or is none, is a mistake to be told. */
function override(
  { seal }: Pick<RepositoryContext, 'seal'>,
  { gate, reason }: Extract<Command, { name: 'override' }>,
  at: { readonly login: string; readonly sha: Sha; readonly review: Review },
): Outcome {
  const verdicts = at.review.changes.flatMap((change) => change.verdicts)
  const open = [...new Set(verdicts.filter(({ state }) => state !== 'pass').map((verdict) => verdict.gate))]
  if (!open.includes(gate)) return refused({ code: 'gate-not-waiting', gate, open })
  const passed = { gate, by: at.login, reason }
  return { code: 'overridden', record: { ...passed, sha: at.sha, seal: seal(sealedText(passed, at.sha)) } }
}

async function status(context: RepositoryContext, { pull, look }: CommandContext): Promise<Outcome> {
  const base = await loadBase(context, await homeOf(context, pull))
  const proposed = pull.state === 'open' ? (await look(pull.head.sha)).changes : []
  if (base === undefined) return { code: 'status', standings: [], proposed }
  if (!base.ok) return { code: 'refused', refusal: baseRefusal(base.error, pull) }
  const { rollouts, deployed, ref } = base.value
  const related = relatedTo(pull, rollouts, context.botLogin)
  if (ref !== pull.base.ref && related.length === 0)
    return { code: 'status', standings: [], proposed, away: notDeployed(pull, deployed) }
  return { ...(await statusOutcome(context, base.value, related)), proposed }
}
