import { formatDuration } from '../../config/duration.ts'
import type { GateReason, Verdict } from '../../gate/gate.ts'
import type { RestraintReason } from '../../gate/restraint.ts'
import { analysisWords } from './analysis.ts'
import { liveRemedy, liveSentence } from './live.ts'
import { code, percent, plainText } from '../markdown/markdown.ts'
import { WRITER_NAMES } from '../refusal/owner-refusal.ts'
import { stopWords } from './stop-words.ts'
import { time } from '../markdown/time.ts'

const MARKS = { pass: '✅', wait: '⏳', block: '⛔' } as const

/** One gate as a line of a list. */
export function verdictLine(verdict: Verdict): string {
  return `${MARKS[verdict.state]} **${verdict.gate}** ${code(verdict.target)}: ${sentence(verdict)}`
}

const CELLS = 10

/** The progress of a bake, for a place that may change every few minutes. Empty if nothing bakes. */
export function progressLine({ state, target, reason }: Verdict): string {
  if (reason.code !== 'baking' || state !== 'wait') return ''
  const full = Math.floor(reason.done * CELLS)
  const bar = `${'█'.repeat(full)}${'░'.repeat(CELLS - full)}`
  return `${code(bar)} ${code(target)} has baked for ${percent(Math.floor(reason.done * 100))} of ${formatDuration(reason.bakeMs)}.`
}

/** The command or other action that turns a gate green. Empty if it passes. */
export function remedy({ gate, state, target, reason }: Verdict): string {
  if (state === 'pass') return ''
  if (reason.code === 'base-unreadable') return 'repair the base branch first, in a separate pull request'
  if (reason.code === 'base-owned') return '`/canary 0`, or `/canary override live <reason>` by a maintainer who knows'
  if (reason.code === 'base-undated') return '`/canary override live <reason>`, by a maintainer who knows'
  switch (gate) {
    case 'hold':
      return '`/canary resume`'
    case 'freeze':
      return `${code(`/unfreeze ${target.split('/')[0] ?? ''}`)}, or wait`
    case 'approvals':
      return 'an approving review of this commit'
    case 'conflict':
      if (reason.code === 'rolling') return 'finish that rollout, or `/canary abort` it'
      return 'merge or close the older pull request'
    case 'order':
      if (reason.code === 'source-live') return liveRemedy(reason.liveness)
      if (reason.code === 'skips') return `${code(`/promote ${reason.environment} …`)} instead`
      return 'move the other environment there first'
    case 'live':
      return reason.code === 'live' ? liveRemedy(reason.liveness) : 'wait'
    case 'bake':
      return 'wait'
    case 'analysis':
      return 'wait for the measurements, or `/canary abort`'
    case 'version':
      return 'let the rollout finish or `/canary abort` it, then start the new version'
    case 'queue':
      return 'take one of them out of the queue'
    case 'config':
      return 'change `.github/canary.yml` on the base branch'
  }
}

/** The reason of a gate and, if it does not pass, the next step. Times are UTC, so that an unchanged state has unchanged words. */
export function sentence({ reason, override }: Verdict): string {
  if (override !== undefined)
    return `overridden by ${code(override.by)} for this commit: ${plainText(override.reason)}. Without the override: ${reasonWords(reason)}`
  return reasonWords(reason)
}

function swapWords(share: number): string {
  return `the canary has ${percent(share)} of the traffic, and this pull request would replace its version all at once. Let the rollout finish first, or roll back (\`/canary abort\`, or \`/canary 0\` here), then start the new version at the first step.`
}

function reasonWords(reason: GateReason): string {
  switch (reason.code) {
    case 'live':
      return liveSentence(reason.liveness)
    case 'baking':
      return `must stay live for ${formatDuration(reason.bakeMs)}, from ${time(reason.since)} until ${time(reason.until)}.`
    case 'not-live-yet':
      return 'starts when the step on the base branch is live.'
    case 'canary-swapped':
      return swapWords(reason.share)
    case 'base-unreadable':
      return 'Perch cannot read this rollout on the base branch, so it does not know how much traffic each version gets there. Repair it first, in a pull request of its own: with the canary at 0%, or with the versions and weights that were live.'
    case 'base-owned':
      return ownedBaseWords(reason)
    case 'base-undated':
      return 'the weights on the base branch can only be seen by rendering, so Perch cannot tell how long they have been live. A maintainer who knows can override this gate: `/canary override live <reason>`.'
    case 'held':
    case 'frozen':
    case 'window':
    case 'approvals':
    case 'other-pull':
    case 'after':
    case 'after-behind':
    case 'after-baking':
    case 'after-not-live':
    case 'after-analysis':
    case 'after-done':
    case 'skips':
    case 'rolling':
    case 'no-flow':
    case 'source-live':
      return restraintWords(reason)
    case 'analysis':
      return analysisWords(reason.report)
    case 'two-steps':
      return `${reason.raisers.map(plainRaiser).join(' and ')} both raise it and would merge together. The second step must wait until the first one is live.`
    case 'unchecked':
      return `the config asks for ${code(reason.what)}, which this version of Perch cannot check. To continue without it, remove it from \`.github/canary.yml\`.`
  }
}

