/** Makes a chart's stable version the canary's, if values of the environment decide which version that is. */
import {
  finishAttempts,
  isFinished,
  spellingsOf,
  strayChanges,
  type VersionEdit,
  type VersionValue,
  versionValues,
  versionValuesIn,
} from '../../core/chart/finish.ts'
import { environmentOf, releasedTarget } from '../../core/chart/released-target.ts'
import { valuesFilesOf } from '../../core/chart/release.ts'
import type { ProofOfEdit } from '../../core/command/outcome.ts'
import { type Environment, inputsOf } from '../../core/environment/environment.ts'
import { type TextPlace, withReplaced, wordPlaces } from '../../core/layer/feed.ts'
import { titleOf } from '../../core/manifest/identity.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { targetInBuild } from '../../core/rollout/snapshot.ts'
import { roleRefusal } from '../../core/refusal/finish-refusal.ts'
import type { Target } from '../../core/rollout/target.ts'
import { renderEnvironment, type TreeSnapshot } from '../judgement/comparison/render.ts'
import type { ProvenEdit } from './experiment.ts'
import { ownTexts } from './own-numbers.ts'
import { type PlaceSearch, placesShown } from './places-shown.ts'

type Context = PlaceSearch['context']

/**
 * New texts of values, proven by rendering; or else what must be rendered, and where to begin. The environments of a wave finish
 * together.
 */
export async function finishCharts(
  context: Context,
  side: TreeSnapshot,
  [target, ...more]: readonly [Target, ...Target[]],
): Promise<Result<ProvenEdit, Refusal>> {
  const first = await finishOf(context, side, target)
  if (!first.ok) return first
  if (more.length === 0) return ok(first.value.edit)
  const found = [first.value]
  for (const other of more) {
    const one = await finishOf(context, side, other)
    if (!one.ok) return one
    found.push(one.value)
  }
  const finishes = found.map(({ finish }) => finish)
  const changes = finishes.flatMap((finish) => finish.changes)
  const texts = await context.mirror.read(side.treeish, [...new Set(changes.map(([{ file }]) => file))])
  const files = withReplaced(texts, changes)
  const proof = await proveFinish(context, side, { files, finishes })
  return proof === undefined ? err(first.value.otherwise) : ok({ files, proof })
}

/** How one target finishes. */
interface FinishOfTarget {
  readonly finish: TargetFinish
  readonly edit: ProvenEdit
  /** What a person has to do if it cannot finish together with others. */
  readonly otherwise: Refusal
}

async function finishOf(
  context: Context,
  side: TreeSnapshot,
  target: Target,
): Promise<Result<FinishOfTarget, Refusal>> {
  const environment = environmentOf(target)
  const values = versionValues(target)
  if (environment === undefined || values.length === 0)
    return err({ code: 'cannot-edit', refusal: roleRefusal(target) ?? { code: 'no-version', ...target.route.place } })
  const texts = await context.mirror.read(side.treeish, inputsOf(environment))
  const everything = new Set(target.layout.environments.map(({ name }) => name))
  const all = ownTexts({ environment, layout: target.layout, wanted: everything }, texts)
  const placesOf = (some: readonly VersionValue[]): ReturnType<typeof placesShown> => {
    const words = new Set(some.flatMap((value) => [...spellingsOf(value).keys()]))
    const valuesIn: PlaceSearch['valuesIn'] = (objects) => versionValuesIn(some, objects)
    return placesShown({ context, side, environment, texts, valuesIn, builds: 0 }, wordPlaces(all, words))
  }
  // Labels are common words, such as `stable`. If changing them breaks builds, the values of what the pods run can still be
  // found.
  const [runs, labels] = [values.filter(({ isLabel }) => !isLabel), values.filter(({ isLabel }) => isLabel)]
  const places = new Map([...(await placesOf(runs)), ...(await placesOf(labels))])
  const own = ownTexts({ environment, layout: target.layout, wanted: new Set(target.environments) }, texts)
  const mine = new Map([...places].filter(([, { file }]) => own.has(file)))
  const otherwise = {
    code: 'cannot-edit',
    refusal: finishRefusal({ target, environment, values, places }),
  } as const
  for (const changes of finishAttempts(values, mine)) {
    const files = withReplaced(texts, changes)
    const finish = { target, changes }
    const proof = await proveFinish(context, side, { files, finishes: [finish] })
    if (proof !== undefined) return ok({ finish, edit: { files, proof }, otherwise })
  }
  return err(otherwise)
}

