import { diffEnvironment } from '../../core/diff/review.ts'
import type { RenderedObject } from '../../core/diff/objects.ts'
import { diffRendered } from '../../core/diff/changes.ts'
import { type Environment, inputsOf } from '../../core/environment/environment.ts'
import { refusalProblem, renderedProblem } from '../../core/problem/files.ts'
import { promotionMismatch } from '../../core/promotion/agree.ts'
import type { PromotionSide } from '../../core/promotion/folder.ts'
import { planPromotion } from '../../core/promotion/plan-promotion.ts'
import type { PreparedPromotion, PromotionFlow, PromotionPlan } from '../../core/promotion/promotion.ts'
import type { PromotionRefusal } from '../../core/refusal/promotion-refusal.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { problemRefusal } from '../../core/refusal/unreadable.ts'
import { err, ok, type Result } from '../../core/result.ts'
import { isUnderWay, standingOf } from '../../core/rollout/standing.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'
import { readEnvironmentTexts } from '../build/environment-texts.ts'
import { renderEnvironment, type TreeSnapshot } from '../judgement/comparison/render.ts'
import { unbuilt } from './prove.ts'

type Needs = FileSource & Pick<RepositoryContext, 'renderer'>

/**
 * Plans a promotion from one environment to another, and proves it by rendering: only the promoted values of the target change,
 * and every other environment stays the same.
 */
export async function preparePromotion(
  context: Needs,
  side: TreeSnapshot,
  flow: PromotionFlow,
): Promise<Result<PreparedPromotion, Refusal>> {
  const found = endsIn(side, flow)
  if (!found.ok) return found
  const source = await readSide(context, side, found.value.from)
  if (!source.ok) return source
  const target = await readSide(context, side, found.value.to)
  if (!target.ok) return target
  const { snapshot } = side
  const routes = snapshot.targets.filter(({ environments }) =>
    [flow.from, flow.to].some((name) => environments.includes(name)),
  )
  const unknown = unknownService(
    flow,
    source.value,
    routes.map(({ service }) => service),
  )
  if (unknown !== undefined) return err(unknown)
  const paths = new Set((await context.mirror.entries(side.treeish)).map(({ path }) => path))
  const plan = planPromotion({
    source: source.value,
    target: target.value,
    config: snapshot.config,
    service: flow.service,
    routes,
    exists: (path) => paths.has(path),
  })
  if (plan.files.size === 0)
    return refusePromotion({ code: 'nothing-to-promote', from: flow.from, to: flow.to, left: plan.left })
  return prove(context, side, { flow, plan, target: target.value })
}

/** Both environments, if configuration can be promoted between them. */
function endsIn(
  { snapshot: { environments, targets } }: Pick<TreeSnapshot, 'snapshot'>,
  { from, to, service }: PromotionFlow,
): Result<{ readonly from: Environment; readonly to: Environment }, Refusal> {
  if (from === to) return refusePromotion({ code: 'same-environment', environment: from })
  const known = environments.map(({ name }) => name)
  const [source, target] = [from, to].map((name) => environments.find((one) => one.name === name))
  if (source === undefined) return err({ code: 'no-environment', asked: from, known })
  if (target === undefined) return err({ code: 'no-environment', asked: to, known })
  const chart = [source, target].find(({ kind }) => kind === 'helm')
  if (chart !== undefined) return refusePromotion({ code: 'not-promotable', environment: chart.name, why: 'chart' })
  if (source.root === target.root) return refusePromotion({ code: 'same-folder', from, to, folder: source.root })
  if (source.kind !== target.kind)
    return refusePromotion({ code: 'not-promotable', environment: to, why: 'other-kind' })
  const running = targets
    .filter((one) => one.environments.includes(to) && (service === undefined || one.service === service))
    .map(standingOf)
    .find(isUnderWay)
  if (running === undefined) return ok({ from: source, to: target })
  const { share, target: route } = running
  return refusePromotion({ code: 'target-rolling', environment: to, service: route.service, share })
}

function refusePromotion(why: PromotionRefusal): Result<never, Refusal> {
  return err({ code: 'promotion', why })
}

