import { closest, distance } from 'fastest-levenshtein'
import { type CommandProblem, usageOf } from '../../command/commands.ts'
import { OVERRIDABLE } from '../../gate/names.ts'
import type { RolloutChoice } from '../../rollout/target.ts'
import { clip, fitLines } from '../../text/limits.ts'
import { explainGateRefusal } from './gate-refusal.ts'
import { explainGitHubRefusal } from './github-refusal.ts'
import { code, list } from '../markdown/markdown.ts'
import { explainProblem } from '../problem/problem.ts'
import { explainOwner } from './owner-refusal.ts'
import { explainMove } from './move-refusal.ts'
import { explainPromotion } from './promotion-refusal.ts'
import { explainStep } from './step-refusal.ts'
import { explainSwitch } from './switch-refusal.ts'
import { explainStale } from './stale-refusal.ts'
import type { Refusal } from '../../refusal/refusal.ts'

/** Why Perch refuses something, and what to do. */
export function explainRefusal(refusal: Refusal): string {
  if (refusal.code === 'owned') return explainOwner(refusal)
  if (refusal.code === 'branch-behind') return explainStale(refusal)
  return refusal.code === 'promotion' ? explainPromotion(refusal.why) : explainOther(refusal)
}

function explainOther(refusal: Exclude<Refusal, { readonly code: 'promotion' | 'owned' | 'branch-behind' }>): string {
  switch (refusal.code) {
    case 'not-allowed':
      return `${code(refusal.login)} cannot do this: it needs **${refusal.needs}** access to this repository, and you have ${refusal.has}. Ask somebody who has it to comment the same.`
    case 'not-understood':
      return explainCommand(refusal.problem)
    case 'mixed':
      return 'This comment also aborts a rollout, so Perch carries out nothing else in it. Write the other commands in a comment of their own.'
    case 'no-service':
      return explainNoService(refusal)
    case 'no-effect':
    case 'render-leak':
      return explainProof(refusal)
    case 'shared-file':
    case 'ambiguous':
    case 'listed-twice':
      return explainChoice(refusal)
    case 'fork':
    case 'closed':
    case 'head-is-other':
    case 'head-keeps-moving':
    case 'head-not-seen':
    case 'too-late':
      return explainStale(refusal)
    case 'is-blue-green':
    case 'is-canary':
    case 'unknown-version':
      return explainSwitch(refusal)
    case 'no-next-step':
    case 'step-undone':
    case 'not-of-step':
    case 'nothing-to-abort':
      return explainStep(refusal)
    case 'no-rollout':
    case 'nothing-held':
    case 'not-frozen':
    case 'in-the-past':
    case 'gate-not-waiting':
    case 'no-head':
    case 'override-not-deployed':
    case 'not-deployed':
    case 'plan-on-merged':
      return explainGateRefusal(refusal)
    case 'cannot-edit':
      return explainMove(refusal.refusal)
    case 'unreadable':
      return explainUnreadable(refusal)
    case 'no-checkout':
    case 'no-such-commit':
    case 'nothing-found':
    case 'no-environment':
      return explainCheckout(refusal)
    case 'branch-taken':
    case 'step-changed':
    case 'branch-gone':
      return explainBranch(refusal)
    case 'github-refused':
      return explainGitHubRefusal(refusal)
  }
}

/** Why Perch gave up an edit after rendering it. */
function explainProof(refusal: Extract<Refusal, { code: 'no-effect' | 'render-leak' }>): string {
  if (refusal.code === 'no-effect')
    return `Nothing was committed: environment ${code(refusal.environment)} would not render what was asked for${refusal.missing.length === 0 ? '' : ` (${list(refusal.missing.slice(0, 3))})`}. Something other than ${code(refusal.file)} sets it, such as a replacement, a variable or a plugin. Change it there.`
  if (refusal.source !== undefined)
    return `Nothing was committed: the weights of ${code(refusal.name)} come from the value at ${code(`${refusal.source.file}:${refusal.source.line}`)}, which also sets ${list(refusal.also.slice(0, 5))} in environment ${code(refusal.environment)}. Give ${code(refusal.name)} a value of its own, and comment again.`
  return `Nothing was committed: the edit for ${code(refusal.name)} would also have changed ${list(refusal.also.slice(0, 5))} in environment ${code(refusal.environment)}. Move what should change into a file or patch of its own, and comment again.`
}

/** Asks which of several objects a command means. */
function explainChoice(refusal: Extract<Refusal, { code: 'shared-file' | 'ambiguous' | 'listed-twice' }>): string {
  switch (refusal.code) {
    case 'shared-file':
      return `The weights are in ${code(refusal.file)}, which ${list(refusal.environments)} share. Say which of them to change:\n${[refusal.all, ...refusal.environments].map((environment) => choiceLine({ service: refusal.service, environment })).join('\n')}`
    case 'ambiguous':
      return explainAmbiguous(refusal.choices)
    case 'listed-twice':
      return `Environment ${code(refusal.environment)} has ${code(refusal.service)} several times, in ${list(refusal.files)}, and nothing says which one is applied. Keep only one of them there, or move each into its own folder. Then comment again.`
  }
}

/** The maximum number of mistyped letters in a name. */
const MOST_OFF = 2

type CheckoutRefusal = Extract<Refusal, { code: 'no-checkout' | 'no-such-commit' | 'nothing-found' | 'no-environment' }>

