/** An environment whose deployer a build renders, after a change of the build. */
import { type Environment, parentOfEnvironment } from '../../environment/environment.ts'
import { forPart } from '../flux/generated-folders.ts'
import { readDeployers } from '../rendered-deployers.ts'
import { type DeployerRoot, deployerParts } from './rendered-root.ts'

/** The changed render of a build, and the changed texts of its files and of the environment's. */
interface ChangedBuild {
  readonly root: DeployerRoot
  readonly yaml: string
  readonly texts: ReadonlyMap<string, string>
}

/** The environment with what the build says now about its deployer. It stays as it is if that is not there any more. */
export function deployedAgain(environment: Environment, { root, yaml, texts }: ChangedBuild): Environment {
  const { deployer, release: own } = environment
  const parent = parentOfEnvironment(environment)
  const rendered = { parts: deployerParts(root, yaml, texts), templates: new Set(root.replaced), unrendered: [] }
  const { deliveries, releases } = readDeployers(texts, { filling: deployer?.filling }, rendered)
  if (own !== undefined) {
    const { chart, name } = own.release
    const now = releases.find(
      (one) => one.parent?.name === parent?.name && one.release.chart === chart && one.release.name === name,
    )
    return now === undefined ? environment : { ...environment, release: { ...own, release: now.release } }
  }
  const now = deliveries.find(
    (one) =>
      one.parent?.name === parent?.name &&
      one.title === deployer?.title &&
      one.path === (deployer.named ?? deployer.path),
  )
  if (deployer === undefined || now?.additions === undefined) return environment
  const { path, named } = deployer
  const additions = named === undefined ? now.additions : forPart(now.additions, { path, named })
  const read = { additions, texts: deployer.files.map((one) => texts.get(one)) }
  return { ...environment, deployer: { ...deployer, read } }
}