async function readSide(
  context: Needs,
  side: TreeSnapshot,
  environment: Environment,
): Promise<Result<PromotionSide, Refusal>> {
  const [refusal] = environment.refusals
  if (refusal !== undefined) return err(problemRefusal(refusalProblem(refusal)))
  const read = await readEnvironmentTexts(context, side.treeish, environment)
  const objects = await objectsOf(context, side, read)
  return objects.ok ? ok({ environment: read.environment, texts: read.texts, objects: objects.value }) : objects
}

interface RenderQuestion {
  readonly environment: Environment
  readonly texts: ReadonlyMap<string, string>
}

async function objectsOf(
  context: Needs,
  { snapshot }: TreeSnapshot,
  question: RenderQuestion,
): Promise<Result<readonly RenderedObject[], Refusal>> {
  const { name } = question.environment
  const rendered = await renderEnvironment(context, { ...question, secrets: snapshot.config.secrets })
  if (!rendered.ok) return err(unbuilt(name, rendered))
  if (!rendered.parsed.ok) return err(problemRefusal(renderedProblem(name, rendered.parsed.problem), true))
  return ok(rendered.parsed.objects)
}

/** The refusal for a service that neither a route nor an object of the source is named after. */
function unknownService(
  { service, from }: PromotionFlow,
  { objects }: PromotionSide,
  known: readonly string[],
): Refusal | undefined {
  if (service === undefined || known.includes(service) || objects.some(({ name }) => name === service)) return undefined
  return { code: 'promotion', why: { code: 'unknown-service', service, environment: from, known: [...new Set(known)] } }
}

async function prove(
  context: Needs,
  side: TreeSnapshot,
  made: { readonly flow: PromotionFlow; readonly plan: PromotionPlan; readonly target: PromotionSide },
): Promise<Result<PreparedPromotion, Refusal>> {
  const { flow, plan, target } = made
  const { secrets, diff: view } = side.snapshot.config
  const after = await afterwards(context, side, { plan, own: target, isTarget: true })
  if (!after.ok) return after
  const objects = { before: target.objects, after: after.value }
  const { also, missing } = promotionMismatch(objects, plan, secrets)
  if (also.length > 0) return err({ code: 'render-leak', name: flow.to, environment: flow.to, also })
  const [file = ''] = plan.files.keys()
  if (missing.length > 0) return err({ code: 'no-effect', environment: flow.to, file, missing })
  const rendered = [flow.to]
  for (const environment of side.snapshot.environments) {
    const isUser = inputsOf(environment).some((path) => plan.files.has(path))
    if (environment.name === flow.to || !isUser) continue
    const own = await readSide(context, side, environment)
    if (!own.ok) return own
    const others = await afterwards(context, side, { plan, own: own.value, isTarget: false })
    if (!others.ok) return others
    const { changes } = diffRendered(own.value.objects, others.value)
    const leaks = changes.map(({ title }) => title)
    if (leaks.length > 0) return err({ code: 'render-leak', name: flow.to, environment: environment.name, also: leaks })
    rendered.push(environment.name)
  }
  const parsed = (list: readonly RenderedObject[]) => ({ ok: true, objects: list, duplicates: [] }) as const
  const shown = diffEnvironment(
    flow.to,
    { before: parsed(objects.before), after: parsed(objects.after) },
    { secrets, ignore: view.ignore },
  )
  if (!shown.ok) return err(problemRefusal(shown.error, true))
  const { resources, hidden } = shown.value
  const diff = { environment: flow.to, state: 'changed', unknownBefore: undefined, resources, hidden } as const
  return ok({ flow, plan, diff, rendered })
}

/** An environment with the new texts. It reads a new file only if it is the target, or if one of its files names it. */
function afterwards(
  context: Needs,
  side: TreeSnapshot,
  { plan, own, isTarget }: { readonly plan: PromotionPlan; readonly own: PromotionSide; readonly isTarget: boolean },
): Promise<Result<readonly RenderedObject[], Refusal>> {
  const texts = new Map([...own.texts, ...plan.files])
  const files = isTarget ? [...new Set([...own.environment.files, ...plan.files.keys()])].sort() : own.environment.files
  return objectsOf(context, side, { environment: { ...own.environment, files }, texts })
}
