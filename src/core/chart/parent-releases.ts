/** Releases of charts whose templates contain deployers (Argo CD's "app of apps"): only rendering shows what these deploy. */
import type { RenderedDeployers } from '../delivery/rendered-deployers.ts'
import type { Parent } from '../delivery/parent.ts'
import type { Environment } from '../environment/environment.ts'
import type { EnvironmentRefusal } from '../environment/refusal.ts'
import { withoutPlaces } from '../environment/released.ts'
import { inFolder, isHidden, isYaml, nameOf, parentOf, type Tree } from '../environment/tree.ts'
import { loneReleases } from './lone-releases.ts'
import { type ReleaseFiles, releaseFiles } from './release-files.ts'
import { type ChartRelease, type DeployedRelease, NO_OPTIONS } from './release.ts'

type Texts = ReadonlyMap<string, string | undefined>

/** A release to render, with its files. */
export interface ParentRelease extends Parent, Pick<ReleaseFiles, 'copies'> {
  /** Equal for equal releases. */
  readonly key: string
  readonly release: ChartRelease
  readonly refusals: readonly EnvironmentRefusal[]
  /** Nothing in the repository deploys it, so somebody does it by hand. */
  readonly isLone: boolean
}

/** The files of a commit, and what is known to deploy charts in it. */
export interface ParentScene {
  readonly tree: Tree
  readonly texts: Texts
  /** Templates with deployers. */
  readonly templates: ReadonlySet<string>
  readonly environments: readonly Environment[]
  readonly releases: readonly DeployedRelease[]
}

