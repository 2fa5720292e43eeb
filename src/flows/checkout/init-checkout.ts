import { CONFIG_FILE, readConfig } from '../../core/config/read.ts'
import { Config } from '../../core/config/schema.ts'
import { proposedConfig, rolloutsIn } from '../../core/message/command-line/proposed-config.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { noRoute } from '../../core/rollout/find-target.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { targetName } from '../../core/rollout/target.ts'
import { routeId } from '../../core/traffic/route.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { type FileSource, loadSnapshot } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

/** A config to begin with, and how many rollouts it is for. */
export interface InitialConfig {
  readonly text: string
  readonly rollouts: number
}

/**
 * Proposes a config for what the files of a commit or folder hold without one. It says what Perch does anyway: where naming the
 * environments or services would change what Perch finds, they are commented out.
 */
async function proposeConfig(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  treeish: Sha,
): Promise<Result<InitialConfig, Refusal>> {
  const snapshot = await loadSnapshot(context, treeish, { config: Config.parse({}) })
  if (snapshot.environments.length === 0) return err({ code: 'nothing-found' })
  const rollouts = rolloutsIn(snapshot).length
  if (rollouts === 0) return err(noRoute(snapshot))
  for (const written of [
    { hasEnvironments: true, hasServices: true },
    { hasEnvironments: false, hasServices: true },
  ]) {
    const text = proposedConfig(snapshot, written)
    if (await readsTheSame(context, treeish, { snapshot, text })) return ok({ rollouts, text })
  }
  return ok({ rollouts, text: proposedConfig(snapshot, { hasEnvironments: false, hasServices: false }) })
}

/** Whether Perch finds the same with a proposed config as without one. */
async function readsTheSame(
  context: FileSource & Pick<RepositoryContext, 'renderer'>,
  treeish: Sha,
  { snapshot, text }: { readonly snapshot: Snapshot; readonly text: string },
): Promise<boolean> {
  const config = readConfig(text)
  if (!config.ok) return false
  return readingOf(await loadSnapshot(context, treeish, { config: config.value })) === readingOf(snapshot)
}

/** What Perch finds, as one text to compare. A config may list it in another order. */
function readingOf({ environments, targets, problems, unrendered }: Snapshot): string {
  const lines = [
    ...environments.map(({ name, kind, root, files, deployer }) => [name, kind, root, files, deployer ?? null]),
    ...targets.map((target) => [targetName(target), routeId(target.route), target.route.names]),
    [problems.length + unrendered.length],
  ]
  return lines
    .map((line) => JSON.stringify(line))
    .toSorted()
    .join()
}

/** Writes a proposed config into a folder that has none. `isDry`: only proposes one, also where the folder has a config. */
export async function initCheckout(
  context: Pick<RepositoryContext, 'renderer'> & {
    readonly worktree: FileSource['mirror'] & { write(files: ReadonlyMap<string, string>): Promise<void> }
  },
  { here, isDry }: { readonly here: Sha; readonly isDry: boolean },
): Promise<Result<InitialConfig, Refusal | 'is-there'>> {
  const { worktree, renderer } = context
  const isThere = (await worktree.entries(here)).some(({ path }) => path === CONFIG_FILE)
  if (isThere && !isDry) return err('is-there')
  const made = await proposeConfig({ mirror: worktree, renderer }, here)
  if (made.ok && !isDry) await worktree.write(new Map([[CONFIG_FILE, made.value.text]]))
  return made
}
