import { type LoneRelease, loneReleases } from '../../core/chart/lone-releases.ts'
import { readConfig } from '../../core/config/read.ts'
import { Config } from '../../core/config/schema.ts'
import {
  type ConfigProposal,
  proposedConfig,
  rolloutsIn,
  unnamedIn,
} from '../../core/message/onboarding/proposed-config.ts'
import type { ProposedRelease } from '../../core/message/onboarding/proposed-environments.ts'
import { noEnvironment } from '../../core/refusal/unreadable.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import { noRoute } from '../../core/rollout/find-target.ts'
import type { Snapshot } from '../../core/rollout/snapshot.ts'
import { targetName } from '../../core/rollout/target.ts'
import { routeId } from '../../core/traffic/route.ts'
import { type FileSource, loadSnapshot } from '../repository/load.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/**
 * Proposes a config for files without one. It describes what Perch does anyway: environments and services are commented out if
 * naming them would change what Perch finds.
 */
export async function proposeConfig(context: Needs, treeish: Sha): Promise<Result<ConfigProposal, Refusal>> {
  const snapshot = await loadSnapshot(context, treeish, { config: Config.parse({}) })
  const lone = await loneCharts(context, treeish, snapshot)
  if (lone.length === 0 && snapshot.environments.length === 0) return err(noEnvironment(snapshot))
  if (lone.length + rolloutsIn(snapshot).length + unnamedIn(snapshot).length === 0) return err(noRoute(snapshot))
  for (const written of [
    { hasEnvironments: true, hasServices: true },
    { hasEnvironments: false, hasServices: true },
  ]) {
    const proposal = { text: proposedConfig(snapshot, written, lone), snapshot, written, lone }
    if (await readsTheSame(context, treeish, proposal)) return ok(proposal)
  }
  const written = { hasEnvironments: false, hasServices: false }
  return ok({ text: proposedConfig(snapshot, written, lone), snapshot, written, lone })
}

/** The releases to propose for charts with routes that nothing deploys, with what Perch finds if the config names them. */
async function loneCharts(context: Needs, treeish: Sha, snapshot: Snapshot): Promise<readonly ProposedRelease[]> {
  const charts = new Set(
    snapshot.unrendered.flatMap(({ cause }) => {
      const { chart, copiedIn } = cause.kind === 'manifest' ? cause.problem : {}
      return chart === undefined || copiedIn !== undefined ? [] : [chart]
    }),
  )
  if (charts.size === 0) return []
  const paths = (await context.mirror.entries(treeish)).map(({ path }) => path)
  const taken = new Set(snapshot.environments.map(({ name }) => name))
  const releases = loneReleases([...charts], { paths, taken }).slice(0, MAX_RELEASES)
  const config = readConfig(JSON.stringify({ environments: Object.fromEntries(releases.map(entryOf)) }))
  if (!config.ok) return []
  const seen = await loadSnapshot(context, treeish, { config: config.value })
  return releases.map((release) => ({
    ...release,
    targets: rolloutsIn(seen).filter(({ environment }) => environment === release.environment),
    problems: [...seen.problems, ...seen.unrendered].filter(({ environments }) =>
      environments.includes(release.environment),
    ),
  }))
}

/** Each is rendered. */
const MAX_RELEASES = 20

function entryOf({ environment, chart, values }: LoneRelease): readonly [string, object] {
  return [environment, { helm: { chart: chart === '' ? '.' : chart, values } }]
}

/** Whether Perch finds the same with a proposed config as without one. */
async function readsTheSame(context: Needs, treeish: Sha, { snapshot, text }: ConfigProposal): Promise<boolean> {
  const config = readConfig(text)
  if (!config.ok) return false
  return readingOf(await loadSnapshot(context, treeish, { config: config.value })) === readingOf(snapshot)
}

/** What Perch finds, as one text to compare. A config may change the order. */
function readingOf({ environments, targets, problems, unrendered }: Snapshot): string {
  const lines = [
    ...environments.map(({ name, kind, root, files, deployer, release }) => {
      return [name, kind, root, files, deployer ?? null, release?.release ?? null]
    }),
    ...targets.map((target) => [targetName(target), routeId(target.route), target.route.names]),
    [problems.length, unrendered.length],
  ]
  return lines
    .map((line) => JSON.stringify(line))
    .toSorted()
    .join()
}
