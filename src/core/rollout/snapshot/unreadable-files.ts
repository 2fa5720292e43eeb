/** The files of a snapshot that cannot be read, and those that must not be. */
import { redact } from '../../diff/redact.ts'
import { environmentNamed, type Environment } from '../../environment/environment.ts'
import { mentionsTraffic } from '../../environment/traffic-text.ts'
import { readKustomizationOnce } from '../../environment/file-cache.ts'
import { isKustomization, join, parentOf } from '../../environment/tree.ts'
import { manifestProblem, refusalProblem } from '../../problem/files.ts'
import type { Problem } from '../../problem/problem.ts'
import { type Layout, manifestIn } from '../../layer/layout.ts'
import { type ManifestProblem, parseManifest } from '../../manifest/parse.ts'
import type { Result } from '../../result.ts'
import type { TargetSources } from '../read-target.ts'

/** A problem, and the environments that have it. */
export type EnvironmentProblem = Problem & { readonly environments: readonly string[] }

/** Why environments must not be built. */
export function environmentRefusals(environments: readonly Environment[]): readonly EnvironmentProblem[] {
  // If many environments build on a folder, its refusal appears once.
  const all = environments.flatMap(({ name, refusals }) => refusals.map((refusal) => ({ name, refusal })))
  return [...Map.groupBy(all, ({ refusal }) => JSON.stringify(refusal)).values()].flatMap((group) => {
    const [first] = group
    const names = [...new Set(group.map(({ name }) => name))]
    return first === undefined ? [] : [{ ...refusalProblem(first.refusal), environments: names }]
  })
}

/** The files of environments that are not valid manifests. */
export function brokenFiles({ config, layout }: TargetSources): readonly EnvironmentProblem[] {
  const refused = new Set(layout.environments.flatMap(({ refusals }) => refusals.map(({ file }) => file)))
  // Files of a chart are templates.
  const charts = new Map(layout.environments.map(({ name, charts: own = [] }) => [name, own]))
  const isOfRelease = (name: string, file: string): boolean =>
    charts.get(name)?.some((chart) => chart === '' || file.startsWith(`${chart}/`)) === true
  // So is a file that a chart renders to a deployer.
  const isOfParent = (name: string, file: string): boolean => {
    const { deployer, files = [] } = environmentNamed(layout.environments, name) ?? {}
    return deployer?.parent?.files.includes(file) === true && !files.includes(file)
  }
  const releases = new Set(layout.environments.filter(({ kind }) => kind === 'helm').map(({ name }) => name))
  return [...layout.owners].flatMap(([file, users]) => {
    const isTemplate = (name: string): boolean => isOfRelease(name, file) || isOfParent(name, file)
    const names = users.filter((name) => isRead(layout, name) && !releases.has(name) && !isTemplate(name))
    if (refused.has(file) || names.length === 0) return []
    const manifest = bombIn(file, layout.texts.get(file) ?? '') ?? manifestIn(layout, file)
    if (manifest.ok) return []
    const judged = names.filter((name) => !isOnlyData(layout, name, file))
    if (judged.length === 0) return []
    // Messages of the parser can quote the file.
    const texts = new Map([[file, layout.texts.get(file) ?? '']])
    const detail = redact(manifest.error.detail, texts, config.secrets)
    return [{ ...manifestProblem({ ...manifest.error, detail }), environments: judged }]
  })
}

/** Whether an environment's kustomizations name a file for the data of ConfigMaps and Secrets, and for nothing else. */
function isOnlyData({ environments, texts, known }: Layout, name: string, file: string): boolean {
  const { files = [] } = environmentNamed(environments, name) ?? {}
  const references = files.filter(isKustomization).flatMap((one) => {
    const read = readKustomizationOnce(known.kustomizations, { file: one, text: texts.get(one) ?? '' })
    return read.references.filter(({ entry }) => join(parentOf(one), entry) === file)
  })
  return references.length > 0 && references.every(({ isData }) => isData === true)
}

function isRead({ read }: Layout, name: string): boolean {
  return read === undefined || read.has(name)
}

/** Whether a large file is not needed until its environment is rendered. */
export function isBystander(path: string, text: string): boolean {
  return !isKustomization(path) && !mentionsTraffic(text) && !hasManyAliases(text)
}

/** More aliases may expand to more than a build has memory for. Twenty cannot. */
const MANY_ALIASES = 20
const ALIAS = /(?<=[\s,[:-])\*[\w-]/g

/** The problem of a file that its aliases make huge. It counts whatever the file is about, because kustomize would expand it. */
function bombIn(file: string, text: string): Result<never, ManifestProblem> | undefined {
  if (!hasManyAliases(text)) return undefined
  const manifest = parseManifest(file, text)
  return !manifest.ok && manifest.error.code === 'alias-bomb' ? manifest : undefined
}

function hasManyAliases(text: string): boolean {
  return text.includes('*') && (text.match(ALIAS) ?? []).length > MANY_ALIASES
}