/** Objects that deploy something, and not their CustomResourceDefinitions. */
const DEPLOYER = /^[ \t]*kind:[ \t]*["']?(?:Application|ApplicationSet|HelmRelease|Kustomization)\b/m
const GROUP = /\bapiVersion:[ \t]*["']?(?:argoproj|(?:\w+\.)*fluxcd)\.io\//

/** The templates of charts with deployers that only rendering shows. A template without `{{` is what it renders to. */
export function deployerTemplates(texts: Texts): ReadonlySet<string> {
  const found = [...texts].filter(
    ([file, text]) => file.includes('templates/') && text?.includes('{{') === true && isDeployerText(text),
  )
  return new Set(found.map(([file]) => file))
}

/** Whether a template or its output contains deployers. */
export function isDeployerText(text: string): boolean {
  return GROUP.test(text) && DEPLOYER.test(text)
}

/** The releases whose charts have such templates, without those that are done. */
export function parentReleases(scene: ParentScene, done: readonly ParentRelease[]): readonly ParentRelease[] {
  const known = fromEnvironments(scene)
  const others = fromDeployers(scene, new Set(known.map(({ key }) => key)))
  const parents = [...known, ...others, ...(done.length === 0 ? lone(scene) : [])].filter(isParentIn(scene))
  const seen = new Set(done.map(({ key }) => key))
  const taken = new Set(done.map(({ name }) => name))
  return parents
    .filter(({ key }) => !seen.has(key))
    .map((parent) => {
      let { name } = parent
      for (let count = 2; taken.has(name); count += 1) name = `${parent.name}-${count}`
      taken.add(name)
      return { ...parent, name }
    })
}

/** Whether the templates of a release's own charts contain deployers. Its files also contain the template that deploys it. */
function isParentIn({ templates }: ParentScene): (one: Pick<ParentRelease, 'files' | 'release' | 'copies'>) => boolean {
  return ({ files, release, copies }) => {
    const folders = [release.chart, ...copies.map(({ from }) => from)].map((chart) => inFolder(chart, ''))
    return files.some((file) => templates.has(file) && folders.some((folder) => file.startsWith(folder)))
  }
}

/** Nobody knows what a deployer in a template says before the template is rendered. */
function isWritten({ templates }: ParentScene, files: readonly string[], parent: Parent | undefined): boolean {
  return parent !== undefined || !files.some((file) => templates.has(file))
}

function fromEnvironments(scene: ParentScene): readonly ParentRelease[] {
  return scene.environments.flatMap(({ name, release: own, files, refusals }): readonly ParentRelease[] => {
    if (own === undefined || !isWritten(scene, own.from, own.parent)) return []
    const { release, copies } = own
    const charts = chartsOf({ release, copies }, own.parent)
    return [
      {
        name,
        key: withoutPlaces(release),
        release,
        copies,
        files,
        charts,
        refusals,
        isLone: false,
        isGuessed: own.parent?.isGuessed === true,
      },
    ]
  })
}

/** The releases that are no environments, because the config lists those. */
function fromDeployers(scene: ParentScene, known: ReadonlySet<string>): readonly ParentRelease[] {
  const { tree, texts, environments } = scene
  const seen = new Set(known)
  const nested = new Set(environments.flatMap((one) => (one.nested ?? []).map(({ chart }) => chart)))
  return scene.releases.flatMap(({ release, name, file, sources, parent }): readonly ParentRelease[] => {
    const key = withoutPlaces(release)
    if (seen.has(key) || !isWritten(scene, [file], parent)) return []
    seen.add(key)
    const survey = { tree, texts, needs: new Set<string>() }
    const own = releaseFiles(survey, release, { from: sources, others: new Set() })
    const patched: readonly EnvironmentRefusal[] = nested.has(release.chart)
      ? [{ code: 'patched-release', file, line: 1, entry: name }]
      : []
    const refusals = [...own.refusals, ...patched]
    const charts = chartsOf({ ...own, release }, parent)
    return [{ ...own, refusals, name, key, release, charts, isLone: false, isGuessed: parent?.isGuessed === true }]
  })
}

function chartsOf(
  { release, copies }: Pick<ParentRelease, 'release' | 'copies'>,
  parent: Parent | undefined,
): readonly string[] {
  return [release.chart, ...copies.map(({ from }) => from), ...(parent?.charts ?? [])]
}

/** Charts that nothing deploys and no other chart uses. With several choices of values, nobody knows which one counts. */
function lone(scene: ParentScene): readonly ParentRelease[] {
  const { tree, texts, templates } = scene
  const survey = { tree, texts, needs: new Set<string>() }
  const charts = [...tree.types.keys()].filter((path) => nameOf(path) === 'Chart.yaml' && !isHidden(path)).map(parentOf)
  const known = charts.map((chart) => {
    const release = { ...BARE, chart }
    return { release, ...releaseFiles(survey, release, { from: [], others: new Set() }) }
  })
  const environments = scene.environments.filter(
    ({ release }) => release === undefined || isWritten(scene, release.from, release.parent),
  )
  const used = new Set([
    ...scene.releases
      .filter(({ file, parent }) => isWritten(scene, [file], parent))
      .map(({ release }) => release.chart),
    ...environments.flatMap(({ charts: own = [], nested = [] }) => [...own, ...nested.map(({ chart }) => chart)]),
    ...known.flatMap(({ copies }) => copies.map(({ from }) => from)),
  ])
  const isPart = (chart: string): boolean => charts.some((other) => chart.startsWith(inFolder(other, 'charts/')))
  const paths = [...tree.types.keys()]
  return known.flatMap(({ release, ...own }): readonly ParentRelease[] => {
    const { chart } = release
    if (used.has(chart) || isPart(chart) || !own.files.some((file) => templates.has(file))) return []
    const refusals = [...own.refusals, ...severalValues(chart, paths)]
    const [name, charts] = [nameOf(chart) || 'root', chartsOf({ ...own, release }, undefined)]
    return [{ ...own, refusals, name, key: withoutPlaces(release), release, charts, isLone: true, isGuessed: true }]
  })
}

/** The refusal of a chart whose files suggest that somebody chooses among several values files. */
function severalValues(chart: string, paths: readonly string[]): readonly EnvironmentRefusal[] {
  const choices = loneReleases([chart], { paths, taken: new Set() }).flatMap(({ values }) => values)
  const isOther = (path: string): boolean =>
    parentOf(path) === chart && /values/.test(nameOf(path)) && isYaml(path) && path !== inFolder(chart, 'values.yaml')
  const file = choices[0] ?? paths.find(isOther)
  return file === undefined ? [] : [{ code: 'several-values', file, line: 1, entry: file }]
}

const BARE = {
  name: undefined,
  namespace: undefined,
  values: [],
  settings: [],
  isWithoutDefaults: false,
  options: NO_OPTIONS,
} as const

/** The lone releases of charts that another release turns out to deploy. A chart may also deploy itself. */
export function overruled(
  rendered: readonly ParentRelease[],
  releases: readonly DeployedRelease[],
): readonly ParentRelease[] {
  return rendered.filter(({ isLone, name, release: { chart } }) => {
    const deployed = releases.filter(({ release, parent }) => release.chart === chart && parent !== undefined)
    return isLone && deployed.some(({ parent }) => parent?.name !== name)
  })
}

/** Without what some releases render, and without the reasons why they are not rendered. */
export function withoutParents(rendered: RenderedDeployers, parents: readonly ParentRelease[]): RenderedDeployers {
  const names = new Set(parents.map(({ name }) => name))
  const isOther = ({ environments }: RenderedDeployers['unrendered'][number]): boolean =>
    !environments.some((name) => names.has(name))
  return {
    ...rendered,
    parts: new Map([...rendered.parts].filter(([, { parent }]) => !names.has(parent.name))),
    unrendered: rendered.unrendered.filter(isOther),
  }
}
