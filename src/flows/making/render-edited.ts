/** Renders environments with changed files, before anything is committed. */
import { deployedAgain } from '../../core/delivery/overlay/deployed-again.ts'
import { type Environment, inputsOf, parentOfEnvironment } from '../../core/environment/environment.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { buildEnvironment, type BuildInput } from '../build/build-environment.ts'
import { renderEnvironment, type TreeSnapshot } from '../judgement/comparison/render.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/** An environment with the texts of its files, some of which are changed. */
interface EditedInput extends Pick<BuildInput, 'environment' | 'texts' | 'documents'> {
  readonly edited: ReadonlyMap<string, string>
}

/** The render with the changed texts. If a build contains the deployer of the environment, that is built first. */
export async function renderEdited(
  context: Needs,
  side: TreeSnapshot,
  { edited, texts, environment, ...reading }: EditedInput,
): Promise<Awaited<ReturnType<typeof renderEnvironment>>> {
  const { secrets } = side.snapshot.config
  const now = await withDeployerNow(context, side, { environment, edited })
  return renderEnvironment(context, { ...reading, environment: now, texts: new Map([...texts, ...edited]), secrets })
}

async function withDeployerNow(
  context: Needs,
  { treeish, snapshot }: TreeSnapshot,
  { environment, edited }: Pick<EditedInput, 'environment' | 'edited'>,
): Promise<Environment> {
  const parent = parentOfEnvironment(environment)
  const root = snapshot.roots.find(({ name }) => name === parent?.name)
  if (root === undefined || parent?.files.some((file) => edited.has(file)) !== true) return environment
  const files = [...new Set([...inputsOf(root.environment), ...inputsOf(environment)])]
  const texts = new Map([...(await context.mirror.read(treeish, files)), ...edited])
  const built = await buildEnvironment(context, root.environment, texts)
  return built.ok ? deployedAgain(environment, { root, yaml: built.yaml, texts }) : environment
}
