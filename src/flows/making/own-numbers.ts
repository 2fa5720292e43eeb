/** The texts that may contain an environment's weights, and may be changed for it. */
import { valuesFilesOf } from '../../core/chart/release.ts'
import { type Environment, environmentNamed } from '../../core/environment/environment.ts'
import { type TextPlace, numberPlaces } from '../../core/layer/feed.ts'
import { layeredIn } from '../../core/layer/layered.ts'
import { isOfDeployer, type Layout } from '../../core/layer/layout.ts'
import { valueAt } from '../../core/manifest/data.ts'
import { type EditAttempt, objectChanges, type TargetMove, weightKey } from '../../core/rollout/move.ts'
import type { FileSource } from '../repository/load.ts'
import type { TreeSnapshot } from '../judgement/comparison/render.ts'

interface Owner {
  readonly environment: Environment
  readonly layout: Layout
  /** All environments that a file may be changed for. */
  readonly wanted: ReadonlySet<string>
}

/**
 * The texts of an environment's files that no other environment uses, reduced to what may be changed. A file that defines several
 * releases may contain values for each. The proof shows whether others change too.
 */
export function ownTexts(
  { environment, layout, wanted }: Owner,
  texts: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const { release } = environment
  const charts = new Set(layout.environments.filter(({ kind }) => kind === 'helm').map(({ name }) => name))
  // Other environments only render these files as objects, and take no values from them.
  const deploying = new Set(release?.from)
  const shown = new Set(release === undefined ? [] : [...valuesFilesOf(release.release), ...deploying])
  // What a chart renders is fixed: an edit of its files changes nothing here. A kustomization is built again.
  const parent = release?.parent?.charts.length === 0 ? undefined : release?.parent
  const ofParent = new Set(parent?.files.filter((file) => !isOfRelease(environment, file)))
  const isOwn = (file: string): boolean => {
    if (ofParent.has(file)) return false
    if (deploying.has(file) || isOfDeployer(layout, file, [...wanted])) return true
    const users = layout.owners.get(file)?.filter((user) => !shown.has(file) || charts.has(user))
    return users?.every((user) => wanted.has(user)) ?? false
  }
  const own = [...texts].filter(([file]) => isOwn(file))
  return new Map(
    own.flatMap(([file, text]) => {
      const chart = environment.charts?.find((folder) => folder === '' || file.startsWith(`${folder}/`))
      return chart === undefined ? [[file, text] as const] : ofChart(chart, file, text)
    }),
  )
}

/** Whether a release itself reads a file: of its chart, or with its values. */
function isOfRelease({ release, charts = [] }: Environment, file: string): boolean {
  const { values = [], settings = [] } = release?.release ?? {}
  const isNamed = [...values, ...settings].some((source) =>
    'value' in source
      ? source.value.file === file && source.value.rendered === undefined
      : source.from === 'file' && source.path === file,
  )
  return isNamed || charts.some((chart) => chart === '' || file.startsWith(`${chart}/`))
}

/** The parts of a chart that a person would change: not its subcharts, and no numbers in template actions (`nindent 8`). */
function ofChart(chart: string, file: string, text: string): readonly (readonly [string, string])[] {
  const path = chart === '' ? file : file.slice(chart.length + 1)
  if (/^(?:charts\/|Chart\.(?:yaml|lock)$|values\.schema\.json$)/.test(path)) return []
  if (!path.startsWith('templates/')) return [[file, text]]
  return [[file, text.replaceAll(/\{\{.*?\}\}/gs, (action) => ' '.repeat(action.length))]]
}

/** The number of proofs of single changes. Each is a build. */
const MAX_ATTEMPTS = 24

/**
 * Changes of one or two numbers in a chart's values to the intended weights. For charts that refuse other numbers (because of a
 * schema, or because they calculate), so that not all places can be tried at once.
 */
export async function singleChanges(
  context: Pick<FileSource, 'mirror'>,
  { treeish, snapshot }: TreeSnapshot,
  { moves, pull }: { readonly moves: readonly TargetMove[]; readonly pull: number | undefined },
): Promise<readonly EditAttempt[]> {
  const [change, ...others] = objectChanges(moves, pull)
  const [name = ''] = change?.target.environments ?? []
  const environment = environmentNamed(snapshot.environments, name)
  if (change === undefined || others.length > 0 || environment === undefined) return []
  if ((environment.charts ?? []).length === 0) return []
  const { target, object, edits } = change
  const data = layeredIn(target.layout, name, object)?.object.data
  const texts = await context.mirror.read(treeish, environment.files)
  const mine = ownTexts({ environment, layout: target.layout, wanted: new Set(target.environments) }, texts)
  const weights = edits.flatMap((edit) => {
    const was = valueAt(data, edit.path.slice(object.at.length))
    if (edit.kind !== 'set' || typeof was !== 'number' || was === edit.value) return []
    const places = likeliestFirst(mine, numberPlaces(mine, new Set([was])))
    return places.map((place) => ({ key: weightKey(name, object, edit.path), place }))
  })
  const pairs = weights.flatMap((one, index) =>
    weights
      .slice(index + 1)
      .filter((other) => other.key !== one.key && other.place !== one.place)
      .map((other) => [one, other]),
  )
  return [...weights.map((one) => [one]), ...pairs].slice(0, MAX_ATTEMPTS).map((found) => ({
    attempt: 0,
    feeds: new Map(found.map(({ key, place }) => [key, place])),
    texts,
  }))
}

const WORDS = /weight|canary|stable|traffic|percent|share|split/i

/** The places, those that are likely to be weights first. */
export function likeliestFirst(texts: ReadonlyMap<string, string>, places: readonly TextPlace[]): readonly TextPlace[] {
  return places.toSorted((a, b) => closeness(texts, b) - closeness(texts, a))
}

/** How likely a number is to be a weight, judged by the lines around it. */
function closeness(texts: ReadonlyMap<string, string>, { file, at }: TextPlace): number {
  const before = (texts.get(file) ?? '').slice(0, at).split('\n')
  return before.slice(-4).filter((line) => WORDS.test(line)).length
}
