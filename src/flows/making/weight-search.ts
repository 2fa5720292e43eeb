/** What an experiment needs to find where the weights of a route come from. */
import { finderIn } from '../../core/diff/rendered-route.ts'
import { environmentNamed, inputsOf } from '../../core/environment/environment.ts'
import { layeredIn } from '../../core/layer/layered.ts'
import { type Path, valueAt } from '../../core/manifest/data.ts'
import type { ObjectChange } from '../../core/rollout/move.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import type { TreeSnapshot } from '../judgement/comparison/render.ts'
import { ownTexts } from './own-numbers.ts'
import type { PlaceSearch } from './places-shown.ts'

export interface WeightSearch extends PlaceSearch {
  /** The weights to change: their paths in the document, and in the object. */
  readonly weights: readonly { readonly path: Path; readonly own: Path }[]
  /** Their values now. */
  readonly values: ReadonlySet<number>
  /** The texts that may be changed. */
  readonly mine: ReadonlyMap<string, string>
}

/**
 * The search for one object whose environment only a render shows. Undefined for other objects. `wanted`: the environments that
 * may change.
 */
export async function weightSearch(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  side: TreeSnapshot,
  { change, wanted }: { readonly change: ObjectChange; readonly wanted: ReadonlySet<string> },
): Promise<WeightSearch | undefined> {
  const { target, object, edits } = change
  const [name = ''] = target.environments
  const environment = environmentNamed(side.snapshot.environments, name)
  const layered = layeredIn(target.layout, name, object)
  if (environment === undefined || layered?.isRendered !== true) return undefined
  const weights = edits
    .filter((edit) => edit.kind === 'set' && typeof edit.value === 'number')
    .map(({ path }) => ({ path, own: path.slice(object.at.length) }))
  const values = weights.flatMap(({ own }) => {
    const value = valueAt(layered.object.data, own)
    return typeof value === 'number' ? [value] : []
  })
  const texts = await context.mirror.read(side.treeish, inputsOf(environment))
  const valuesIn: PlaceSearch['valuesIn'] = (objects) => {
    const shown = finderIn(name, objects)({ layout: target.layout, object })
    return shown && new Map(weights.map(({ own }) => [JSON.stringify(own), valueAt(shown.data, own)]))
  }
  const mine = ownTexts({ environment, layout: target.layout, wanted }, texts)
  return { context, side, environment, texts, valuesIn, builds: 0, weights, values: new Set(values), mine }
}
