import { openWorktree } from '../../adapters/checkout/worktree.ts'
import { openCheckout } from '../../adapters/git/checkout.ts'
import { GitUnavailable } from '../../adapters/git/errors.ts'
import { cachedRenderer } from '../../adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../../adapters/kustomize/renderer.ts'
import { cachedValidators } from '../../adapters/policy/cached-validators.ts'
import { openValidators } from '../../adapters/policy/validators.ts'
import { openSchemas } from '../../adapters/schemas/schemas.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { diffText, problemLines, validText, withoutCode } from '../../core/message/command-line/terminal-review.ts'
import { explainProblem } from '../../core/message/problem/problem.ts'
import { gitProblem } from '../../core/problem/files.ts'
import { problemRefusal } from '../../core/refusal/unreadable.ts'
import { plainWords } from '../../core/message/markdown/plain-words.ts'
import { err, type Result } from '../../core/result.ts'
import {
  type CheckoutQuestion,
  type CheckoutReview,
  reviewCheckout,
  reviewFolder,
} from '../../flows/checkout/checkout-review.ts'
import { type CliCall, type CliResult, json, printed, printRefusal, QUIET } from './cli-call.ts'
import { coloured } from './coloured.ts'
import { handedDown } from '../process-env.ts'
import { crdFolders, dryRunKubeconfig, schemaFolders } from '../tool-folders.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'

/** Prints what changes in the rendered environments. */
export async function diffCheckout(call: CliCall): Promise<CliResult> {
  const { options } = call
  const found = await look(call, 'touched')
  if (!found.ok) return printRefusal(found.error, options)
  const { review } = found.value
  const code = review.problems.length === 0 ? 0 : 1
  const problems = problemLines(review.problems)
  if (options.json === true) return printed(code, json(toJson(found.value)), problems)
  // An environment that cannot be compared must not look unchanged.
  const isSilent = code === 1 && review.diffs.length === 0 && review.rows.length === 0
  return coloured(call, printed(code, isSilent ? '' : diffText(review), problems))
}

/** Checks every environment for problems. */
export async function validateCheckout(call: CliCall): Promise<CliResult> {
  const { options } = call
  const found = await look(call, 'all')
  if (!found.ok) return printRefusal(found.error, options)
  const { review, environments } = found.value
  const code = review.problems.length === 0 ? 0 : 1
  if (options.json === true) {
    const { base, head, renderer, validators, problems, notes } = toJson(found.value)
    return printed(code, json({ base, head, renderer, validators, checked: environments, problems, notes }))
  }
  const notes = problemLines(review.notes, 'note: ')
  return printed(code, `${notes}${code === 0 ? validText(environments) : problemLines(review.problems)}`)
}

async function look(
  { args, options, progress }: CliCall,
  scope: CheckoutQuestion['scope'],
): Promise<Result<CheckoutReview, Refusal>> {
  const environment = handedDown()
  const path = environment['PATH'] ?? ''
  const folder = options.dir ?? '.'
  const renderer = progress.watch(cachedRenderer(openRenderer({ log: QUIET, path })))
  const validators = cachedValidators(
    openValidators({
      log: QUIET,
      path,
      schemas: schemaFolders(),
      crds: crdFolders(),
      dryRunKubeconfig: dryRunKubeconfig(),
    }),
  )
  const context = { renderer, validators, schemas: openSchemas() }
  const checkout = await openCheckout({ folder, openWorktree, log: QUIET, environment })
  const question = { refs: args, environment: options.env, scope }
  if (checkout === undefined) {
    if (scope === 'touched' || args.length > 0) return err({ code: 'no-checkout' })
    return reviewFolder({ ...context, worktree: openWorktree(folder) }, question)
  }
  try {
    return await reviewCheckout({ ...context, checkout }, question)
  } catch (error) {
    if (!(error instanceof GitUnavailable)) throw error
    // Nothing is fetched, so objects that a shallow or partial clone lacks stay missing.
    return err(problemRefusal(gitProblem(error.message)))
  } finally {
    await checkout.close()
  }
}

function toJson({ base, head, review }: CheckoutReview) {
  const { rows, diffs, problems, notes, renderer, validators } = review
  return {
    base: base ?? null,
    head: head ?? null,
    renderer: renderer ?? null,
    validators,
    traffic: rows.map(({ environment, route, rule, before, after }) => {
      return { environment, route, rule, before: before ?? null, after: after ?? null }
    }),
    environments: diffs.map(({ environment, state, unknownBefore, hidden, resources }) => ({
      name: environment,
      change: state,
      unknownBefore: unknownBefore === undefined ? null : plainWords(explainProblem(unknownBefore).what),
      hidden,
      resources: resources.map(({ kind, namespace, name, change, added, removed, unshown, patch }) => {
        return { kind, namespace, name, change, added, removed, unshown, patch }
      }),
    })),
    problems: problems.map(problemJson),
    notes: notes.map(problemJson),
  }
}

function problemJson(problem: Problem): object {
  const { code, file, line } = problem
  const { what, next } = explainProblem(problem)
  return { code, file: file ?? null, line, what: plainWords(withoutCode(what, code)), next: plainWords(next) }
}
