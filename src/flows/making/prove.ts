import type { ProofOfEdit } from '../../core/command/outcome.ts'
import { mismatchOf, renderedShare } from '../../core/diff/agree.ts'
import type { ParsedRender } from '../../core/diff/objects.ts'
import { type Environment, inputsOf } from '../../core/environment/environment.ts'
import { qualifiedTitle } from '../../core/manifest/identity.ts'
import { refusalProblem, renderedProblem, renderProblem } from '../../core/problem/files.ts'
import { problemRefusal } from '../../core/refusal/unreadable.ts'
import { manifestIn } from '../../core/layer/layout.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { MoveEdit } from '../../core/rollout/move.ts'
import { routeIn } from '../../core/rollout/target.ts'
import { routeId } from '../../core/traffic/route.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { knownBefore } from '../../core/config/known-texts.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import { type FailedRender, renderEnvironment, type TreeSnapshot } from '../judgement/comparison/render.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { renderEdited } from './render-edited.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/**
 * Renders every environment that uses an edited file, before and after the edit. In the intended environments, only the intended
 * paths of the object may change, and in the others nothing. Otherwise, returns why the edit must not be committed.
 */
export async function proveEdit(
  context: Needs,
  side: TreeSnapshot,
  edit: MoveEdit,
): Promise<Result<ProofOfEdit, Refusal>> {
  const rendered: string[] = []
  for (const environment of side.snapshot.environments) {
    if (!inputsOf(environment).some((file) => edit.files.has(file))) continue
    const doubt = await proveIn(context, { ...side, environment }, edit)
    if (doubt !== undefined) return err(doubt)
    rendered.push(environment.name)
  }
  const wanted = new Set(edit.changes.flatMap(({ target }) => target.environments))
  return ok({ rendered, changed: rendered.filter((name) => wanted.has(name)) })
}

async function proveIn(
  context: Needs,
  side: TreeSnapshot & { readonly environment: Environment },
  edit: MoveEdit,
): Promise<Refusal | undefined> {
  const { name } = side.environment
  const [refusal] = side.environment.refusals
  if (refusal !== undefined) return problemRefusal(refusalProblem(refusal), true)
  const { environment: whole, texts } = await readEnvironmentTexts(context, side.treeish, side.environment)
  const others = new Set([...otherChoices(name, side.snapshot.targets, edit), ...otherSamples(side, edit)])
  if ([...edit.files.keys()].some((file) => others.has(file))) return severalTimes(name, edit, others)
  // Of alternative files, only the chosen one can be proven.
  const environment = { ...whole, files: whole.files.filter((file) => !others.has(file)) }
  const { secrets } = side.snapshot.config
  const { documents } = knownBefore(context.known)
  const [before, after] = await Promise.all([
    renderEnvironment(context, { environment, texts, secrets, documents }),
    renderEdited(context, side, { environment, texts, edited: edit.files, documents }),
  ])
  if (!before.ok) return unbuilt(name, before)
  if (!after.ok) return unbuilt(name, after)
  return doubtIn(name, { before: before.parsed, after: after.parsed }, edit)
}

/** The files of the same routes that were not chosen. */
function otherChoices(
  environment: string,
  targets: TreeSnapshot['snapshot']['targets'],
  { changes }: MoveEdit,
): ReadonlySet<string> {
  const chosen = new Set(changes.flatMap(({ target: { choice } }) => choice ?? []))
  const moved = new Set(changes.map(({ target }) => routeId(target.route)))
  const all = targets.filter(
    ({ environments, route }) => environments.includes(environment) && moved.has(routeId(route)),
  )
  return new Set(all.flatMap(({ choice }) => (choice === undefined || chosen.has(choice) ? [] : [choice])))
}

/**
 * Other files with the same object, if nothing deploys the folder and its route is in the edited file. Such files each contain
 * everything that a sample needs, and people apply one of them.
 */
function otherSamples(
  { environment, snapshot: { layout } }: TreeSnapshot & { readonly environment: Environment },
  { changes }: MoveEdit,
): readonly string[] {
  if (!environment.isLoose) return []
  const own = changes.filter(({ target, object }) => target.route.place.file === object.file)
  const wanted = new Set(own.map(({ object }) => qualifiedTitle(object)))
  const chosen = new Set(own.map(({ object }) => object.file))
  return environment.files.filter((file) => {
    const read = chosen.has(file) ? undefined : manifestIn(layout, file)
    return read?.ok === true && (read.value?.objects ?? []).some((object) => wanted.has(qualifiedTitle(object)))
  })
}

/** The edit is in one of several files with the same route, and it is unknown which of them is applied. */
function severalTimes(environment: string, { changes }: MoveEdit, others: ReadonlySet<string>): Refusal | undefined {
  const [first] = changes
  if (first === undefined) return undefined
  const { route, choice } = first.target
  const files = [...(choice === undefined ? [] : [choice]), ...others].sort()
  return { code: 'listed-twice', service: routeId(route), environment, files }
}

export function unbuilt(environment: string, rendered: FailedRender): Refusal {
  const { place } = rendered
  return problemRefusal(renderProblem({ environment, ...place, file: place?.file, rendered }), true)
}

function doubtIn(
  environment: string,
  { before, after }: { readonly before: ParsedRender; readonly after: ParsedRender },
  edit: MoveEdit,
): Refusal | undefined {
  if (!before.ok) return problemRefusal(renderedProblem(environment, before.problem), true)
  if (!after.ok) return problemRefusal(renderedProblem(environment, after.problem), true)
  const { changes } = edit
  const twice = after.duplicates.find(({ identity }) =>
    changes.some(
      ({ target, object }) =>
        target.environments.includes(environment) &&
        [target.route, routeIn(target, environment), object].map(qualifiedTitle).includes(qualifiedTitle(identity)),
    ),
  )
  if (twice !== undefined) return problemRefusal(renderedProblem(environment, twice), true)
  const objects = { before: before.objects, after: after.objects }
  const { also, missing } = mismatchOf(environment, objects, edit)
  const mine = changes.filter(({ target }) => target.environments.includes(environment))
  const [{ target } = { target: undefined }] = mine.length > 0 ? mine : changes
  if (target === undefined) return undefined
  if (also.length > 0) return { code: 'render-leak', name: target.service, environment, also }
  const isOther = mine.some(
    ({ share, target: own }) => share !== undefined && renderedShare(environment, objects.after, own) !== share,
  )
  const isShown = missing.length === 0 && !isOther
  return isShown ? undefined : { code: 'no-effect', environment, file: target.route.place.file, missing }
}
