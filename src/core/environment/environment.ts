/** One environment, as far as its files describe it. */
import { oncePer } from '../cached.ts'
import type { DeployerReference } from '../delivery/additions-at.ts'
import { isTemplate } from '../delivery/delivery-source.ts'
import type { Parent } from '../delivery/parent.ts'
import type { NestedChart } from '../chart/nested-releases.ts'
import { valuesFilesOf } from '../chart/release.ts'
import type { Texts } from './closure.ts'
import type { EnvironmentRefusal } from './refusal.ts'
import type { EnvironmentRelease } from './released.ts'
import { ambiguousLine } from './source.ts'
import type { AppliedTo, ContestingDeployer } from './variants.ts'

export interface Environment {
  readonly name: string
  /** In a pull request: its name after the merge, if new or removed folders change it. `name` is its name on the base branch. */
  readonly renamedTo?: string | undefined
  readonly kind: 'kustomize' | 'plain' | 'helm'
  /** The folder, '' for the top. For a release, its chart. */
  readonly root: string
  /** Every file that its build can read, sorted. For a plain environment, the files that it consists of. */
  readonly files: readonly string[]
  /** Why it must not be rendered. Empty if it may be. */
  readonly refusals: readonly EnvironmentRefusal[]
  /** It has no known deployer. It is only a folder of YAML. */
  readonly isLoose: boolean
  /** Its build may read files outside of its root, because its deployer allows that, or because its deployer is unknown. */
  readonly readsAbove: boolean
  /** Where its deployers put its objects. Undefined if it has no known deployer. */
  readonly applied?: AppliedTo | undefined
  /** Its folder has no kustomization, and Flux generates one. */
  readonly isGenerated?: boolean | undefined
  /** The deployer whose additions are part of it. Undefined if nothing is added to the build. */
  readonly deployer?: DeployerReference | undefined
  /** The `deliveryKey`s of its deployers, if its folder has others too; undefined: all deployers of the folder. */
  readonly deliveries?: readonly string[] | undefined
  /** What the deployers of a configured folder set, if they differ. It is not part of the environment. */
  readonly contested?: readonly ContestingDeployer[] | undefined
  /** Folders of charts that helm renders for it. */
  readonly charts?: readonly string[] | undefined
  /** Charts that HelmReleases in its build may use. Their rendered output is a part of the environment. */
  readonly nested?: readonly NestedChart[] | undefined
  /** The release that helm renders. Undefined if helm does not render it. */
  readonly release?: EnvironmentRelease | undefined
}

/** An environment, before Perch knows how it is built. */
export type EnvironmentDraft = Omit<Environment, 'readsAbove' | 'applied'>

/** There may be a thousand environments and many look-ups. */
const indexByName = oncePer(
  (environments: readonly Environment[]): ReadonlyMap<string, Environment> =>
    new Map(environments.toReversed().map((environment) => [environment.name, environment])),
)

/** The first environment of that name. */
export function environmentNamed(environments: readonly Environment[], name: string): Environment | undefined {
  return indexByName(environments).get(name)
}

/**
 * The release that renders the deployers of an environment. Its own files do not tell what another commit deploys. Undefined if files
 * contain the deployers.
 */
export function parentOfEnvironment({
  release,
  deployer,
}: Pick<Environment, 'release' | 'deployer'>): Parent | undefined {
  return release?.parent ?? deployer?.parent
}

/**
 * The namespace of objects that name none. Undefined if no deployer sets one, or if the deployers set different ones. Additions of
 * a deployer, such as Flux's `targetNamespace`, are part of the build instead.
 */
export function namespaceOf({ applied, release }: Pick<Environment, 'applied' | 'release'>): string | undefined {
  const [namespace = release?.release.namespace, ...others] = applied?.namespaces ?? []
  return others.length === 0 && !isTemplate(namespace ?? '') ? namespace : undefined
}

/** Whether all deployers of an environment put its objects into the same namespace. */
export function hasOneNamespace(environment: Pick<Environment, 'applied'> | undefined): boolean {
  return (environment?.applied?.namespaces ?? []).length <= 1
}

/** The folders of the charts that an environment or its deployers are rendered from. A new file there can change the environment. */
export function chartsBehind({ charts = [], release, deployer }: Environment): readonly string[] {
  const copied = release?.copies.map(({ from }) => from) ?? []
  return [...charts, ...copied, ...(parentOfEnvironment({ release, deployer })?.charts ?? [])]
}

const MAX_LENGTH = 20 * 1024 * 1024

/** Every file that defines an environment: the files of its build, and those of its deployer. */
export function inputsOf({ files, deployer }: Pick<Environment, 'files' | 'deployer'>): readonly string[] {
  return deployer === undefined ? files : [...new Set([...files, ...deployer.files])]
}

/** The environments that a change of these paths can change. Ask at the commit before and at the one after. */
export function environmentsTouched(
  environments: readonly Environment[],
  changed: Iterable<string>,
): readonly Environment[] {
  const paths = new Set(changed)
  return environments.filter((environment) => inputsOf(environment).some((file) => paths.has(file)))
}

/**
 * The names of the environments that their deployers put into another namespace. No file of theirs has to change for that. Where a
 * side does not tell the namespace, nobody knows what becomes of the objects.
 */
export function environmentsMoved(before: readonly Environment[], after: readonly Environment[]): ReadonlySet<string> {
  const moved = after.filter((one) => {
    const old = environmentNamed(before, one.name)
    const [was, is] = [old && namespaceOf(old), namespaceOf(one)]
    return was !== undefined && is !== undefined && was !== is
  })
  return new Set(moved.map(({ name }) => name))
}

function filesOutsideOfCharts({ files, nested = [] }: Environment): readonly string[] {
  return files.filter((file) => !nested.some(({ chart }) => file.startsWith(`${chart}/`)))
}

/**
 * Refusals that depend on the texts of an environment's files: a file is not text, there is too much text, or tools of the
 * cluster would read a plain file differently from Perch. (kustomize writes its output so that all tools read it the same way.)
 */
export function refusalsOfTexts(environment: Environment, texts: Texts): readonly EnvironmentRefusal[] {
  // A chart may contain images, but its values files must be text.
  const release = environment.release?.release
  const wanted = release === undefined ? filesOutsideOfCharts(environment) : valuesFilesOf(release)
  const absent = wanted.filter((file) => texts.get(file) === undefined && environment.files.includes(file))
  const length = environment.files.reduce((sum, file) => sum + (texts.get(file) ?? '').length, 0)
  const refusals: EnvironmentRefusal[] = absent.map((file) => ({ code: 'not-text', file, line: 1, entry: '' }))
  if (length > MAX_LENGTH) refusals.push({ code: 'too-large', file: environment.root, line: 1, entry: '' })
  for (const file of environment.kind === 'plain' ? environment.files : []) {
    const line = ambiguousLine(texts.get(file) ?? '')
    if (line !== undefined) refusals.push({ code: 'unparsable', file, line, entry: '' })
  }
  return refusals
}
