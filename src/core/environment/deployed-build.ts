import { mergedFields } from '../delivery/additions.ts'
import { additionsAt } from '../delivery/additions-at.ts'
import { withVariables } from '../delivery/variables.ts'
import { isRecord } from '../manifest/data.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import type { Environment } from './environment.ts'
import { inFolder, isKustomization, join, KUSTOMIZATION_NAMES, parentOf } from './tree.ts'

type FileTexts = ReadonlyMap<string, string>

/** The build of an environment, and its deployer's changes to the result. */
interface DeployedBuild {
  readonly files: FileTexts
  readonly finish: (yaml: string) => string
}

/**
 * The files of an environment's build with its deployer's additions. The deployer merges them into the kustomization. Perch does
 * the same, and kustomize applies them.
 */
export function buildWithAdditions(environment: Environment, texts: FileTexts): DeployedBuild {
  const { root, deployer, isGenerated } = environment
  if (deployer === undefined) {
    const files = isGenerated === true ? new Map([...texts, ...generated(environment, {})]) : texts
    return { files, finish: (yaml) => yaml }
  }
  const additions = additionsAt(deployer, texts)
  const isOnlyItsDeployers = (file: string): boolean =>
    deployer.files.includes(file) && !environment.files.includes(file)
  const files = new Map([...texts].filter(([file]) => !isOnlyItsDeployers(file)))
  if (additions === undefined || additions === 'unknown') return { files, finish: (yaml) => yaml }
  const { fields, variables } = additions
  const finish = (yaml: string): string => (variables === undefined ? yaml : withVariables(yaml, variables))
  const known = KUSTOMIZATION_NAMES.map((name) => join(root, name) ?? name).find((path) => files.has(path))
  if (known !== undefined && Object.keys(fields).length === 0) return { files, finish }
  if (known === undefined) return { files: new Map([...files, ...generated(environment, fields)]), finish }
  const own = ownFields(files.get(known) ?? '')
  // kustomize itself refuses a broken kustomization.
  if (own === undefined) return { files, finish }
  return { files: files.set(known, JSON.stringify(mergedFields(own, fields))), finish }
}

function ownFields(text: string): Readonly<Record<string, unknown>> | undefined {
  const read = readOneDocument(text)
  const data = read.ok ? read.value?.data : undefined
  return isRecord(data) ? data : undefined
}

/** The kustomization that Flux generates for a folder, with its additions. */
function generated(
  environment: Pick<Environment, 'root' | 'files'>,
  fields: Readonly<Record<string, unknown>>,
): FileTexts {
  const { root } = environment
  const start = root === '' ? 0 : root.length + 1
  const own = { resources: generatedResources(environment).map((path) => `./${path.slice(start)}`) }
  return new Map([[inFolder(root, KUSTOMIZATION_NAMES[0] ?? ''), JSON.stringify(mergedFields(own, fields))]])
}

/**
 * The entries of the kustomization that Flux generates for a folder: the files, and the folders below that have a kustomization of their
 * own. Other files of the environment belong to those folders, or to components.
 */
export function generatedResources({ root, files }: Pick<Environment, 'root' | 'files'>): readonly string[] {
  const start = inFolder(root, '')
  const own = files.filter((file) => file.startsWith(start))
  const folders = own.filter(isKustomization).map(parentOf)
  const isBelow = (path: string): boolean => folders.some((folder) => path.startsWith(inFolder(folder, '')))
  const tops = folders.filter((folder) => !isBelow(folder))
  return [...own.filter((file) => !isBelow(file)), ...new Set(tops)]
}
