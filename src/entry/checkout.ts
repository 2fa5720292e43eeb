import { statSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { openWorktree } from '../adapters/checkout/worktree.ts'
import { cachedRenderer } from '../adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../adapters/kustomize/renderer.ts'
import { wishOf } from '../core/command/wish.ts'
import { readCommand } from '../core/command/commands.ts'
import { readAfterVerb } from '../core/command/parse.ts'
import { explainRefusal } from '../core/message/refusal/refusal.ts'
import { terminalText } from '../core/text/inert.ts'
import { plainWords } from '../core/message/markdown/plain-words.ts'
import { patchOf, setText, statusText, switchText } from '../core/message/command-line/terminal.ts'
import type { Standing } from '../core/rollout/standing.ts'
import { planOf } from '../core/rollout/target.ts'
import { explainShares } from '../core/traffic/explain.ts'
import { isSplit, routeId, weightedRules } from '../core/traffic/route.ts'
import { type CheckoutChange, setInCheckout, statusOfCheckout, switchInCheckout } from '../flows/checkout/checkout.ts'
import { handedDown } from './env.ts'
import type { Refusal } from '../core/refusal/refusal.ts'

/** The exit code, and what to print on each stream. Exit codes: 0 done, 1 refused (the reason is on stderr), 2 usage. */
export interface CliResult {
  readonly code: 0 | 1 | 2
  readonly out: string
  readonly err: string
}

/** Anybody may have written the names and contents of files, so no terminal and no CI system may obey what is printed of them. */
export function printed(code: CliResult['code'], out: string, err = ''): CliResult {
  return { code, out: terminalText(out), err: terminalText(err) }
}

/** A command line says what it has to say on its streams. */
export const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

/** `perch set <percent> [service] [--env <name>] [--dir <folder>] [--json]` */
export async function set(words: readonly string[]): Promise<CliResult> {
  const given = readWords(words)
  if (given === undefined)
    return misused('set takes a percent, a service, --env, --json and --dir with a folder that exists')
  const scope = given.env === undefined ? given.words : [...given.words, '--env', given.env]
  const read = readAfterVerb(scope)
  if (!read.ok) return misused(plainWords(explainRefusal({ code: 'not-understood', problem: read.problem })))
  const { command } = read
  if (command.name !== 'set') return misused('set needs a percent, such as: perch set 25')
  const done = await setInCheckout(openTools(given.dir), wishOf(command))
  if (!done.ok) return printRefusal(done.error, given.json)
  return printed(0, given.json ? changeJson(done.value) : setText(done.value))
}

/** `perch switch <version> [service] [--env <name>] [--dir <folder>] [--dry-run] [--json]` */
export async function switchVersion(words: readonly string[]): Promise<CliResult> {
  const given = readWords(words.filter((word) => word !== DRY_RUN))
  if (given === undefined)
    return misused('switch takes a version, a service, --env, --json, --dry-run and --dir with a folder that exists')
  const read = readCommand('switch', given.env === undefined ? given.words : [...given.words, '--env', given.env])
  if (!read.ok) return misused(plainWords(explainRefusal({ code: 'not-understood', problem: read.problem })))
  if (read.command.name !== 'switch') return misused('switch needs a version, such as: perch switch green')
  const wish = wishOf(read.command)
  const done = await switchInCheckout(openTools(given.dir), { wish, isDry: words.includes(DRY_RUN) })
  if (!done.ok) return printRefusal(done.error, given.json)
  return printed(0, given.json ? changeJson(done.value) : switchText(done.value))
}

const DRY_RUN = '--dry-run'

function changeJson({ target, from, to, files }: CheckoutChange<number | string>): string {
  const changed = [...files].map(([path, texts]) => ({ path, patch: patchOf(new Map([[path, texts]])) }))
  const { service, environment } = target
  return json({ service, environment, route: routeId(target.route), from, to, changed })
}

function openTools(dir: string): Parameters<typeof setInCheckout>[0] {
  const renderer = cachedRenderer(openRenderer({ log: QUIET, path: handedDown()['PATH'] ?? '' }))
  return { worktree: openWorktree(dir), renderer }
}

/** `perch status [--env <name>] [--dir <folder>] [--json]` */
export async function status(words: readonly string[]): Promise<CliResult> {
  const given = readWords(words)
  if (given === undefined || given.words.length > 0)
    return misused('status takes --env, --json and --dir with a folder that exists')
  const found = await statusOfCheckout(openTools(given.dir), given.env)
  if (!found.ok) return printRefusal(found.error, given.json)
  const { standings } = found.value
  return printed(0, given.json ? json(standings.map(toJson)) : statusText(standings))
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
    canary: share,
    plan: planOf(target),
    versions: versions ?? null,
    rules,
  }
}

export interface CliOptions {
  readonly words: readonly string[]
  readonly env: string | undefined
  readonly dir: string
  readonly json: boolean
}

/** The words of a command line, as far as all these commands share them; undefined where they are not understood. */
export function readWords(words: readonly string[]): CliOptions | undefined {
  try {
    const options = { env: { type: 'string' }, dir: { type: 'string' }, json: { type: 'boolean' } } as const
    const { values, positionals } = parseArgs({ args: [...words], options, allowPositionals: true })
    const dir = values.dir ?? '.'
    if (!statSync(dir).isDirectory()) return undefined
    return { words: positionals, env: values.env, dir, json: values.json ?? false }
  } catch {
    // An option that is not known, or a folder that is not there: the usage says what is expected.
    return undefined
  }
}

export function printRefusal(refusal: Refusal, isJson: boolean): CliResult {
  const reason = plainWords(explainRefusal(refusal))
  return printed(1, isJson ? json({ refused: refusal.code, reason }) : '', `perch: ${reason}\n`)
}

const USAGE = `Usage: perch set <percent> [service] [--env <name>] [--dir <folder>] [--json]
       perch switch <version> [service] [--env <name>] [--dir <folder>] [--dry-run] [--json]
       perch status [--env <name>] [--dir <folder>] [--json]
       perch diff [<commit> [<commit>]] [--env <name>] [--dir <folder>] [--json]
       perch validate [<commit> [<commit>]] [--env <name>] [--dir <folder>] [--json]
`

export function misused(why: string): CliResult {
  return printed(2, '', `perch: ${why}\n${USAGE}`)
}

export function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}
