import type { CommandProblem } from '../command/commands.ts'
import { COMMANDS } from '../command/commands.ts'
import type { Permission, Sha } from '../rollout/facts.ts'
import type { MoveRefusal } from '../rollout/move.ts'
import { code, list, percent } from './markdown.ts'

/** Why a command was not carried out. */
export type Refusal =
  | { readonly code: 'not-allowed'; readonly login: string; readonly needs: Permission; readonly has: Permission }
  | { readonly code: 'not-understood'; readonly problem: CommandProblem }
  | { readonly code: 'fork' }
  | { readonly code: 'closed' }
  | {
      readonly code: 'no-service'
      readonly asked: string | undefined
      readonly environment: string | undefined
      readonly known: readonly string[]
    }
  | {
      readonly code: 'shared-file'
      readonly asked: string
      readonly file: string
      readonly environments: readonly string[]
      readonly all: string
    }
  | { readonly code: 'render-leak'; readonly name: string; readonly also: readonly string[] }
  | { readonly code: 'ambiguous'; readonly choices: readonly string[] }
  | { readonly code: 'head-is-other'; readonly asked: Sha; readonly head: Sha }
  | { readonly code: 'head-keeps-moving' }
  | { readonly code: 'no-next-step'; readonly name: string; readonly share: number }
  | { readonly code: 'nothing-to-abort' }
  | { readonly code: 'cannot-edit'; readonly refusal: MoveRefusal }
  | { readonly code: 'unreadable'; readonly what: string; readonly next: string }
  | { readonly code: 'branch-taken'; readonly branch: string }

/** Why not, and what to do. */
export function explainRefusal(refusal: Refusal): string {
  switch (refusal.code) {
    case 'not-allowed':
      return `${code(refusal.login)} cannot do this: it needs **${refusal.needs}** access to this repository, and you have ${refusal.has}. Ask somebody who has it to comment the same.`
    case 'not-understood':
      return explainCommand(refusal.problem)
    case 'fork':
      return 'This pull request comes from a fork, and Perch commits only to branches of this repository. Push the branch here and open the pull request from it.'
    case 'closed':
      return 'This pull request was closed without merging. Reopen it, or comment on an open one.'
    case 'no-service':
      return explainNoService(refusal)
    case 'shared-file':
      return `The weights of ${code(refusal.asked)} are in ${code(refusal.file)}, which ${list(refusal.environments)} share. To change all of them, say \`--env ${refusal.all}\`; to change one, give it a file of its own.`
    case 'render-leak':
      return `Nothing was committed: the edit for ${code(refusal.name)} would also have changed ${list(refusal.also)} in the rendered environment.`
    case 'ambiguous':
      return `More than one rollout fits. Say which:\n${refusal.choices.map((choice) => `- ${code(choice)}`).join('\n')}`
    case 'head-is-other':
      return `The command names commit ${code(refusal.asked.slice(0, 7))}, but the head is ${code(refusal.head.slice(0, 7))} now. Look at the new commit and comment again.`
    case 'head-keeps-moving':
      return 'Somebody keeps pushing to this branch. Comment again when it is quiet.'
    case 'no-next-step':
      return refusal.share === 0
        ? `${code(refusal.name)} has no rollout to go on with. Start one with \`/canary <percent>\`.`
        : `${code(refusal.name)} is at ${percent(refusal.share)}; there is no step after that.`
    case 'nothing-to-abort':
      return 'No rollout of this pull request has canary traffic on the base branch, and no step is open. Close the pull request, or lower its share with `/canary 0`.'
    case 'cannot-edit':
      return explainMove(refusal.refusal)
    case 'unreadable':
      return `${refusal.what} ${refusal.next}`
    case 'branch-taken':
      return `The branch ${code(refusal.branch)} exists and holds commits that are not Perch's. Rename or delete it, and comment again.`
  }
}

function explainNoService({ asked, environment, known }: Extract<Refusal, { code: 'no-service' }>): string {
  const where = environment === undefined ? '' : ` in environment ${code(environment)}`
  const what =
    asked === undefined
      ? `No route with a stable and a canary destination was found${where}.`
      : `There is no service ${code(asked)}${where} with a stable and a canary destination.`
  const next =
    known.length === 0
      ? 'Add a VirtualService rule with a destination for each, or name them in `.github/canary.yml`.'
      : `Known here: ${list(known)}.`
  return `${what} ${next}`
}

function explainCommand(problem: CommandProblem): string {
  switch (problem.code) {
    case 'unknown-command': {
      const meant = problem.meant === undefined ? '' : ` Did you mean ${code(problem.meant)}?`
      return `${code(problem.word)} is no command.${meant} \`/canary help\` lists them.`
    }
    case 'bad-percent':
      return `${code(problem.word)} is no percent: write a number from 0 to 100, such as \`/canary 25\`.`
    case 'bad-argument':
      return `${code(problem.word)} does not belong there. Usage: ${code(COMMANDS[problem.name].usage)}`
    case 'missing-value':
      return `${code(problem.word)} needs a name behind it. Usage: ${code(COMMANDS[problem.name].usage)}`
  }
}

function explainMove(refusal: MoveRefusal): string {
  const place = code(`${refusal.file}:${refusal.line}`)
  switch (refusal.code) {
    case 'no-room':
      return `Not possible at ${place}: the other destinations of rule ${code(refusal.rule)} keep their weights, which leaves the canary at most **${refusal.most}%**.`
    case 'several-of-a-role':
      return `Rule ${code(refusal.rule)} at ${place} has more than one stable or canary destination. Name them in \`.github/canary.yml\`, or merge the entries.`
    case 'not-divisible':
      return `The weights of rule ${code(refusal.rule)} at ${place} sum to ${refusal.total}, which cannot express that share in whole numbers. Use another share, or a total of 100.`
    case 'invalid-weight':
      return `Rule ${code(refusal.rule)} at ${place} has a weight that is no whole number from 0. Istio refuses it; fix it first.`
    case 'no-such-rule':
      return `\`.github/canary.yml\` names rule ${code(refusal.rule)}, which ${code(refusal.route)} at ${place} does not have.`
    case 'no-version':
      return `Perch cannot see how the versions behind the route at ${place} are set: no DestinationRule subset or Service selector with the same label keys for both. Make the stable version the canary's in a pull request of your own; the weights follow then.`
    case 'anchored':
    case 'aliased':
      return `The value at ${place} is a YAML ${refusal.code === 'anchored' ? 'anchor' : 'alias'}: changing it would change other places too. Write it out as a plain number.`
    case 'block-text':
    case 'no-place':
      return `The value at ${place} is written in a way that Perch cannot change exactly. Write it as a plain value on its own line.`
    case 'would-leak':
      return `Changing ${place} would have changed something else in the file too, so nothing was written. Please simplify the YAML there.`
  }
}
