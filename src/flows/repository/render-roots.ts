import { deployerParts, type DeployerRoot } from '../../core/delivery/overlay/rendered-root.ts'
import { NO_RENDERED_DEPLOYERS, type RenderedDeployers } from '../../core/delivery/rendered-deployers.ts'
import { redact } from '../../core/diff/redact.ts'
import { inputsOf } from '../../core/environment/environment.ts'
import { failurePlace } from '../../core/environment/failure-place.ts'
import { parentProblem, renderProblem } from '../../core/problem/files.ts'
import type { Problem } from '../../core/problem/problem.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot, SnapshotRead } from '../../core/rollout/snapshot.ts'
import type { Mirror } from '../../ports/mirror.ts'
import { buildEnvironment, type ReleaseSource } from '../build/build-environment.ts'

type Needs = ReleaseSource & { readonly mirror: Pick<Mirror, 'read'> }

/** A fleet has one for each cluster. With more, reading a commit would take too long. */
const MAX_ROOTS = 50
/** A build may change a deployer that changes the next one. */
const MAX_ROUNDS = 3

interface Commit {
  readonly treeish: Sha
  /** Reads the commit, with what its builds render. */
  readonly read: (rendered: RenderedDeployers) => Promise<SnapshotRead>
}

/** A commit, read with the deployers that its builds change, as they are rendered. */
export async function readWithRoots(
  context: Needs,
  { treeish, read }: Commit,
): Promise<SnapshotRead & { readonly rendered: RenderedDeployers }> {
  let rendered = NO_RENDERED_DEPLOYERS
  let found = await read(rendered)
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const now = await renderedRoots(context, treeish, found.snapshot)
    if (isSame(now, rendered)) break
    rendered = now
    found = await read(rendered)
  }
  return { ...found, rendered }
}

function isSame(a: RenderedDeployers, b: RenderedDeployers): boolean {
  const [one, other] = [a, b].map(({ parts, unrendered }) =>
    JSON.stringify([[...parts].map(([name, { text }]) => [name, text]), unrendered]),
  )
  return one === other
}

/** The deployers that builds of a commit change, as they are rendered. */
async function renderedRoots(
  context: Needs,
  treeish: Sha,
  { roots, config, layout }: Snapshot,
): Promise<RenderedDeployers> {
  if (roots.length === 0 || roots.length > MAX_ROOTS) return NO_RENDERED_DEPLOYERS
  const built = await Promise.all(
    roots.map(async (root) => ({ root, output: await buildRoot(context, treeish, { root, secrets: config.secrets }) })),
  )
  return {
    parts: new Map(
      built.flatMap(({ root, output }) =>
        'problem' in output ? [] : [...deployerParts(root, output.yaml, layout.texts)],
      ),
    ),
    templates: new Set(roots.flatMap(({ replaced }) => replaced)),
    unrendered: built.flatMap(({ root, output }) =>
      'problem' in output ? [{ ...output.problem, environments: [root.name] }] : [],
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
