/** Runs the validators that the base branch requires, and separates what a change adds from what existed before. */
import { type RenderedObject, wholeObject } from '../../core/diff/objects.ts'
import { redactor } from '../../core/diff/redact.ts'
import { locator } from '../../core/finding/locate.ts'
import type { Problem } from '../../core/problem/problem.ts'
import { worthSaying } from '../../core/policy/istio.ts'
import { isLinted } from '../../core/policy/lint.ts'
import { type ToolResult, lineKey, objectKey, type ObjectRemark, type ToolName } from '../../core/policy/remark.ts'
import { failureProblems, lineRemark, objectRemark } from '../../core/problem/tools.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { Rendering, Validators } from '../../ports/validators.ts'
import {
  NO_ANSWER,
  redactorFor,
  sorted,
  joinAnswers,
  type ValidateInput,
  type ValidatorAnswer,
  withoutSecrets,
} from './answer.ts'
import { dryRunAnswer } from './dry-run.ts'
import { type RequiredChecks, placeFor } from './required-checks.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { titleOf } from '../../core/manifest/identity.ts'

type Needs = FileSource & Pick<RepositoryContext, 'validators'>

interface Check {
  readonly tool: Exclude<ToolName, 'yamllint' | 'dry-run'>
  /** `applied`: the environment's render on the base branch. */
  readonly ask: (rendering: Rendering, applied: readonly RenderedObject[]) => Promise<ToolResult<ObjectRemark>>
}

/** What the validators say about an environment's objects. */
export async function validateObjects(
  context: Needs,
  requiredChecks: RequiredChecks,
  scene: ValidateInput,
): Promise<ValidatorAnswer> {
  const checks = checksOf(context.validators, requiredChecks)
  const isAsked = checks.length > 0 || requiredChecks.dryRun !== undefined
  if (!isAsked || scene.after.length === 0) return NO_ANSWER
  // A policy may refer to the contents of schemas.
  const whole = { ...scene, before: scene.before.map(wholeObject), after: scene.after.map(wholeObject) }
  const answers = checks.map((check) => answerOf(requiredChecks, check, whole))
  return joinAnswers(await Promise.all([...answers, dryRunAnswer(context, requiredChecks, whole)]))
}

function checksOf(validators: Validators, { policy, schemas, crds, istioctl }: RequiredChecks): readonly Check[] {
  return [
    ...(policy === undefined
      ? []
      : [{ tool: 'opa', ask: (rendering: Rendering) => validators.judge(policy, rendering) } as const]),
    ...(schemas === undefined
      ? []
      : [{ tool: 'kubeconform', ask: (rendering: Rendering) => validators.fit(rendering, schemas) } as const]),
    ...(crds === undefined
      ? []
      : [
          {
            tool: 'kubectl-validate',
            ask: (rendering: Rendering, applied: readonly RenderedObject[]) =>
              validators.admit(rendering, crds, applied),
          } as const,
        ]),
    ...(istioctl === undefined
      ? []
      : [
          {
            tool: 'istioctl',
            ask: async (rendering: Rendering) =>
              withRemarks(await validators.analyze(rendering), (remarks) =>
                worthSaying(remarks, rendering.objects, istioctl.ignore),
              ),
          } as const,
        ]),
  ]
}

function withRemarks<T>(checked: ToolResult<T>, change: (remarks: readonly T[]) => readonly T[]): ToolResult<T> {
  return checked.ok ? { ok: true, remarks: change(checked.remarks) } : checked
}

async function answerOf(
  { places }: RequiredChecks,
  { tool, ask }: Check,
  scene: ValidateInput,
): Promise<ValidatorAnswer> {
  const { environment, before, after } = scene
  const now = await ask({ environment, objects: after }, before)
  const place = placeFor(places, tool)
  if (!now.ok) {
    const sources = await scene.sources()
    const failure = withoutSecrets(now.failure, redactorFor(scene, sources))
    return { problems: failureProblems(failure, { tool, place, side: 'base', environment }), notes: [] }
  }
  if (now.remarks.length === 0) return NO_ANSWER
  const told = await sorted(now.remarks, async () => {
    const earlier = before.length === 0 ? undefined : await ask({ environment, objects: before }, before)
    return { earlier, before: objectKey(before), after: objectKey(after) }
  })
  const sources = await scene.sources()
  const hide = redactorFor(scene, sources)
  const placeOf = locator(sources)
  const problemOf = (remark: ObjectRemark): Problem => {
    const object = after[remark.object]
    const title = object === undefined ? undefined : titleOf(object)
    const about = object === undefined ? sources.home : placeOf({ object, path: remark.path })
    return objectRemark(tool, { ...remark, text: hide(remark.text) }, { environment, title, place: about })
  }
  return { problems: told.brought.map(problemOf), notes: told.notes.map(problemOf) }
}

export interface LintInput {
  readonly base: Sha
  readonly head: Sha
  readonly changed: readonly string[] | 'all'
  readonly secrets: readonly string[]
}

/** What yamllint says about the changed YAML files. */
export async function lintFiles(
  context: Needs,
  requiredChecks: RequiredChecks,
  { base, head, changed, secrets }: LintInput,
): Promise<ValidatorAnswer> {
  const settings = requiredChecks.lint
  if (settings === undefined) return NO_ANSWER
  const paths =
    changed === 'all'
      ? (await context.mirror.entries(head)).flatMap(({ path, type }) => (type === 'file' ? [path] : []))
      : changed
  const linted = paths.filter(isLinted)
  const { mirror } = context
  const [before, now] = await Promise.all([mirror.read(base, linted), mirror.read(head, linted)])
  const after = new Map([...now].filter(([path, text]) => before.get(path) !== text))
  if (after.size === 0) return NO_ANSWER
  const checked = await context.validators.lint(after, settings)
  const hide = redactor(after, secrets)
  if (!checked.ok) {
    const asked = { tool: 'yamllint', place: requiredChecks.places.validators, side: 'base' } as const
    return { problems: failureProblems(withoutSecrets(checked.failure, hide), asked), notes: [] }
  }
  const told = await sorted(checked.remarks, async () => {
    const known = new Map([...before].filter(([path]) => after.has(path)))
    const earlier = known.size === 0 ? undefined : await context.validators.lint(known, settings)
    return { earlier, before: lineKey(known), after: lineKey(after) }
  })
  const problemOf = (remark: (typeof told.brought)[number]): Problem =>
    lineRemark({ ...remark, text: hide(remark.text) })
  return { problems: told.brought.map(problemOf), notes: told.notes.map(problemOf) }
}
