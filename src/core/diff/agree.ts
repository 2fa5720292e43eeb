import { disagreement } from '../problem/merge.ts'
import type { Problem } from '../problem/problem.ts'
import { type Difference, differences, settled } from '../layer/compare.ts'
import { nameOf } from '../environment/tree.ts'
import { layeredIn } from '../layer/layered.ts'
import { edited } from '../layer/operations.ts'
import { canonicalText, isRecord, type Path, valueAt, sameData } from '../manifest/data.ts'
import type { ManifestObject } from '../manifest/parse.ts'
import type { MoveEdit, ObjectChange } from '../rollout/move.ts'
import type { Target } from '../rollout/target.ts'
import { canaryShare } from '../traffic/route.ts'
import { type RenderedObject } from './objects.ts'
import { pairObjects } from './pair.ts'
import { asRendered, finderIn } from './rendered-route.ts'
import { renderedRoutes } from './routes.ts'
import { identityKey, identityOf, nameInTitle, type ObjectIdentity, titleOf } from '../manifest/identity.ts'

/**
 * How two renders of an environment differ from the intended change of its objects. `also`: unintended changes; `missing`:
 * intended changes that do not appear. If both are empty, the renders show exactly the intended change.
 */
export interface Mismatch {
  readonly also: readonly string[]
  readonly missing: readonly string[]
}

/**
 * Compares the changes in an environment's render with the intended ones, path by path. In an environment that is in none of the
 * changes, nothing may change.
 */
export function mismatchOf(
  environment: string,
  objects: { readonly before: readonly RenderedObject[]; readonly after: readonly RenderedObject[] },
  { changes, fed }: Pick<MoveEdit, 'changes' | 'fed'>,
): Mismatch {
  const find = finderIn(environment, objects.after)
  const wanted = new Map(
    changes
      .filter(({ target }) => target.environments.includes(environment))
      .flatMap((change) => wantedIn(environment, change, find)),
  )
  const also: string[] = []
  const missing: string[] = []
  for (const { before: old, after: now } of pairObjects(objects.before, objects.after)) {
    const either = now ?? old
    if (either === undefined) continue
    const key = identityKey(either)
    const expected = wanted.get(key)
    const found = differences(comparable(old?.data), comparable(now?.data))
    const isFed = (one: Difference): boolean =>
      isSource(either, { path: one.path, was: valueAt(old?.data, one.path), now: one.after }, fed)
    const more = found.filter((one) => !isFed(one) && !isToldBy(either, one.path, changes))
    // The paths inside of an unexpected object are not named, because the object may be a Secret.
    if (expected === undefined) also.push(...(more.length > 0 ? [titleOf(either)] : []))
    else {
      wanted.delete(key)
      const name = ({ path }: Difference): string => `${titleOf(either)} ${path.join('.')}`
      also.push(...more.filter((one) => !expected.differences.some((other) => isRendered(other, one))).map(name))
      missing.push(...expected.differences.filter((one) => !found.some((other) => isRendered(one, other))).map(name))
    }
  }
  const lost = [...wanted.values()].filter((object) => object.differences.length > 0)
  missing.push(...lost.map(({ kind, name }) => `${kind} ${name}`))
  return { also, missing }
}

interface ExpectedObject extends ObjectIdentity {
  readonly differences: readonly Difference[]
}

function wantedIn(
  environment: string,
  { target, object, edits }: ObjectChange,
  find: ReturnType<typeof finderIn<RenderedObject>>,
): [string, ExpectedObject][] {
  const { layout } = target
  const layered = layeredIn(layout, environment, object)
  if (layered === undefined) return []
  const { data } = layered.object
  const own = edits.map((edit) => ({ ...edit, path: edit.path.slice(object.at.length) }))
  const identity = identityOf(find({ layout, object }) ?? layered.rendered)
  const wanted = { ...identity, differences: differences(settled(data), settled(edited(data, own))) }
  return [[identityKey(identity), wanted]]
}

/**
 * Whether a value differs only because a weight is taken from it: the text of a ConfigMap or an annotation in which only the
 * intended numbers changed.
 */
function isSource(
  { kind, group }: ObjectIdentity,
  value: { readonly path: Path; readonly was: unknown; readonly now: unknown },
  fed: MoveEdit['fed'],
): boolean {
  const { path, was, now } = value
  return fed.length > 0 && mayBeSource({ kind, group }, path) && (isNameOf(path) || isSameButFor(fed, was, now))
}

function mayBeSource({ kind, group }: Pick<ObjectIdentity, 'kind' | 'group'>, path: Path): boolean {
  const isConfigMap = kind === 'ConfigMap' && group === ''
  const isDeployer = ['argoproj.io', 'helm.toolkit.fluxcd.io', 'kustomize.toolkit.fluxcd.io'].includes(group)
  const isNote = path[0] === 'metadata' && path[1] === 'annotations'
  return isConfigMap || isDeployer || isNote
}

