import { problemRefusal, refusalProblem, renderProblem, UNCOMMITTED } from '../core/message/problem.ts'
import type { Refusal } from '../core/message/refusal.ts'
import type { ResourceDiff } from '../core/gate/review.ts'
import { diffEnvironment, rowsOf } from '../core/diff/review.ts'
import type { Environment } from '../core/environment/graph.ts'
import type { Files as Texts } from '../core/rollout/move.ts'
import type { Target } from '../core/rollout/target.ts'
import type { Desk } from './desk.ts'
import type { Files } from './load.ts'
import { renderEnvironment, type Side } from './render.ts'

export interface EditToProve {
  readonly target: Target
  readonly files: Texts
  /** The kinds of objects that may change; the route's own unless told. */
  readonly kinds?: readonly string[]
  /** The canary's share is to be another one after it. */
  readonly shifts: boolean
}

/**
 * Renders the environments that an edit is meant for, before and after it, and says why it must not be committed: they do
 * not build, something else than the route would change too, or the route would not (a patch, a replacement or a variable
 * sets the weights). Undefined: just what is wanted changes.
 */
export async function proveEdit(
  desk: Files & Pick<Desk, 'renderer'>,
  side: Side,
  edit: EditToProve,
): Promise<Refusal | undefined> {
  for (const environment of side.snapshot.environments) {
    if (!environment.files.some((file) => edit.files.has(file))) continue
    const doubt = await proveIn(desk, { ...side, environment }, edit)
    if (doubt !== undefined) return doubt
  }
  return undefined
}

async function proveIn(
  desk: Files & Pick<Desk, 'renderer'>,
  side: Side & { readonly environment: Environment },
  { target, files, kinds = [target.route.kind], shifts }: EditToProve,
): Promise<Refusal | undefined> {
  const { environment, snapshot } = side
  const { name } = environment
  const [refusal] = environment.refusals
  if (refusal !== undefined) return problemRefusal(refusalProblem(refusal), UNCOMMITTED)
  const texts = await desk.mirror.read(side.treeish, environment.files)
  const edited = new Map([...texts, ...[...files].filter(([file]) => texts.has(file))])
  const { secrets } = snapshot.config
  const before = await renderEnvironment(desk, { environment, texts, secrets })
  const after = await renderEnvironment(desk, { environment, texts: edited, secrets })
  if (!before.ok)
    return problemRefusal(renderProblem({ environment: name, file: undefined, rendered: before }), UNCOMMITTED)
  if (!after.ok)
    return problemRefusal(renderProblem({ environment: name, file: undefined, rendered: after }), UNCOMMITTED)
  const renders = { before: before.yaml, after: after.yaml }
  const diff = diffEnvironment(name, renders)
  if (!diff.ok) return problemRefusal(diff.error, UNCOMMITTED)
  const also = besides(diff.value.resources, kinds)
  if (also.length > 0) return { code: 'render-leak', name: target.service, also }
  const isMoved = !shifts || rowsOf(name, renders, snapshot.config).length > 0
  return isMoved ? undefined : { code: 'no-effect', environment: name, file: target.route.place.file }
}

/**
 * What changes besides the one object that was edited. That one is known by its kind: kustomize may have given it another
 * namespace, or its name a prefix or suffix.
 */
function besides(resources: readonly ResourceDiff[], kinds: readonly string[]): readonly string[] {
  const meant = resources.find(({ kind }) => kinds.includes(kind))
  return resources.filter((resource) => resource !== meant).map(({ title }) => title)
}