function ownedBaseWords({ writer, share }: Extract<GateReason, { readonly code: 'base-owned' }>): string {
  const given = share === 'unknown' ? 'a share that Perch cannot read' : percent(share)
  return `${WRITER_NAMES[writer]} moves this rollout on the base branch, so Git does not say how much traffic the canary has there. After this merge the weights in Git take effect: they give the canary ${given}. Set them to 0% first (\`/canary 0\` here). A maintainer who knows that this share is safe can override this gate: \`/canary override live <reason>\`.`
}

/** `#7` is a link on GitHub; anything else is a short commit. */
function plainRaiser(raiser: string): string {
  return raiser.startsWith('#') ? raiser : code(raiser)
}

function restraintWords(reason: RestraintReason): string {
  switch (reason.code) {
    case 'held':
      return `held${stopWords(reason.stop)} \`/canary resume\` lets it continue.`
    case 'frozen':
      return `the environment is frozen${stopWords(reason.stop)}`
    case 'window': {
      const { environment, until, reason: why } = reason.window
      const because = why === undefined ? '' : ` (${plainText(why)})`
      return `\`.github/canary.yml\` allows no raises in ${code(environment)} until ${time(until)}${because}.`
    }
    case 'approvals':
      return approvalWords(reason)
    case 'other-pull':
      return `#${reason.pull} is older and moves the same route: merge or close it first.`
    case 'skips':
      return `${code(reason.environment)} must come first: promote from there, not from ${code(reason.from)}.`
    case 'rolling':
      return `a rollout of ${code(reason.service)} is running in this environment (${reason.share === 'unknown' ? 'its share cannot be read' : percent(reason.share)}). It must end first.`
    case 'no-flow':
      return 'the base branch no longer has both environments, so Perch cannot tell what this pull request promotes. Close it.'
    case 'source-live':
      return reason.liveness.state === 'live'
        ? `${code(reason.environment)} runs what the base branch has for it.`
        : `${code(reason.environment)} must run what this promotes: ${liveSentence(reason.liveness)}`
    case 'after':
    case 'after-behind':
    case 'after-baking':
    case 'after-not-live':
    case 'after-analysis':
    case 'after-done':
      return orderWords(reason)
  }
}

function approvalWords({ wanted, has }: { readonly wanted: number; readonly has: number }): string {
  const count = `(${has} of ${wanted})`
  if (has >= wanted) return `approved by people with write access ${count}.`
  const left = wanted - has
  return `needs ${left} more ${left === 1 ? 'approval' : 'approvals'} of this commit from people with write access ${count}.`
}

type OrderReason = Exclude<Extract<RestraintReason, { environment: string }>, { code: 'skips' | 'source-live' }>

function orderWords(reason: OrderReason): string {
  const name = code(reason.environment)
  const first = `${name} must do ${stepWords(reason.wave)} first`
  switch (reason.code) {
    case 'after-done':
      return `${name} has done ${stepWords(reason.wave)}.`
    case 'after-behind':
      return `${first}. It is at ${reason.share === 'unknown' ? 'a share that Perch cannot read' : percent(reason.share)} and must reach ${percent(reason.wanted)}, or finish its rollout of this version.`
    case 'after-baking':
      return `${first}: it bakes there until ${time(reason.until)}.`
    case 'after-not-live':
      return `${first}. There: ${liveSentence(reason.liveness)}`
    case 'after-analysis':
      return `${first}. There: ${analysisWords(reason.report)}`
    case 'after':
      return afterWords(name, reason)
  }
}

/** Environments of the same wave and of later waves must take a step before this environment takes the next one. */
function stepWords(wave: OrderReason['wave']): string {
  return wave === 'not-earlier' ? 'the step before this one' : 'this step'
}

function afterWords(name: string, { problem, wave }: Extract<OrderReason, { code: 'after' }>): string {
  const first = `${name} must do ${stepWords(wave)} first`
  switch (problem) {
    case 'missing':
      return wave === undefined
        ? `${first}, but has no such service. Add it there, or remove \`after\` from \`.github/canary.yml\`.`
        : `${name} is in the waves of this service, but Perch finds no such service there. Add it there, or write \`waves\` without ${name} in \`.github/canary.yml\`.`
    case 'owned':
      return `${first}, but a controller in the cluster moves the service there, so Git does not say how far it is. A maintainer who knows can override this gate: \`/canary override order <reason>\`.`
    case 'together':
      return `${first}, but this pull request moves both at once. Move one after the other, with \`--env\`.`
    case 'other-version':
      return wave === 'not-earlier'
        ? `${name} has canary traffic on another version. Finish that rollout, or abort it with \`/canary abort\`. Then this version can continue here.`
        : `${first}. Its traffic goes to another version now.`
    case 'not-stable':
      return `${name} must make this version its stable one first.`
    case 'unreadable':
      return `Perch cannot read the share in ${name}, so it does not know whether another rollout is running there. Repair that first.`
  }
}
