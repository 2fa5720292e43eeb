import { redact } from '../core/diff/redact.ts'
import { diffEnvironment, rowsOf } from '../core/diff/review.ts'
import { type Environment, refusalsOfTexts } from '../core/environment/graph.ts'
import { renderPlain } from '../core/environment/plain.ts'
import type { EnvironmentDiff, Problem, TrafficRow } from '../core/gate/review.ts'
import { refusalProblem, renderProblem } from '../core/message/problem.ts'
import type { Sha } from '../core/rollout/facts.ts'
import type { Snapshot } from '../core/rollout/snapshot.ts'
import type { Rendered } from '../ports/renderer.ts'
import type { Desk } from './desk.ts'

type Needs = Pick<Desk, 'mirror' | 'renderer'>

/** A commit or tree, and what its files say. */
export interface Side {
  readonly treeish: Sha
  readonly snapshot: Snapshot
}

export interface Sides {
  readonly before: Side
  readonly after: Side
}

export interface Comparison {
  readonly rows: readonly TrafficRow[]
  readonly diffs: readonly EnvironmentDiff[]
  readonly problems: readonly Problem[]
  readonly renderer: string | undefined
}

/** Renders the named environments on both sides and compares what comes out. */
export async function compare(desk: Needs, sides: Sides, names: readonly string[]): Promise<Comparison> {
  const parts = await Promise.all(names.map((name) => compareOne(desk, sides, name)))
  return {
    rows: parts.flatMap(({ rows }) => rows),
    diffs: parts.flatMap(({ diffs }) => diffs),
    problems: parts.flatMap(({ problems }) => problems),
    renderer: names.length === 0 ? undefined : await desk.renderer.tool(),
  }
}

async function compareOne(desk: Needs, sides: Sides, name: string): Promise<Omit<Comparison, 'renderer'>> {
  const environment = find(sides.after, name)
  const doubts = await doubtsOf(desk, sides.after, environment)
  if (doubts.length > 0) return { rows: [], diffs: [], problems: doubts }
  const [old, now] = await Promise.all([
    renderSide(desk, sides.before, find(sides.before, name)),
    renderSide(desk, sides.after, environment),
  ])
  const file = kustomizationOf(environment)
  if (!now.ok) return { rows: [], diffs: [], problems: [renderProblem({ environment: name, file, rendered: now })] }
  // What the base branch had cannot be rendered: everything that the pull request brings counts as new.
  const texts = { before: old.ok ? old.yaml : '', after: now.yaml }
  const diff = diffEnvironment(name, texts)
  if (!diff.ok) return { rows: [], diffs: [], problems: [{ ...diff.error, file }] }
  const rows = rowsOf(name, texts, sides.after.snapshot.config)
  return { rows, diffs: diff.value.resources.length === 0 ? [] : [diff.value], problems: [] }
}

/** What only the texts of an environment's files can say against rendering it. */
async function doubtsOf(
  desk: Pick<Desk, 'mirror'>,
  side: Side,
  environment: Environment | undefined,
): Promise<readonly Problem[]> {
  if (environment === undefined || environment.refusals.length > 0) return []
  return refusalsOfTexts(environment, await desk.mirror.read(side.treeish, environment.files)).map(refusalProblem)
}

async function renderSide(desk: Needs, side: Side, environment: Environment | undefined): Promise<Rendered> {
  if (environment === undefined || environment.refusals.length > 0) return { ok: true, yaml: '' }
  return renderEnvironment(desk, environment, await desk.mirror.read(side.treeish, environment.files))
}

/** Renders one environment from the texts of its files. What a failing tool says can quote a Secret: its values are hidden. */
export async function renderEnvironment(
  desk: Pick<Desk, 'renderer'>,
  environment: Environment,
  texts: ReadonlyMap<string, string>,
): Promise<Rendered> {
  if (environment.kind === 'plain') return { ok: true, yaml: renderPlain(environment.files, texts) }
  const rendered = await desk.renderer.render(texts, environment.root)
  return rendered.ok ? rendered : { ...rendered, detail: redact(rendered.detail, texts) }
}

function find(side: Side, name: string): Environment | undefined {
  return side.snapshot.environments.find((environment) => environment.name === name)
}

/** The file that a reviewer opens when the whole environment does not build. */
function kustomizationOf(environment: Environment | undefined): string | undefined {
  const prefix = environment === undefined || environment.root === '' ? '' : `${environment.root}/`
  return environment?.files.find(
    (file) => /^kustomization(\.ya?ml)?$/i.test(file.slice(prefix.length)) && file.startsWith(prefix),
  )
}