interface TargetFinish {
  readonly target: Target
  readonly changes: readonly VersionEdit[]
}

interface FinishEdit {
  readonly files: ReadonlyMap<string, string>
  readonly finishes: readonly TargetFinish[]
}

/** Undefined if anything other than the version changes in an environment, or if the versions are not the same afterwards. */
async function proveFinish(context: Context, side: TreeSnapshot, edit: FinishEdit): Promise<ProofOfEdit | undefined> {
  const environments = edit.finishes.flatMap(({ target }) => target.environments)
  const users = side.snapshot.environments.filter((one) => inputsOf(one).some((file) => edit.files.has(file)))
  for (const environment of users) if (!(await isProven(context, { ...side, environment }, edit))) return undefined
  const rendered = users.map(({ name }) => name)
  return { rendered, changed: rendered.filter((name) => environments.includes(name)) }
}

async function isProven(
  context: Context,
  { treeish, snapshot, environment }: TreeSnapshot & { readonly environment: Environment },
  { files, finishes }: FinishEdit,
): Promise<boolean> {
  const texts = await context.mirror.read(treeish, inputsOf(environment))
  const changed = new Map([...texts, ...files])
  const { secrets } = snapshot.config
  const render = (own: ReadonlyMap<string, string>): ReturnType<typeof renderEnvironment> =>
    renderEnvironment(context, { environment, texts: own, secrets })
  const [before, after] = await Promise.all([render(texts), render(changed)])
  if (!before.ok || !after.ok || !before.parsed.ok || !after.parsed.ok) return false
  const own = finishes.filter(({ target }) => target.environments.includes(environment.name))
  const meant = own.flatMap(({ changes }) => changes)
  if (strayChanges(before.parsed.objects, after.parsed.objects, meant).length > 0) return false
  return own.every(({ target }) => {
    const then = targetIn(target, environment, { texts: changed, yaml: after.yaml })
    return then !== undefined && isFinished(then)
  })
}

function targetIn(
  target: Target,
  environment: Environment,
  { texts, yaml }: { readonly texts: ReadonlyMap<string, string>; readonly yaml: string },
): Target | undefined {
  const { release } = environment
  return release === undefined
    ? targetInBuild(target, { environment, texts, yaml })
    : releasedTarget(target, { release, texts, yaml })
}

/** Nobody reads more in one sentence. */
const MAX_VALUES = 3

function finishRefusal({
  target,
  environment,
  values,
  places,
}: {
  readonly target: Target
  readonly environment: Environment
  readonly values: readonly VersionValue[]
  readonly places: ReadonlyMap<string, TextPlace>
}): Extract<Refusal, { code: 'cannot-edit' }>['refusal'] {
  const { release } = environment
  const own = release === undefined ? [] : valuesFilesOf(release.release)
  const runs = values.filter(({ isLabel }) => !isLabel)
  const shown = (runs.length > 0 ? runs : values).slice(0, MAX_VALUES).map(({ key, object, path, was, wanted }) => {
    const file = places.get(key)?.file
    const others = (file === undefined ? [] : (target.layout.owners.get(file) ?? [])).filter(
      (name) => !target.environments.includes(name),
    )
    return {
      title: titleOf(object),
      field: path.join('.'),
      was: wordOf(path, was),
      wanted: wordOf(path, wanted),
      file,
      others,
    }
  })
  const [environmentName = ''] = target.environments
  return {
    code: 'chart-version',
    ...target.route.place,
    name: target.service,
    environment: environmentName,
    values: shown,
    valuesFile: own.at(-1),
  }
}

/** Environment variables and arguments of pods may be secret. */
function wordOf(path: VersionValue['path'], value: unknown): string | undefined {
  const isOpen = path.at(-1) === 'image' || path.includes('labels') || path.includes('selector')
  return isOpen && typeof value === 'string' ? value : undefined
}
