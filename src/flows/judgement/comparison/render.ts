import { redactor } from '../../../core/diff/redact.ts'
import type { RenderedObject } from '../../../core/diff/objects.ts'
import { type PlainRender, readPlain } from '../../../core/diff/reading/plain-files.ts'
import {
  type Environment,
  environmentNamed,
  namespaceOf,
  refusalsOfTexts,
} from '../../../core/environment/environment.ts'
import { placeInPlain } from '../../../core/environment/plain.ts'
import { refusalProblem, renderProblem } from '../../../core/problem/files.ts'
import type { Problem } from '../../../core/problem/problem.ts'
import type { Location } from '../../../core/manifest/parse.ts'
import { err, ok, type Result } from '../../../core/result.ts'
import type { Sha } from '../../../core/rollout/facts.ts'
import type { Snapshot } from '../../../core/rollout/snapshot.ts'
import type { RenderResult } from '../../../ports/renderer.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import { type BuildInput, buildObjects, skippedProblem } from '../../build/build-environment.ts'
import type { RequiredChecks } from '../../validation/required-checks.ts'
import type { FileSource } from '../../repository/load.ts'
import { failurePlace } from '../../../core/environment/failure-place.ts'
import { readEnvironmentTexts } from '../../build/environment-texts.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/** A commit or tree, with the contents of its files. */
export interface TreeSnapshot {
  readonly treeish: Sha
  readonly snapshot: Snapshot
}

export interface SnapshotPair {
  readonly before: TreeSnapshot
  readonly after: TreeSnapshot
}

/** Both sides, the routes whose canary gets more traffic (`production VirtualService default/web`), and the additional checks. */
export interface CompareInput extends SnapshotPair {
  readonly raised: ReadonlySet<string>
  readonly requiredChecks: RequiredChecks
  /** Whether changed objects may be sent to an API server. */
  readonly maySend: boolean
}

/** The rendered output of an environment, as text and parsed. */
interface RenderedTexts extends PlainRender {
  /** Why releases of charts are missing from it. */
  readonly skipped: readonly Problem[]
}

/** The render of an environment that does not exist. */
export const NOTHING_RENDERED: RenderedTexts & Pick<RenderedTree, 'texts'> = {
  yaml: '',
  texts: new Map(),
  parsed: { ok: true, objects: [], duplicates: [] },
  skipped: [],
  leftOut: [],
}

interface RenderedTree extends RenderedTexts {
  readonly files: readonly string[]
  readonly texts: ReadonlyMap<string, string>
  /** The readable objects in some files of a folder without kustomize. */
  readonly objectsIn: (files: ReadonlySet<string>) => readonly RenderedObject[]
  /** Where a line of the render comes from, if known. */
  readonly placeOf: (line: number) => Location | undefined
}

/** The render of an environment on one side, or why it cannot be rendered. Empty if the environment does not exist there. */
export async function renderSide(
  context: Needs,
  side: TreeSnapshot,
  {
    name,
    ...reading
  }: { readonly name: string } & Pick<BuildInput, 'leavesOut'> & Required<Pick<BuildInput, 'documents'>>,
): Promise<Result<RenderedTree, readonly Problem[]>> {
  const found = environmentAt(side, name)
  if (found === undefined) return ok({ ...NOTHING_RENDERED, files: [], objectsIn: () => [], placeOf: () => undefined })
  const { environment, texts } = await readEnvironmentTexts(context, side.treeish, found)
  const { kind, files, isLoose } = environment
  const refusals = environment.refusals.length > 0 ? environment.refusals : refusalsOfTexts(environment, texts)
  if (refusals.length > 0) return err(refusals.map(refusalProblem))
  const { secrets } = side.snapshot.config
  const rendered = await renderEnvironment(context, { environment, texts, secrets, ...reading })
  const leftOut = new Set(rendered.ok ? rendered.leftOut.flatMap(({ file, isWhole }) => (isWhole ? [file] : [])) : [])
  const parts = files.filter((file) => !leftOut.has(file))
  const placeOf = (line: number): Location | undefined =>
    kind === 'plain' ? placeInPlain(parts, texts, line) : failurePlace(environment, texts)
  const objectsIn: RenderedTree['objectsIn'] = (wanted) => {
    const some = kind === 'plain' ? files.filter((file) => wanted.has(file)) : []
    const { parsed } = readPlain(some, texts, { ...reading, secrets, isLoose, namespace: namespaceOf(environment) })
    return parsed.ok ? parsed.objects : []
  }
  if (rendered.ok) return ok({ ...rendered, files, texts, objectsIn, placeOf })
  return err([renderProblem({ environment: name, ...rendered.place, file: rendered.place?.file, rendered })])
}

/**
 * Renders one environment from the texts of its files, and parses the output once. The error message of a tool may quote a
 * Secret, so its values are hidden.
 */
export async function renderEnvironment(
  context: Pick<RepositoryContext, 'renderer'>,
  input: BuildInput,
): Promise<({ readonly ok: true } & RenderedTexts) | FailedRender> {
  const { environment, texts, secrets } = input
  const rendered = await buildObjects(context, input)
  // The files are searched for Secrets only when a tool's message is shown, because the search takes longer than parsing the
  // output.
  const hide = (words: string): string => redactor(texts, secrets)(words)
  if (rendered.ok) return { ...rendered, skipped: rendered.skipped.map((one) => skippedProblem(one, hide)) }
  // The hidden text may be the one that leads to the place.
  const place = failurePlace(environment, texts, rendered.detail)
  return { ...rendered, detail: hide(rendered.detail), place }
}

/** A failed build, with the place that its message leads to. */
export type FailedRender = Extract<RenderResult, { ok: false }> & { readonly place: Location | undefined }

/** The environment with a name on one side. */
export function environmentAt(side: TreeSnapshot, name: string): Environment | undefined {
  return environmentNamed(side.snapshot.environments, name)
}
