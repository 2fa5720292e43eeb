import { mergedFields } from '../delivery/additions.ts'
import { additionsAt } from '../delivery/additions-at.ts'
import { withVariables } from '../delivery/variables.ts'
import { isRecord } from '../manifest/data.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import type { Environment } from './environment.ts'
import { join, KUSTOMIZATION_NAMES } from './tree.ts'

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
  const { root, deployer } = environment
  if (deployer === undefined) return { files: texts, finish: (yaml) => yaml }
  const additions = additionsAt(deployer, texts)
  const isOnlyItsDeployers = (file: string): boolean =>
    deployer.files.includes(file) && !environment.files.includes(file)
  const files = new Map([...texts].filter(([file]) => !isOnlyItsDeployers(file)))
  if (additions === undefined || additions === 'unknown') return { files, finish: (yaml) => yaml }
  const { fields, variables } = additions
  const finish = (yaml: string): string => (variables === undefined ? yaml : withVariables(yaml, variables))
  const known = KUSTOMIZATION_NAMES.map((name) => join(root, name) ?? name).find((path) => files.has(path))
  if (known !== undefined && Object.keys(fields).length === 0) return { files, finish }
  const own = known === undefined ? generatedFields(environment) : ownFields(files.get(known) ?? '')
  // kustomize itself refuses a broken kustomization.
  if (own === undefined) return { files, finish }
  const path = known ?? join(root, KUSTOMIZATION_NAMES[0] ?? '') ?? ''
  return { files: files.set(path, JSON.stringify(mergedFields(own, fields))), finish }
}

function ownFields(text: string): Readonly<Record<string, unknown>> | undefined {
  const read = readOneDocument(text)
  const data = read.ok ? read.value?.data : undefined
  return isRecord(data) ? data : undefined
}

/** The kustomization that Flux generates from all YAML files of a folder. */
function generatedFields({ root, files }: Pick<Environment, 'root' | 'files'>): Readonly<Record<string, unknown>> {
  const start = root === '' ? 0 : root.length + 1
  return { resources: files.map((file) => `./${file.slice(start)}`) }
}
