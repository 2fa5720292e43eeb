import { repositoryRoot } from '../../adapters/checkout/repository-root.ts'
import { openWorktree } from '../../adapters/checkout/worktree.ts'
import { cachedRenderer } from '../../adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../../adapters/kustomize/renderer.ts'
import { wishOf } from '../../core/command/wish.ts'
import { type CommandProblem, readCommand } from '../../core/command/commands.ts'
import { readAfterVerb } from '../../core/command/parse.ts'
import { explainRefusal } from '../../core/message/refusal/refusal.ts'
import { plainWords } from '../../core/message/markdown/plain-words.ts'
import { patchOf, percentWords, setText, statusText, switchText } from '../../core/message/command-line/terminal.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { noRoute } from '../../core/rollout/find-target.ts'
import type { Standing } from '../../core/rollout/standing.ts'
import { planOf } from '../../core/rollout/target.ts'
import { explainShares } from '../../core/traffic/explain.ts'
import { isSplit, isUnnamed, routeId, weightedRules } from '../../core/traffic/route.ts'
import {
  type CheckoutChange,
  type FileChanges,
  setInCheckout,
  statusOfCheckout,
  switchInCheckout,
} from '../../flows/checkout/checkout.ts'
import { handedDown } from '../process-env.ts'
import { type CliCall, type CliResult, json, printed, printRefusal, QUIET } from './cli-call.ts'
import { coloured } from './coloured.ts'

/** Sets the canary's share in the files. */
export async function set(call: CliCall): Promise<CliResult> {
  const { args, options } = call
  const read = readAfterVerb(options.env === undefined ? args : [...args, '--env', options.env])
  if (!read.ok && !isNumberProblem(read.problem)) return notUnderstood(read.problem)
  if (!read.ok || read.command.name !== 'set') return misused(percentWords(args[0] ?? ''))
  const { command } = read
  const isDry = options.dryRun === true
  const done = await setInCheckout(openTools(call), wishOf(command), isDry)
  if (!done.ok) return printRefusal(done.error, options)
  return changed(call, done.value, setText({ ...done.value, isDry }))
}

/** Switches all traffic of a blue/green service to a version, in the files. */
export async function switchVersion(call: CliCall): Promise<CliResult> {
  const { args, options } = call
  const read = readCommand('switch', options.env === undefined ? args : [...args, '--env', options.env])
  if (!read.ok) return notUnderstood(read.problem)
  if (read.command.name !== 'switch') return misused('switch needs a version')
  const isDry = options.dryRun === true
  const done = await switchInCheckout(openTools(call), { wish: wishOf(read.command), isDry })
  if (!done.ok) return printRefusal(done.error, options)
  return changed(call, done.value, switchText({ ...done.value, isDry }))
}

function changed(call: CliCall, { target, from, to, files }: CheckoutChange<number | string>, text: string): CliResult {
  const { json: isJson = false, dryRun: isDry = false } = call.options
  if (!isJson) return coloured(call, printed(0, text))
  const { service, environment } = target
  const route = routeId(target.route)
  return printed(0, json({ service, environment, route, from, to, isWritten: !isDry, changed: patchesOf(files) }))
}

function isNumberProblem({ code }: CommandProblem): boolean {
  return code === 'bad-percent' || code === 'unknown-command'
}

export function misused(why: string): CliResult {
  return printed(2, '', why)
}

export function notUnderstood(problem: CommandProblem): CliResult {
  return misused(plainWords(explainRefusal({ code: 'not-understood', problem })))
}

/** A patch for each file, for scripts. */
export function patchesOf(files: FileChanges): readonly { readonly path: string; readonly patch: string }[] {
  return [...files].map(([path, texts]) => ({ path, patch: patchOf(new Map([[path, texts]])) }))
}

export function openTools({ options, progress }: CliCall): Parameters<typeof setInCheckout>[0] {
  const renderer = cachedRenderer(openRenderer({ log: QUIET, path: handedDown()['PATH'] ?? '' }))
  return { worktree: openWorktree(repositoryRoot(options.dir ?? '.')), renderer: progress.watch(renderer) }
}

/** Prints the state of the rollouts. */
export async function status(call: CliCall): Promise<CliResult> {
  const { options } = call
  const found = await statusOfCheckout(openTools(call), options.env)
  if (!found.ok) return printRefusal(found.error, options)
  const { standings, snapshot } = found.value
  if (standings.length === 0) return printRefusal(noRoute(snapshot, options.env), options)
  // A file that cannot be read may also contain a rollout.
  const problems = snapshot.problems.length === 0 ? '' : await linesOf(snapshot.problems)
  return printed(0, options.json === true ? json(standings.map(toJson)) : statusText(standings), problems)
}

async function linesOf(problems: readonly Problem[]): Promise<string> {
  return (await import('../../core/message/command-line/terminal-review.ts')).problemLines(problems)
}

function toJson({ target, phase, share, versions }: Standing): object {
  const { route, service, environment, environments } = target
  const rules = (isSplit(route) ? weightedRules(route) : route.rules).map((rule) => ({
    name: rule.label,
    line: rule.line,
    destinations: explainShares(rule).map(({ destination, share: part, reason }) => ({
      host: destination.host,
      subset: destination.subset ?? null,
      role: destination.role,
      weight: destination.weight ?? null,
      share: part ?? null,
      reason: reason ?? null,
    })),
  }))
  const { file, line } = route.place
  return {
    service,
    environment,
    environments,
    route: routeId(route),
    file,
    line,
    phase,
    canary: isUnnamed(route) ? 'unknown' : share,
    plan: planOf(target),
    versions: versions ?? null,
    rules,
  }
}
