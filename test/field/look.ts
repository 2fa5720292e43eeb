/** Looks at one repository in a separate process, so that its memory can be measured. Prints the result as JSON. */
import { diffLines } from 'diff'
import { parse } from 'yaml'
import { openWorktree } from '../../src/adapters/checkout/worktree.ts'
import { cachedRenderer } from '../../src/adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'
import { openSchemas } from '../../src/adapters/schemas/schemas.ts'
import { explainProblem } from '../../src/core/message/problem/problem.ts'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import type { Problem } from '../../src/core/problem/problem.ts'
import { recordOf } from '../../src/core/manifest/data.ts'
import { CONFIG_FILE } from '../../src/core/config/read.ts'
import type { Target } from '../../src/core/rollout/target.ts'
import { isSplit, isUnnamed, routeId } from '../../src/core/traffic/route.ts'
import { reviewFolder } from '../../src/flows/checkout/checkout-review.ts'
import { setInCheckout, statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import { isByDesign } from '../../src/flows/judgement/comparison/known-refusals.ts'
import type { Worktree } from '../../src/ports/worktree.ts'
import { memoryValidators } from '../memory/validators.ts'
import type { RepositoryLook, SplitLook } from './repository-look.ts'
import { QUIET } from '../quiet-log.ts'

const renderer = cachedRenderer(openRenderer({ log: QUIET, path: process.env['PATH'] ?? '' }))

/** Does not write to other people's repositories. An edit is made, proven and discarded. */
function withoutWriting(folder: string): Worktree {
  return { ...openWorktree(folder), write: async () => undefined }
}

function said({ code, file, line, cause }: Problem): string {
  const { what } = explainProblem({ cause })
  return `${code}${file === undefined ? '' : ` ${file}:${line}`} ${plainWords(what)}`
}

/** The config that a person would write for a route whose names do not tell which destination is the canary. */
function configFor({ service, route }: Target): string | undefined {
  const rule = route.rules.find(({ destinations }) => destinations.length > 1)
  const [stable, canary] = [rule?.destinations[0], rule?.destinations.at(-1)].map((one) => one?.subset ?? one?.written)
  if (stable === undefined || canary === undefined || stable === canary) return undefined
  const { kind, name, namespace } = route
  const known = service === name ? {} : { route: { kind, name, namespace } }
  return JSON.stringify({ services: { [service]: { ...known, stable, canary } } })
}

/** The same folder with that config in addition to its own, which other people's repositories mostly do not have. */
function withConfig(worktree: Worktree, text: string): Worktree {
  return {
    ...worktree,
    read: async (treeish, paths, keeps) => {
      const texts = new Map(await worktree.read(treeish, paths, keeps))
      if (paths.includes(CONFIG_FILE)) {
        const [own, added] = [recordOf(parse(texts.get(CONFIG_FILE) ?? '')), recordOf(parse(text))]
        texts.set(CONFIG_FILE, JSON.stringify({ ...own, ...added }))
      }
      return texts
    },
  }
}

function linesOf([path, { before, after }]: [string, { before: string; after: string }]): string[] {
  const parts = diffLines(before, after).filter(({ added, removed }) => added || removed)
  return [path, ...parts.flatMap(({ added, value }) => value.split('\n').map((line) => `${added ? '+' : '-'}${line}`))]
}

async function splitsIn(worktree: Worktree): Promise<SplitLook[]> {
  const found = await statusOfCheckout({ worktree, renderer })
  if (!found.ok) return []
  const splits: SplitLook[] = []
  for (const { target, share } of found.value.standings) {
    const { service, environment, route } = target
    const config = isUnnamed(route) ? configFor(target) : undefined
    if (!isSplit(route) && config === undefined) continue
    // Any share except the current one. With roles from a config, the current share may be that of either destination, so 25 and
    // 50 may be current. 35 is not.
    const percent = config === undefined ? (share === 25 ? 50 : 25) : 35
    const place = config === undefined ? worktree : withConfig(worktree, config)
    const done = await setInCheckout({ worktree: place, renderer }, { kind: 'share', service, environment, percent })
    const refusal = done.ok ? undefined : `${done.error.code} ${plainWords(explainRefusal(done.error))}`
    const roles = config === undefined ? 'found' : 'given'
    const edits = done.ok ? [...done.value.files].flatMap(linesOf) : []
    splits.push({ environment, service, route: routeId(route), roles, refusal, edits })
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
    const { error } = found
    const isTemplate = error.code === 'unreadable' && error.problem?.code === 'template'
    // There is nothing that a pull request could break. Its check is green, with the same words as a note.
    const isEmpty = error.code === 'nothing-found' || error.code === 'no-service' || isTemplate
    const said = [`${error.code} ${plainWords(explainRefusal(error))}`]
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
