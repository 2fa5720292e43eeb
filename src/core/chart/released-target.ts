/** Targets from charts, in other commits. */
import { valuesFilesOf } from './release.ts'
import { releaseFiles } from './release-files.ts'
import { isRenderedPart, renderedParts } from './rendered-parts.ts'
import { type Environment, environmentNamed, inputsOf } from '../environment/environment.ts'
import type { EnvironmentRelease } from '../environment/released.ts'
import { type Entry, inFolder, treeOf } from '../environment/tree.ts'
import { keptOf, layoutOf } from '../layer/layout.ts'
import { neighboursOf } from '../rollout/snapshot/neighbours.ts'
import { reread, withoutFiles } from '../rollout/read-target.ts'
import type { Target } from '../rollout/target.ts'

/** Whether it comes from a chart. Then only rendering shows it. */
export function isOfChart({ object }: Pick<Target, 'object'>): boolean {
  return isRenderedPart(object.file)
}

/** The environment of a target; the first one if it has several. */
export function environmentOf({
  layout,
  environments: [first = ''],
}: Pick<Target, 'layout' | 'environments'>): Environment | undefined {
  return environmentNamed(layout.environments, first)
}

/** The files that provide the values of a target's charts, including the charts' own. */
export function valuesOfTarget({ layout, environments }: Pick<Target, 'layout' | 'environments'>): ReadonlySet<string> {
  const own = layout.environments.filter(({ name }) => environments.includes(name))
  return new Set(
    own.flatMap((environment): readonly string[] => {
      const { release, charts = [] } = environment
      const defaults = charts.map((chart) => inFolder(chart, 'values.yaml'))
      if (release !== undefined) return [...valuesFilesOf(release.release), ...defaults]
      return [
        ...inputsOf(environment).filter((file) => !charts.some((chart) => file.startsWith(`${chart}/`))),
        ...defaults,
      ]
    }),
  )
}

/** The files of one commit: all names, and the texts that are known. */
interface CommitFiles {
  readonly entries: Iterable<Entry>
  readonly texts: ReadonlyMap<string, string>
}

/**
 * A target's release in another commit. Undefined if it was another release there, or cannot be rendered. `needs`: its files in
 * that commit.
 */
export function releaseAt(
  target: Target,
  { entries, texts }: CommitFiles,
): { readonly release: EnvironmentRelease | undefined; readonly needs: readonly string[] } {
  const { release: known } = environmentOf(target) ?? {}
  if (known === undefined) return { release: undefined, needs: [] }
  const needs = new Set<string>()
  const { from, others } = known
  const { files, copies, refusals } = releaseFiles({ tree: treeOf(entries), texts, needs }, known.release, {
    from,
    others,
  })
  // The deployer's object may have deployed something else then, so only its numbers may differ. A release whose deployer a chart
  // renders is that of this commit.
  const isSame =
    known.parent !== undefined ||
    from.every((file) => shapeOf(texts.get(file)) === shapeOf(target.layout.texts.get(file)))
  const isKnown = files.every((file) => texts.has(file))
  const release = refusals.length === 0 && (isSame || !isKnown) ? { ...known, copies } : undefined
  return { release, needs: [...files, ...needs] }
}

function shapeOf(text: string | undefined): string | undefined {
  return text?.replaceAll(/\d+/g, '0')
}

/** The same target as a release renders it. */
export function releasedTarget(
  target: Target,
  {
    release,
    texts,
    yaml,
  }: { readonly release: EnvironmentRelease; readonly yaml: string } & Pick<CommitFiles, 'texts'>,
): Target | undefined {
  const [first = ''] = target.environments
  const environments = target.layout.environments.filter(({ name }) => name === first).map(withoutFiles)
  const { copies } = release
  const parts = renderedParts({ environment: first, release: release.release, copies, yaml })
  const read = layoutOf(environments, new Map([...texts, ...parts]))
  const layout = { ...read, ...keptOf(target.layout), releases: new Map([[first, [...parts.keys()]]]) }
  const neighbours = neighboursOf(layout, [first], undefined)
  return reread({ ...target, layout }, { object: target.object, neighbours })
}
