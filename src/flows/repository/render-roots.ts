import { deployerParts, type DeployerRoot, deployerRoots } from '../../core/delivery/overlay/rendered-root.ts'
import { NO_RENDERED_DEPLOYERS, type RenderedDeployers } from '../../core/delivery/rendered-deployers.ts'
import { redact } from '../../core/diff/redact.ts'
import { inputsOf } from '../../core/environment/environment.ts'
import { failurePlace } from '../../core/environment/failure-place.ts'
import { parentProblem, renderProblem } from '../../core/problem/files.ts'
import type { Problem } from '../../core/problem/problem.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import type { Mirror } from '../../ports/mirror.ts'
import { buildEnvironment, type ReleaseSource } from '../build/build-environment.ts'

type Needs = ReleaseSource & { readonly mirror: Pick<Mirror, 'read'> }

/** More than any repository needs. */
const MAX_ROOTS = 20

/** The Applications that kustomizations of a commit patch or rename, as they are rendered. */
export async function renderedRoots(
  context: Needs,
  treeish: Sha,
  { layout, config }: Snapshot,
): Promise<RenderedDeployers> {
  const roots = deployerRoots(layout)
  if (roots.length === 0 || roots.length > MAX_ROOTS) return NO_RENDERED_DEPLOYERS
  const built = await Promise.all(
    roots.map(async (root) => ({ root, output: await buildRoot(context, treeish, { root, secrets: config.secrets }) })),
  )
  return {
    parts: new Map(
      built.flatMap(({ root, output }) => ('problem' in output ? [] : [...deployerParts(root, output.yaml)])),
    ),
    templates: new Set(roots.flatMap(({ replaced }) => replaced)),
    unrendered: built.flatMap(({ root, output }) =>
      'problem' in output ? [{ ...output.problem, environments: [root.environment.name] }] : [],
    ),
  }
}

/** The render of a build, or why there is none. */
async function buildRoot(
  context: Needs,
  treeish: Sha,
  { root, secrets }: { readonly root: DeployerRoot; readonly secrets: readonly string[] },
): Promise<{ readonly yaml: string } | { readonly problem: Problem }> {
  const { environment } = root
  const { name, root: folder } = environment
  const files = inputsOf(environment)
  const texts = await context.mirror.read(treeish, files)
  const built = await buildEnvironment(context, environment, texts)
  if (built.ok) return built
  const { code, detail } = built
  const place = failurePlace(environment, texts, detail)
  const rendered = { code, detail: redact(detail, texts, secrets) }
  const problem = renderProblem({ environment: name, ...place, file: place?.file, rendered })
  return { problem: parentProblem({ folder, files, by: 'kustomization' }, problem) }
}
