import { refusalProblem, renderProblem } from '../core/message/problem.ts'
import type { Refusal } from '../core/message/refusal.ts'
import type { Problem, ResourceDiff } from '../core/gate/review.ts'
import { diffEnvironment } from '../core/diff/review.ts'
import type { Files as Texts } from '../core/rollout/move.ts'
import type { Target } from '../core/rollout/target.ts'
import type { Rendered } from '../ports/renderer.ts'
import type { Desk } from './desk.ts'
import type { Files } from './load.ts'
import { renderEnvironment, type Side } from './render.ts'

/**
 * Renders the environments that an edit is meant for, before and after it, and says why it must not be committed: they do
 * not build, or something else than the route would change too. Undefined: only the route changes.
 */
export async function proveEdit(
  desk: Files & Pick<Desk, 'renderer'>,
  side: Side,
  edit: { readonly target: Target; readonly files: Texts; readonly kinds?: readonly string[] },
): Promise<Refusal | undefined> {
  const { target, kinds = [target.route.kind] } = edit
  for (const environment of side.snapshot.environments) {
    if (!environment.files.some((file) => edit.files.has(file))) continue
    const [refusal] = environment.refusals
    if (refusal !== undefined) return unreadable(refusalProblem(refusal))
    const texts = await desk.mirror.read(side.treeish, environment.files)
    const before = await renderEnvironment(desk, environment, texts)
    const after = await renderEnvironment(
      desk,
      environment,
      new Map([...texts, ...[...edit.files].filter(([file]) => texts.has(file))]),
    )
    const failed = [before, after].find((rendered) => !rendered.ok)
    if (failed !== undefined && !failed.ok) {
      return unreadable(renderProblem({ environment: environment.name, file: undefined, rendered: failed }))
    }
    const yaml = (rendered: Rendered): string => (rendered.ok ? rendered.yaml : '')
    const diff = diffEnvironment(environment.name, { before: yaml(before), after: yaml(after) })
    if (!diff.ok) return unreadable(diff.error)
    const also = besides(diff.value.resources, kinds)
    if (also.length > 0) return { code: 'render-leak', name: target.service, also }
  }
  return undefined
}

/**
 * What changes besides the one object that was edited. That one is known by its kind: kustomize may have given it another
 * namespace, or its name a prefix or suffix.
 */
function besides(resources: readonly ResourceDiff[], kinds: readonly string[]): readonly string[] {
  const meant = resources.find(({ kind }) => kinds.includes(kind))
  return resources.filter((resource) => resource !== meant).map(({ title }) => title)
}

function unreadable({ what, next, file, line }: Problem): Refusal {
  const place = file === undefined ? '' : ` (\`${file}:${line}\`)`
  return { code: 'unreadable', what: `Nothing was committed. ${what}${place}`, next }
}
