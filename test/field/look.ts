/** Looks at one repository in a process of its own, so that its memory can be measured, and prints what it found as JSON. */
import { openWorktree } from '../../src/adapters/checkout/worktree.ts'
import { cachedRenderer } from '../../src/adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'
import { openSchemas } from '../../src/adapters/schemas/schemas.ts'
import { explainProblem } from '../../src/core/message/problem/problem.ts'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import type { Problem } from '../../src/core/problem/problem.ts'
import { isSplit, routeId } from '../../src/core/traffic/route.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { setInCheckout, statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import { isByDesign } from '../../src/flows/judgement/known-refusals.ts'
import type { Worktree } from '../../src/ports/worktree.ts'
import { memoryValidators } from '../memory/validators.ts'
import type { RepositoryLook, SplitLook } from './repository-look.ts'

const QUIET = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const renderer = cachedRenderer(openRenderer({ log: QUIET, path: process.env['PATH'] ?? '' }))

/** Nothing is written to the repositories of others: an edit is made, proven and thrown away. */
function withoutWriting(folder: string): Worktree {
  return { ...openWorktree(folder), write: async () => undefined }
}

function said({ code, file, line, cause }: Problem): string {
  const { what } = explainProblem({ cause })
  return `${code}${file === undefined ? '' : ` ${file}:${line}`} ${plainWords(what)}`
}

async function splitsIn(worktree: Worktree): Promise<SplitLook[]> {
  const found = await statusOfCheckout({ worktree, renderer })
  if (!found.ok) return []
  const splits: SplitLook[] = []
  for (const { target, share } of found.value.standings) {
    if (!isSplit(target.route)) continue
    const { service, environment } = target
    // Any share that is not the one that it has.
    const percent = share === 25 ? 50 : 25
    const done = await setInCheckout({ worktree, renderer }, { kind: 'share', service, environment, percent })
    const refusal = done.ok ? undefined : `${done.error.code} ${plainWords(explainRefusal(done.error))}`
    splits.push({ environment, service, route: routeId(target.route), refusal })
  }
  return splits
}

async function look(folder: string): Promise<RepositoryLook> {
  const worktree = withoutWriting(folder)
  const began = performance.now()
  const found = await reviewFolder(
    { worktree, renderer, schemas: openSchemas(), validators: memoryValidators() },
    { environment: undefined },
  )
  const seconds = (performance.now() - began) / 1000
  const splits = await splitsIn(worktree)
  const megabytes = process.resourceUsage().maxRSS / 1024
  if (!found.ok) {
    // There is nothing that a pull request could break.
    const isEmpty = found.error.code === 'nothing-found' || found.error.code === 'no-service'
    const said = [`${found.error.code} ${plainWords(explainRefusal(found.error))}`]
    const [reds, notes] = isEmpty ? [[], said] : [said, []]
    return { environments: [], reds, unseen: [], notes, splits, seconds, megabytes }
  }
  const { environments, review } = found.value
  const { unseen = [], reds = [] } = Object.groupBy(review.problems, (one) => (isByDesign(one) ? 'unseen' : 'reds'))
  const notes = review.notes.map(said)
  return {
    environments: [...environments],
    reds: reds.map(said),
    unseen: unseen.map(said),
    notes,
    splits,
    seconds,
    megabytes,
  }
}

process.stdout.write(JSON.stringify(await look(process.argv[2] ?? '.')))
