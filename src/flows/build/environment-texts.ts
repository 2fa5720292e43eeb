import { type Environment, inputsOf } from '../../core/environment/environment.ts'
import { mentionsTraffic } from '../../core/environment/traffic-text.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Mirror } from '../../ports/mirror.ts'

/** The texts of an environment's files, and the part of the environment that is read. */
export interface EnvironmentTexts {
  readonly environment: Environment
  readonly texts: ReadonlyMap<string, string>
}

/**
 * Reads the files of an environment. A folder that nothing deploys may contain files that nobody would render, such as all
 * earlier releases. So only those of its large files that are about traffic are read.
 */
export async function readEnvironmentTexts(
  context: { readonly mirror: Pick<Mirror, 'read'> },
  treeish: Sha,
  environment: Environment,
): Promise<EnvironmentTexts> {
  const { files, isLoose } = environment
  if (!isLoose) return { environment, texts: await context.mirror.read(treeish, inputsOf(environment)) }
  const left = new Set<string>()
  const texts = await context.mirror.read(treeish, files, (path, text) => {
    if (!mentionsTraffic(text)) left.add(path)
    return !left.has(path)
  })
  return { environment: { ...environment, files: files.filter((file) => !left.has(file)) }, texts }
}
