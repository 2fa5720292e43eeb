/** Asks the operator's API server what it would say about the objects that a change adds or changes. */
import type { RenderedObject } from '../../core/diff/objects.ts'
import { locator } from '../../core/finding/locate.ts'
import { identityKey, titleOf } from '../../core/manifest/identity.ts'
import { type DryRunGap, type DryRunResult, planDryRun, withholder } from '../../core/policy/dry-run.ts'
import { type Failure, objectKey, type ObjectRemark, type ToolResult } from '../../core/policy/remark.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { dryRunGap, failureProblems, objectRemark, type ToolRequest } from '../../core/problem/tools.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import {
  NO_ANSWER,
  redactorFor,
  sorted,
  joinAnswers,
  type ValidateInput,
  type ValidatorAnswer,
  withoutSecrets,
} from './answer.ts'
import type { RequiredChecks } from './required-checks.ts'

/** What the API server says about an environment's objects. An object without a verdict is a problem too, but never a red one. */
export async function dryRunAnswer(
  { validators }: Pick<RepositoryContext, 'validators'>,
  { dryRun: settings, places }: RequiredChecks,
  scene: ValidateInput,
): Promise<ValidatorAnswer> {
  if (settings === undefined) return NO_ANSWER
  const { environment, before, after, secrets, namespace } = scene
  const withheldFor = withholder([...before, ...after], secrets)
  const { asked, withheld } = planDryRun({ before, after, ignore: settings.ignore }, withheldFor)
  if (asked.length + withheld.length === 0) return NO_ANSWER
  const ask = async (objects: readonly RenderedObject[]): Promise<DryRunResult> => {
    if (objects.length === 0) return { ok: true, remarks: [], gaps: [] }
    if (!scene.maySend) return { ok: false, failure: { code: 'fork', detail: '' } }
    return validators.dryRun(objects, { namespace, fieldManager: settings.fieldManager })
  }
  const objects = asked.flatMap((index) => after[index] ?? [])
  const now = await ask(objects)
  // Finding places, and Secrets to hide, takes longer than the dry run.
  if (now.ok && now.remarks.length + now.gaps.length + withheld.length === 0) return NO_ANSWER
  const words = await problemsOf(scene)
  const kept = joinAnswers(withheld.map((gap) => withheldAnswer(gap, words.gap(after, gap))))
  if (!now.ok) {
    const failed = words.failure(now.failure, { tool: 'dry-run', place: places.validators, side: 'base', environment })
    return joinAnswers([{ problems: failed, notes: [] }, kept])
  }
  const told = await sorted(now.remarks, async () => {
    // The state before may contain a value that the change removes.
    const earlier = earlierOf(objects, now.remarks, before).filter((object) => withheldFor(object) === undefined)
    return { earlier: verdictsOf(await ask(earlier)), before: objectKey(earlier), after: objectKey(objects) }
  })
  const remark = (one: ObjectRemark): Problem => words.remark(objects, one)
  const gaps = now.gaps.map((gap) => words.gap(objects, gap))
  return joinAnswers([{ problems: [...told.brought.map(remark), ...gaps], notes: told.notes.map(remark) }, kept])
}

/** Withheld Secrets are a note. Any other object without a verdict is a problem, because its validity is unknown. */
function withheldAnswer({ code }: DryRunGap, problem: Problem): ValidatorAnswer {
  return code === 'secret' ? { problems: [], notes: [problem] } : { problems: [problem], notes: [] }
}

/** Turns remarks into problems at the places of their objects, without values of Secrets. */
async function problemsOf(scene: ValidateInput) {
  const { environment } = scene
  const sources = await scene.sources()
  const hide = redactorFor(scene, sources)
  const placeOf = locator(sources)
  const about = (object: RenderedObject | undefined, path: ObjectRemark['path']) =>
    object === undefined
      ? { environment, title: environment, place: sources.home }
      : { environment, title: titleOf(object), place: placeOf({ object, path }) }
  return {
    remark: (objects: readonly RenderedObject[], remark: ObjectRemark): Problem =>
      objectRemark('dry-run', { ...remark, text: hide(remark.text) }, about(objects[remark.object], remark.path)),
    gap: (objects: readonly RenderedObject[], { code, text, object }: DryRunGap): Problem =>
      dryRunGap({ code, text: hide(text) }, about(objects[object], [])),
    failure: (failure: Failure, request: ToolRequest): readonly Problem[] =>
      failureProblems(withoutSecrets(failure, hide), request),
  }
}

/** The earlier state of the objects that are refused now. */
function earlierOf(
  objects: readonly RenderedObject[],
  remarks: readonly ObjectRemark[],
  before: readonly RenderedObject[],
): readonly RenderedObject[] {
  const refused = new Set(
    remarks.flatMap(({ level, object }) => {
      const about = objects[object]
      return level === 'warning' || about === undefined ? [] : [identityKey(about)]
    }),
  )
  return before.filter((object) => refused.has(identityKey(object)))
}

function verdictsOf(result: DryRunResult): ToolResult<ObjectRemark> {
  return result.ok ? { ok: true, remarks: result.remarks } : result
}
