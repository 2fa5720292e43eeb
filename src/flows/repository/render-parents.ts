/** Finds what the charts of a commit deploy, by rendering them. */
import {
  deployerTemplates,
  isDeployerText,
  overruled,
  type ParentRelease,
  parentReleases,
  withoutParents,
} from '../../core/chart/parent-releases.ts'
import { placeInChart } from '../../core/chart/place-in-chart.ts'
import { renderedParts, templateOf } from '../../core/chart/rendered-parts.ts'
import type { RenderedDeployers } from '../../core/delivery/rendered-deployers.ts'
import { redact } from '../../core/diff/redact.ts'
import { parseManifest } from '../../core/manifest/parse.ts'
import { treeOf } from '../../core/environment/tree.ts'
import { manifestProblem, parentProblem, refusalProblem, renderProblem } from '../../core/problem/files.ts'
import type { Problem } from '../../core/problem/problem.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Snapshot, SnapshotRead } from '../../core/rollout/snapshot.ts'
import type { Mirror } from '../../ports/mirror.ts'
import { type ReleaseSource, renderRelease } from '../build/build-environment.ts'
import { readWithRoots } from './render-roots.ts'

/** A chart may deploy a chart that deploys a chart. More would be a mistake, or a cycle. */
const MAX_DEPTH = 3
/** More than any repository needs, and a limit for those that a cycle or a mistake makes. */
const MAX_CHARTS = 20

interface CommitSource {
  readonly treeish: Sha
  readonly entries: Parameters<typeof treeOf>[0]
  /** Reads the commit, with what its charts render. */
  readonly read: (rendered: RenderedDeployers) => Promise<SnapshotRead>
  /** The texts that it has read. */
  readonly texts: ReadonlyMap<string, string | undefined>
}

type Needs = ReleaseSource & { readonly mirror: Pick<Mirror, 'read'> }

/** The snapshot of a commit, with the deployers that kustomizations change and that charts render. Without any, nothing is rendered. */
export async function snapshotWithParents(context: Needs, commit: CommitSource): Promise<Snapshot> {
  const { entries, texts, read } = commit
  let { snapshot, releases, rendered } = await readWithRoots(context, commit)
  const templates = deployerTemplates(new Map([...texts, ...(await helpersOf(context, commit))]))
  if (templates.size === 0) return snapshot
  const tree = treeOf(entries)
  const done: ParentRelease[] = []
  for (let depth = 0; depth < MAX_DEPTH; depth += 1) {
    const { environments } = snapshot
    const scene = { tree, texts, templates, environments, releases }
    const parents = parentReleases(scene, done).slice(0, MAX_CHARTS - done.length)
    if (parents.length === 0) break
    done.push(...parents)
    rendered = await withRendered(context, commit, { rendered, parents, templates, secrets: snapshot.config.secrets })
    ;({ snapshot, releases } = await read(rendered))
    const wrong = overruled(done, releases)
    if (wrong.length === 0) continue
    rendered = withoutParents(rendered, wrong)
    ;({ snapshot, releases } = await read(rendered))
  }
  return snapshot
}

/** The texts of the charts' named templates (`_app.tpl`), which other templates include. */
async function helpersOf({ mirror }: Needs, { treeish, entries }: CommitSource): Promise<ReadonlyMap<string, string>> {
  const paths = [...entries].filter(({ path, type }) => type === 'file' && HELPER.test(path)).map(({ path }) => path)
  return paths.length === 0 ? new Map() : mirror.read(treeish, paths, (_, text) => isDeployerText(text))
}

const HELPER = /(?:^|\/)templates\/(?:.+\/)?[^/]+\.tpl$/

interface Round {
  readonly rendered: RenderedDeployers
  readonly parents: readonly ParentRelease[]
  readonly templates: ReadonlySet<string>
  /** The kinds that contain secrets, according to the config. */
  readonly secrets: readonly string[]
}

async function withRendered(context: Needs, { treeish }: CommitSource, round: Round): Promise<RenderedDeployers> {
  const { rendered, parents, templates, secrets } = round
  const found = await Promise.all(
    parents.map(async (parent) => ({ parent, output: await renderParent(context, treeish, { parent, secrets }) })),
  )
  const parts = new Map(rendered.parts)
  const replaced = new Set(rendered.templates)
  for (const { parent, output } of found) {
    if ('problem' in output) continue
    const { name, files, charts, isGuessed = false } = parent
    for (const file of files) if (templates.has(file)) replaced.add(file)
    for (const [part, text] of output.parts) parts.set(part, { text, parent: { name, files, charts, isGuessed } })
  }
  const problems = found.flatMap(({ parent: { name }, output }) =>
    'problem' in output ? [{ ...output.problem, environments: [name] }] : [],
  )
  return { parts, templates: replaced, unrendered: [...rendered.unrendered, ...problems] }
}

/** The parts of a release's output with deployers, or why there is no output. */
async function renderParent(
  context: Needs,
  treeish: Sha,
  { parent, secrets }: { readonly parent: ParentRelease; readonly secrets: readonly string[] },
): Promise<{ readonly parts: ReadonlyMap<string, string> } | { readonly problem: Problem }> {
  const { name, release, copies, files, refusals } = parent
  const self = { folder: release.chart, files }
  const [refusal] = refusals
  if (refusal !== undefined) return { problem: parentProblem(self, refusalProblem(refusal)) }
  const texts = await context.mirror.read(treeish, files)
  const output = await renderRelease(context, parent, texts)
  if (output.ok) {
    const all = renderedParts({ environment: name, release, copies, yaml: output.yaml })
    const parts = new Map([...all].filter(([, text]) => isDeployerText(text)))
    // helm prints anything, and the API server would refuse all of it.
    const broken = [...parts].map(([part, text]) => parseManifest(templateOf(part), text)).find(({ ok }) => !ok)
    return broken?.ok === false
      ? { problem: parentProblem(self, manifestProblem({ ...broken.error, line: 1 })) }
      : { parts }
  }
  const { file, line } = placeInChart(release, output.detail, texts)
  const failure = { code: output.code, detail: redact(output.detail, texts, secrets) }
  return { problem: parentProblem(self, renderProblem({ environment: name, file, line, rendered: failure })) }
}