/** Why a checkout has nothing to work on. */
function explainCheckout(refusal: CheckoutRefusal): string {
  switch (refusal.code) {
    case 'no-checkout':
      return 'There is nothing to compare with: this folder is not in a git checkout. Run it in one, or name one with `--dir`. `perch validate` works without one.'
    case 'no-such-commit':
      return `There is no commit ${code(refusal.name)} in this checkout. Fetch it, or name one that \`git log\` shows.`
    case 'nothing-found':
      if (refusal.hasNewConfig === true)
        return 'There is no environment before this change, and a comparison uses the config from before it. Commit `.github/canary.yml` first.'
      return 'There is no environment here: no kustomize root, no Helm chart that something deploys, and no folder with Kubernetes objects. Run this in the repository or name its folder (`--dir`), or list the environments in `.github/canary.yml`.'
    case 'no-environment':
      return `There is no environment ${code(refusal.asked)} here. ${knownEnvironments(refusal)}`
  }
}

function knownEnvironments({ asked, known }: Extract<Refusal, { code: 'no-environment' }>): string {
  if (known.length === 0) return 'Perch found no environments: add a kustomization or manifests.'
  const near = closest(asked, known)
  const meant = distance(asked, near) <= MOST_OFF ? `Did you mean ${code(near)}? ` : ''
  return `${meant}Known here: ${list(known)}.`
}

/** The problem with its place. */
function explainUnreadable({ problem, isEdited }: Extract<Refusal, { code: 'unreadable' }>): string {
  const { what, next } =
    problem === undefined ? { what: 'The config is not valid.', next: '' } : explainProblem(problem)
  const place = problem?.file === undefined ? '' : ` (${code(`${problem.file}:${problem.line}`)})`
  return `${isEdited ? 'Nothing was committed. ' : ''}${what}${place} ${next}`
}

function explainAmbiguous(choices: readonly RolloutChoice[]): string {
  const lines = choices.map(choiceLine)
  return `More than one rollout fits. Say which:\n${fitLines(lines, 8_000, moreChoices).join('\n')}`
}

/** The arguments after `/canary 25` that select one of several rollouts. */
function choiceLine({ service, environment }: RolloutChoice): string {
  return `- ${code(`${service} --env ${environment}`)}`
}

type BranchRefusal = Extract<Refusal, { code: 'branch-taken' | 'step-changed' | 'branch-gone' }>

function explainBranch(refusal: BranchRefusal): string {
  switch (refusal.code) {
    case 'branch-taken':
      return `The branch ${code(refusal.branch)} already exists, but it has commits that are not Perch's, or a pull request for another base. Rename or delete it, and comment again.`
    case 'step-changed':
      return `Somebody pushed to the step #${refusal.pull}, so Perch does not rebuild it on the current base: that would lose their work. Merge it yourself, or close it and delete its branch ${code(refusal.branch)}. Then \`/canary next\` opens the step again, and \`/canary abort\` opens a rollback.`
    case 'branch-gone':
      return `The branch ${code(refusal.branch)} no longer exists. Restore it on the pull request's page, and comment again.`
  }
}

function moreChoices(left: number): string {
  return `- … and ${left} more`
}

function explainNoService({
  asked,
  environment,
  known,
  charts = [],
}: Extract<Refusal, { code: 'no-service' }>): string {
  const where = environment === undefined ? '' : ` in environment ${code(environment)}`
  const what =
    asked === undefined
      ? `No route with a stable and a canary destination was found${where}.`
      : `There is no service ${code(asked)}${where} with a stable and a canary destination.`
  const remote = charts.map(({ title, chart }) => `${code(title)} (chart ${code(chart)})`)
  const other = known.length === 0 ? '' : ` Known here: ${list(known)}.`
  if (remote.length > 0)
    return `${what}${other} A chart that is not in this repository may create it: ${remote.join(', ')}. Perch never downloads charts. Commit the chart to this repository and release it from there, so that Perch can render it.`
  const next =
    known.length === 0
      ? 'Add a VirtualService or Gateway API route with a destination for each, or name them in `.github/canary.yml`.'
      : `Known here: ${list(known)}.`
  return `${what} ${next}`
}

function explainCommand(problem: CommandProblem): string {
  switch (problem.code) {
    case 'unknown-command': {
      const meant = problem.meant === undefined ? '' : ` Did you mean ${code(problem.meant)}?`
      return `Unknown command ${code(problem.word)}.${meant} \`/canary help\` lists all commands.`
    }
    case 'bad-percent':
      return `${code(problem.word)} is not a percentage from 0 to 100. Write for example \`/canary 25\`.`
    case 'bad-plan':
      return `${code(problem.word)} is not a plan. Write rising percentages up to 100, for example \`/canary plan 5,25,50,100\`.`
    case 'bad-time':
      return `${code(problem.word)} is not a time. Write how long, for example \`2h\`, or until when, for example \`2026-12-24T18:00Z\`.`
    case 'bad-gate':
      return `${code(problem.word)} is not a gate that can be overridden. Use one of ${list(OVERRIDABLE)}.`
    case 'bad-argument':
      return `${code(problem.word)} is not expected there. Usage: ${code(usageOf(problem.name))}`
    case 'missing-value':
      return `${code(problem.word)} is incomplete. Usage: ${code(usageOf(problem.name))}`
    case 'too-complex':
      return `This comment is too large or too deeply nested for Perch to read, so nothing in it was carried out. Write ${code(clip(problem.word, 100))} in a comment of its own.`
    case 'too-many':
      return `This comment has more than ${problem.most} commands, so none of them was carried out. Write fewer in one comment.`
  }
}