/** The name of a generated ConfigMap depends on its content. */
function isNameOf(path: Path): boolean {
  return path.join('.') === 'metadata.name' || (path.includes('valuesFrom') && path.at(-1) === 'name')
}

function isSameButFor(fed: MoveEdit['fed'], was: unknown, now: unknown): boolean {
  if (![was, now].every((one) => typeof one === 'string' || typeof one === 'number')) return false
  const numbers = fed.map(([{ text }, number]) => [text, String(number)])
  const pieces = [was, now].map((one) => String(one).split(/(\d+)/))
  const [old = [], left = []] = pieces
  return (
    old.length === left.length &&
    old.every((piece, index) => {
      const other = left[index]
      return piece === other || numbers.some(([from, to]) => piece === from && other === to)
    })
  )
}

/**
 * Whether a value belongs to a deployer of a changed environment. If a weight is set in the deployer, the object that contains it
 * changes too.
 */
function isToldBy({ group, kind, name }: ObjectIdentity, path: Path, changes: MoveEdit['changes']): boolean {
  const deployers = changes.flatMap(({ target: { layout, environments } }) =>
    layout.environments.flatMap(({ name: own, deployer }) => (environments.includes(own) ? (deployer ?? []) : [])),
  )
  return deployers.some(({ title, filling, read }) => {
    if (kind === 'ConfigMap' && path[0] === 'data')
      return read.additions.variables?.places.has(String(path[1])) === true
    if (path[0] !== 'spec' || !['argoproj.io', 'kustomize.toolkit.fluxcd.io'].includes(group)) return false
    if (filling !== undefined && kind === 'ApplicationSet') return path[1] === 'template'
    // Whatever builds the object may put it into another namespace.
    return title.startsWith(`${kind} `) && nameOf(nameInTitle(title)) === name
  })
}

/** kustomize's own notes about a build. A new patch adds an entry. */
const BUILD_NOTE = 'alpha.config.kubernetes.io/transformations'

function comparable(data: unknown): unknown {
  const whole = settled(data)
  const metadata = isRecord(whole) ? whole['metadata'] : undefined
  if (!isRecord(whole) || !isRecord(metadata) || !isRecord(metadata['annotations'])) return whole
  const { [BUILD_NOTE]: _, ...annotations } = metadata['annotations']
  return { ...whole, metadata: { ...metadata, annotations } }
}

/** Whether a difference is the intended one. Names of destinations may have a prefix or suffix in the render. */
function isRendered(wanted: Difference, seen: Difference): boolean {
  if (canonicalText(wanted.path) !== canonicalText(seen.path)) return false
  return wanted.path[0] === 'spec' ? holds(seen.after, wanted.after) : sameData(seen.after, wanted.after)
}

function holds(seen: unknown, wanted: unknown): boolean {
  if (typeof seen === 'string' && typeof wanted === 'string') return wanted !== '' && seen.includes(wanted)
  if (Array.isArray(seen) && Array.isArray(wanted))
    return seen.length === wanted.length && seen.every((item, index) => holds(item, wanted[index]))
  if (!isRecord(seen) || !isRecord(wanted)) return sameData(seen, wanted)
  const keys = Object.keys(seen)
  return keys.length === Object.keys(wanted).length && keys.every((key) => holds(seen[key], wanted[key]))
}

/**
 * The canary's share on a target's route in an environment's render; undefined if the route is not there, or if the share is
 * unknown.
 */
export function renderedShare(
  environment: string,
  objects: readonly RenderedObject[],
  target: Target,
): number | undefined {
  const share = shareIn(finderIn(environment, renderedRoutes(objects)), target)
  return share === 'unknown' ? undefined : share
}

/**
 * The targets whose share in the files differs from their environment's render. Something that Perch does not follow sets their
 * weights, so no gate can judge them.
 */
export function disagreements(
  environment: string,
  objects: readonly RenderedObject[],
  targets: readonly Target[],
): readonly Problem[] {
  const mine = targets.filter(({ environments }) => environments.includes(environment))
  const find = finderIn(environment, renderedRoutes(objects))
  return mine.flatMap((target) => {
    const said = canaryShare(target.route)
    const rendered = shareIn(find, target)
    return said === undefined || said === rendered ? [] : [disagreement({ environment, target, said, rendered })]
  })
}

function shareIn(find: (target: Target) => ManifestObject | undefined, target: Target): ReturnType<typeof canaryShare> {
  const object = find(target)
  return object === undefined ? undefined : canaryShare(asRendered(target, object))
}
