import type { Config } from '../../core/config/schema.ts'
import { environmentNamed } from '../../core/environment/environment.ts'
import { finderIn } from '../../core/diff/rendered-route.ts'
import { placeKey } from '../../core/layer/layered.ts'
import type { ObjectData } from '../../core/layer/step.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type Snapshot, withRendered } from '../../core/rollout/snapshot.ts'
import type { Target } from '../../core/rollout/target.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import { type FileSource, loadSnapshot } from '../repository/load.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import { renderEnvironment, type TreeSnapshot } from './comparison/render.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/** The snapshot of a commit or tree, with rendered routes where the files are not enough to tell. */
export async function loadRendered(context: Needs, treeish: Sha, config: Config): Promise<Snapshot> {
  return withRenderedTargets(context, { treeish, snapshot: await loadSnapshot(context, treeish, { config }) })
}

/** A snapshot with rendered routes where the files are not enough to tell. What cannot be rendered stays as it is. */
export async function withRenderedTargets(
  context: Needs,
  side: TreeSnapshot,
  isWanted: (target: Target) => boolean = ({ unclear }) => unclear !== undefined,
): Promise<Snapshot> {
  const { snapshot } = side
  const rendered = new Map<string, ObjectData>()
  const groups = Map.groupBy(snapshot.targets.filter(isWanted), ({ environments: [first = ''] }) => first)
  for (const [name, targets] of groups) {
    const found = environmentNamed(snapshot.environments, name)
    if (found === undefined || found.refusals.length > 0) continue
    const { environment, texts } = await readEnvironmentTexts(context, side.treeish, found)
    const { secrets } = snapshot.config
    const now = await renderEnvironment(context, { environment, texts, secrets })
    if (!now.ok || !now.parsed.ok) continue
    const find = finderIn(name, now.parsed.objects)
    for (const target of targets) {
      const object = find(target)
      if (object !== undefined) rendered.set(placeKey(name, target.object), object.data)
    }
  }
  return rendered.size === 0 ? snapshot : withRendered(snapshot, rendered)
}

/**
 * A snapshot in which the routes of a service are certain in some environments. A change is judged by the environments that it
 * touches, and charts of others are not rendered. An order asks about those others.
 */
export async function withSureService(
  context: Needs,
  { treeish, snapshot }: TreeSnapshot,
  { service, environments }: { readonly service: string; readonly environments: ReadonlySet<string> },
): Promise<Snapshot> {
  const isThere = (name: string): boolean =>
    snapshot.targets.some((target) => target.service === service && target.environments.includes(name))
  const isUnread = snapshot.environments.some(
    ({ name, charts = [] }) => environments.has(name) && charts.length > 0 && !isThere(name),
  )
  const isWanted = ({ name }: { readonly name: string }): boolean => environments.has(name)
  const read = isUnread ? await loadSnapshot(context, treeish, { config: snapshot.config, isWanted }) : snapshot
  return withRenderedTargets(
    context,
    { treeish, snapshot: read },
    (target) =>
      target.unclear !== undefined &&
      target.service === service &&
      target.environments.some((name) => environments.has(name)),
  )
}
