/** Whether the rendered environment would have its intended effect. */
import type { Delivery } from '../../../core/delivery/delivery.ts'
import type { PlainRender } from '../../../core/diff/reading/plain-files.ts'
import type { RenderedObject } from '../../../core/diff/objects.ts'
import type { RenderDiff } from '../../../core/diff/review.ts'
import { type Environment, environmentNamed, namespaceOf } from '../../../core/environment/environment.ts'
import { deliveryKey } from '../../../core/environment/variants.ts'
import { besideIn, isNeighbour, isUnproven } from '../../../core/finding/beside.ts'
import { findingsIn } from '../../../core/finding/find.ts'
import { type Finding, findingKey, withFiles } from '../../../core/finding/finding.ts'
import { gradeFindings, type GradingContext } from '../../../core/finding/grading.ts'
import { locator, type Sources } from '../../../core/finding/locate.ts'
import { orderFindings } from '../../../core/finding/order.ts'
import { qualifiedTitle } from '../../../core/manifest/identity.ts'
import { ownedIn } from '../../../core/owner/owned-targets.ts'
import type { LocatedFinding } from '../../../core/problem/findings.ts'
import type { Result } from '../../../core/result.ts'
import type { RepositoryContext } from '../../repository/repository-context.ts'
import type { Unread } from './known-refusals.ts'
import type { CompareInput, TreeSnapshot } from './render.ts'

/** Renders another environment as the pull request leaves it. */
export type RenderNeighbour = (name: string) => Promise<Result<Pick<PlainRender, 'parsed' | 'leftOut'>, unknown>>

interface EnvironmentEffects {
  readonly name: string
  readonly objects: RenderDiff['objects']
  readonly unread: Omit<Unread, 'notes'>
  readonly sources: () => Promise<Sources>
  readonly render: RenderNeighbour
}

type Needs = Pick<RepositoryContext, 'schemas'>

/** How many other environments are rendered to prove that something is missing. With more, it is not certain. */
const MAX_NEIGHBOURS = 100

/** The problems that a change introduces, and the notes, with warnings first. */
export async function effects(
  context: Needs,
  { before, after, raised }: CompareInput,
  { name, objects, unread, sources, render }: EnvironmentEffects,
): Promise<{ readonly found: readonly LocatedFinding[]; readonly notes: readonly LocatedFinding[] }> {
  const now = environmentOn(after, name)
  const nothing = { found: [], notes: [] }
  if (now === undefined) return nothing
  const { config } = after.snapshot
  const isRaised = (object: Finding['object']): boolean => raised.has(`${name} ${qualifiedTitle(object)}`)
  const isOwned = ownedIn(after.snapshot.targets, name)
  const grade = (beside: readonly RenderedObject[]): Promise<readonly Finding[]> =>
    gradedFindings(context, { before, after, name, beside, unread }, { objects, config, isRaised, isOwned })
  let findings = await grade([])
  if (findings.some(isUnproven)) {
    const others = await neighboursOf(after.snapshot, { environment: now, objects: objects.after }, render)
    findings = await grade(others.objects)
    if (!others.isWhole || unread.isAnyMissing) findings = findings.map(doubted)
  }
  if (findings.length === 0) return nothing
  const placeOf = locator(await sources())
  const located = (finding: Finding): LocatedFinding => {
    const place = placeOf(finding)
    const files = { route: place?.file, rule: finding.other && placeOf(finding.other)?.file }
    return { environment: name, finding: withFiles(finding, files), place }
  }
  const isRed = ({ grade: one }: Finding): boolean =>
    one === 'error' || (one === 'warning' && config.validate === 'strict')
  const graded = (grade: Finding['grade']): readonly LocatedFinding[] =>
    findings.filter((finding) => !isRed(finding) && finding.grade === grade).map(located)
  return { found: findings.filter(isRed).map(located), notes: [...graded('warning'), ...graded('note')] }
}

function doubted(finding: Finding): Finding {
  return isUnproven(finding) ? { ...finding, grade: 'warning' } : finding
}

interface FindingSides extends Pick<CompareInput, 'before' | 'after'> {
  readonly name: string
  readonly beside: readonly RenderedObject[]
  readonly unread: EnvironmentEffects['unread']
}

async function gradedFindings(
  { schemas }: Needs,
  { before, after, name, beside, unread }: FindingSides,
  grading: GradingContext,
): Promise<readonly Finding[]> {
  const on = async (side: TreeSnapshot, objects: readonly RenderedObject[]): Promise<readonly Finding[]> => {
    const { outsiders } = side.snapshot
    const deliveries = deliveriesOf(side, name)
    const misfits = await schemas.misfits(objects)
    return findingsIn(objects, { deliveries, outsiders, beside, misfits })
  }
  const { objects } = grading
  const [earlier, found] = await Promise.all([on(before, objects.before), on(after, objects.after)])
  const { presumed, isAnyGone } = unread
  const isPresumed = presumed.before.length > objects.before.length
  const sure = new Set((isPresumed ? await on(before, presumed.before) : earlier).map(findingKey))
  // A finding that existed only because a file could not be read may not really have existed.
  const old = earlier.filter((one) => sure.has(findingKey(one)) && !(isAnyGone && isUnproven(one)))
  const sides = { before: presumed.before, after: objects.after, beside }
  const ordered = orderFindings(sides, deliveriesOf(after, name))
  return gradeFindings({ before: old, after: [...found, ...ordered] }, grading)
}

interface RenderedEnvironment {
  readonly environment: Environment
  readonly objects: readonly RenderedObject[]
}

/** The objects that other environments add to an environment's namespaces, and whether all of them could be rendered. */
async function neighboursOf(
  snapshot: TreeSnapshot['snapshot'],
  { environment, objects: own }: RenderedEnvironment,
  render: RenderNeighbour,
): Promise<{ readonly objects: readonly RenderedObject[]; readonly isWhole: boolean }> {
  const namespace = namespaceOf(environment)
  const others = snapshot.environments.filter((other) => {
    const texts = other.files.map((file) => snapshot.layout.texts.get(file) ?? '')
    return other.name !== environment.name && isNeighbour(own, namespace, { texts, namespace: namespaceOf(other) })
  })
  if (others.length > MAX_NEIGHBOURS) return { objects: [], isWhole: false }
  const rendered = await Promise.all(others.map(async (other) => ({ other, done: await render(other.name) })))
  const objects = rendered.flatMap(({ other, done }) =>
    done.ok && done.value.parsed.ok
      ? besideIn(own, namespace, { objects: done.value.parsed.objects, namespace: namespaceOf(other) })
      : [],
  )
  return {
    objects,
    isWhole: rendered.every(({ done }) => done.ok && done.value.parsed.ok && done.value.leftOut.length === 0),
  }
}

/** The deployers of an environment, without patches that are already part of its render. */
function deliveriesOf({ snapshot }: TreeSnapshot, name: string): readonly Delivery[] {
  const environment = environmentOn({ snapshot }, name)
  const { deliveries, deployer } = environment ?? {}
  return snapshot.deliveries
    .filter((delivery) => delivery.path === environment?.root)
    .filter((delivery) => deliveries === undefined || deliveries.includes(deliveryKey(delivery)))
    .map((delivery) => (deployer === undefined ? delivery : { ...delivery, patches: [] }))
}

function environmentOn({ snapshot }: Pick<TreeSnapshot, 'snapshot'>, name: string): Environment | undefined {
  return environmentNamed(snapshot.environments, name)
}
