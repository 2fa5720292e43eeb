/**
 * Finds other writers of the same traffic, and settings that keep a commit from being applied: after the merge, the cluster may
 * not do what Git says.
 */
import type { Delivery } from '../delivery/delivery.ts'
import { setsOneOf } from '../delivery/deployer-patch.ts'
import { leavesAlone } from '../delivery/ignored/ignored-fields.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { qualifiedTitle } from '../manifest/identity.ts'
import { type Path, listOf, recordOf, textOf } from '../manifest/data.ts'
import { ownedRoutes } from '../owner/owned-routes.ts'
import { ownerLookup } from '../owner/owner-lookup.ts'
import type { Detail, Finding } from './finding.ts'
import type { Grade } from './grade.ts'
import { rulesOf, SECTIONS } from './scene/hops.ts'
import { annotation, type FindingCheck, type ObjectIndex, specOf } from './scene/scene.ts'

/** A Flagger Canary or an Argo Rollout that writes the weights of a route itself. */
export const twoWriters: FindingCheck = (scene) => {
  const writerOf = ownerLookup(
    scene.objects.flatMap((object) => ownedRoutes(object).map((owned) => [owned, object] as const)),
  )
  return [...scene.virtualServices, ...scene.routes].flatMap((route): Finding[] => {
    const rules = SECTIONS.flatMap((section) =>
      listOf(specOf(route)[section]).map((rule) => ({ section, name: textOf(recordOf(rule)['name']) })),
    )
    const labels = recordOf(recordOf(route.data['metadata'])['labels'])
    const writer = writerOf({ kind: route.kind, namespace: route.namespace, names: [route.name], labels, rules })
    if (writer === undefined) return []
    const detail = { code: 'two-writers', writer: qualifiedTitle(writer) } as const
    return [{ object: route, path: ['spec'], detail, grade: 'error' }]
  })
}

/** Settings of Argo CD and Flux for the objects of an environment that splits traffic. */
export function deliveryFindings(scene: ObjectIndex, deliveries: readonly Delivery[]): readonly Finding[] {
  return [...scene.virtualServices, ...scene.routes].flatMap((object): readonly Finding[] => {
    const weights = rulesOf(object)
      .filter((rule) => rule.length > 1)
      .flatMap((rule) => rule.map(({ path }) => [...path, 'weight']))
    if (weights.length === 0) return []
    const found = deliveries.map((delivery) => ({ delivery, how: ignoredBy(delivery, object, weights) }))
    // If there are several deployers, one of them may set its own weights on purpose.
    const isEverywhere = found.every(({ how }) => how === 'patched')
    return [
      ...annotated(object),
      ...found.flatMap(({ delivery: { title, stops }, how }): readonly Finding[] => {
        const ignored = how === undefined ? [] : [ignoring(object, title, how)]
        return [
          ...ignored.map((one) => (how === 'patched' && !isEverywhere ? warned(one) : one)),
          ...stopped(object, title, stops),
        ]
      }),
    ]
  })
}

function warned(finding: Finding): Finding {
  return { ...finding, grade: 'warning' }
}

function stopped(object: RenderedObject, by: string, why: Delivery['stops']): readonly Finding[] {
  if (why === undefined) return []
  return [{ object, path: ['metadata'], detail: { code: 'not-synced', by, why }, grade: 'note' }]
}

type Ignoring = Extract<Detail, { code: 'weights-ignored' }>['how']

function ignoredBy(delivery: Delivery, object: RenderedObject, weights: readonly Path[]): Ignoring | undefined {
  const { namespace = '' } = delivery
  const named = object.namespace === '' ? { ...object, namespace } : object
  if (delivery.patches.some((patch) => setsOneOf(patch, object, weights))) return 'patched'
  const answers = delivery.ignored.map((entry) => leavesAlone(entry, named, weights))
  if (!delivery.respectsIgnored) return answers.includes('yes') ? 'compared' : undefined
  if (answers.includes('yes')) return 'never'
  return answers.includes('maybe') ? 'unread' : undefined
}

const IGNORING: Readonly<Record<Ignoring, Grade>> = {
  never: 'error',
  patched: 'error',
  unread: 'warning',
  compared: 'note',
}

function ignoring(object: RenderedObject, by: string, how: Ignoring): Finding {
  return { object, path: ['spec'], detail: { code: 'weights-ignored', by, how }, grade: IGNORING[how] }
}

const FLUX = 'kustomize.toolkit.fluxcd.io'

function annotated(object: RenderedObject): readonly Finding[] {
  const reconcile = annotation(object, `${FLUX}/reconcile`)
  const apply = annotation(object, `${FLUX}/ssa`) ?? ''
  const key = reconcile === 'disabled' ? `${FLUX}/reconcile` : `${FLUX}/ssa`
  if (reconcile !== 'disabled' && !['ifnotpresent', 'ignore'].includes(apply.toLowerCase())) return []
  // The weights in Git are never written, not only later.
  return [{ ...ignoring(object, key, 'never'), path: ['metadata', 'annotations', key] }]
}
