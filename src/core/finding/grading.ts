/** Grades findings in a pull request: harm that it does, possible problems, and notes. */
import type { BothSides } from '../both-sides.ts'
import { recordOf, textOf } from '../manifest/data.ts'
import type { Config } from '../config/schema.ts'
import type { RenderedObject } from '../diff/objects.ts'
import { configuredRoute, renderedRoutes } from '../diff/routes.ts'
import { effectiveNamespace, identityKey, type ObjectIdentity } from '../manifest/identity.ts'
import { isPercentage } from '../traffic/annotations.ts'
import { resolveHost } from '../traffic/host.ts'
import { canaryShare } from '../traffic/route.ts'
import { type Finding, findingKey } from './finding.ts'
import type { Grade } from './grade.ts'
import { hopsOf, rulesOf } from './scene/hops.ts'
import { annotation } from './scene/scene.ts'

export interface GradingContext {
  readonly objects: BothSides<readonly RenderedObject[]>
  readonly config: Config
  /** Whether the files give a canary more traffic with this object. */
  readonly isRaised: (object: ObjectIdentity) => boolean
  /** Whether a controller in the cluster writes the weights of this route, so that they are meant to differ from Git. */
  readonly isOwned: (object: ObjectIdentity) => boolean
}

/**
 * The findings after a change, with their grades. Left out are findings that the config switches off, and those that their object
 * on the base branch switches off.
 */
export function gradeFindings(findings: BothSides<readonly Finding[]>, context: GradingContext): readonly Finding[] {
  if (findings.after.length === 0) return []
  const old = new Set(findings.before.map(findingKey))
  const rollouts = rolloutObjects(context)
  const { config, objects } = context
  const [ignoredBefore, ignoredNow] = [ignoredIn(objects.before, config), ignoredIn(objects.after, config)]
  return findings.after.flatMap((finding): Finding[] => {
    const { code } = finding.detail
    const wish = config.findings[code]
    if (wish === 'off' || ignoredBefore(finding)) return []
    if (code === 'weights-ignored' && context.isOwned(finding.object)) return []
    if (code === 'two-writers' && old.has(findingKey(finding))) return ofKnownWriter(finding, rollouts, wish)
    const isHarm = finding.grade === 'error' && rollouts.isRaised(finding.object)
    const isOld = old.has(findingKey(finding)) && !isHarm
    // The reviewers of a pull request must see what it switches off.
    if (isOld || ignoredNow(finding)) return [{ ...finding, grade: 'note' }]
    if (wish !== undefined) return [{ ...finding, grade: wish }]
    return [{ ...finding, grade: broughtGrade(finding, rollouts) }]
  })
}

/** A controller that already wrote the route before is worth mentioning only if it overwrites this change. */
function ofKnownWriter(finding: Finding, rollouts: RolloutObjects, wish: Grade | undefined): Finding[] {
  const { object } = finding
  if (!rollouts.isReweighed(object)) return []
  return [{ ...finding, grade: rollouts.isRaised(object) ? (wish ?? 'warning') : 'note' }]
}

/** The grade of a finding that a change adds. */
function broughtGrade({ detail, object, grade }: Finding, rollouts: RolloutObjects): Grade {
  if (detail.code === 'two-writers') return rollouts.isDriven(object) ? grade : 'note'
  if (rollouts.isRollout(object)) return grade
  // No entry is configured as the canary, but requests are split, so it may be meant as one.
  return rollouts.isSplit(object) && grade !== 'note' ? 'warning' : 'note'
}

/** Whether an object switches off a finding, by code or with `*`, like istioctl's own annotation. */
function ignoredIn(objects: readonly RenderedObject[], config: Config): (finding: Finding) => boolean {
  const keys = ['perch.dev/ignore', `${config.annotationPrefix}/ignore`, 'galley.istio.io/analyze-suppress']
  const ignored = new Map(
    objects.flatMap((object) => {
      const codes = keys.flatMap((key) => annotation(object, key)?.split(',') ?? []).map((code) => code.trim())
      return codes.length === 0 ? [] : [[identityKey(object), codes] as const]
    }),
  )
  return ({ object, detail }) => {
    const codes = ignored.get(identityKey(object)) ?? []
    return codes.includes('*') || codes.includes(detail.code)
  }
}

interface RolloutObjects {
  /** A route that has or had a stable and a canary entry, or a DestinationRule for a host of such a route. */
  readonly isRollout: (object: ObjectIdentity) => boolean
  /** A rule of the route has several destinations, with any names. */
  readonly isSplit: (object: ObjectIdentity) => boolean
  /** The canary gets more traffic than before. */
  readonly isRaised: (object: ObjectIdentity) => boolean
  /** The weights differ from those before. */
  readonly isReweighed: (object: ObjectIdentity) => boolean
  /** Whether commits move the route: this commit, or an earlier step of Perch. */
  readonly isDriven: (object: ObjectIdentity) => boolean
}

function rolloutObjects({ objects, config, isRaised: isRaisedByFiles }: GradingContext): RolloutObjects {
  const [before, after] = [sharesIn(objects.before, config), sharesIn(objects.after, config)]
  const routes = objects.after.filter((object) => after.has(identityKey(object)))
  const hosts = new Set(routes.flatMap(hopsOf).map(({ host }) => host))
  const rules = objects.after.filter((object) => object.kind === 'DestinationRule' && hosts.has(hostOf(object)))
  const known = new Set([...before.keys(), ...after.keys(), ...rules.map(identityKey)])
  const isRaised = (object: ObjectIdentity): boolean => {
    const [was = 0, is] = [before.get(identityKey(object)), after.get(identityKey(object))]
    const isMore = is === 'unknown' || was === 'unknown' ? is !== was : is !== undefined && is > was
    return isMore || isRaisedByFiles(object)
  }
  const split = new Set(
    objects.after.filter((object) => rulesOf(object).some(({ length }) => length > 1)).map(identityKey),
  )
  const noted = new Set(routes.filter(hasNotes).map(identityKey))
  return {
    isRollout: (object) => known.has(identityKey(object)) || isRaisedByFiles(object),
    isSplit: (object) => split.has(identityKey(object)),
    isRaised,
    isReweighed: (object) => {
      const [was, is] = [objects.before, objects.after].map((side) => weightsIn(side, object))
      return was !== undefined && was !== is
    },
    isDriven: (object) => noted.has(identityKey(object)) || (before.has(identityKey(object)) && isRaised(object)),
  }
}

/** The weights of all rules of an object, as one text; undefined if the object does not exist. */
function weightsIn(objects: readonly RenderedObject[], { kind, namespace, name }: ObjectIdentity): string | undefined {
  const object = objects.find((one) => one.kind === kind && one.namespace === namespace && one.name === name)
  return object && JSON.stringify(rulesOf(object).map((rule) => rule.map(({ weight }) => weight ?? null)))
}

function sharesIn(
  objects: readonly RenderedObject[],
  config: Config,
): ReadonlyMap<string, NonNullable<ReturnType<typeof canaryShare>>> {
  const routes = renderedRoutes(objects)
  return new Map(
    routes.flatMap((object) => {
      const share = canaryShare(configuredRoute(object, routes, { config, names: new Map() }))
      return share === undefined ? [] : [[identityKey(object), share] as const]
    }),
  )
}

function hostOf(rule: RenderedObject): string {
  const { host } = recordOf(rule.data['spec'])
  return resolveHost(textOf(host) ?? '', effectiveNamespace(rule))
}

function hasNotes({ data }: RenderedObject): boolean {
  return Object.keys(recordOf(recordOf(data['metadata'])['annotations'])).some(isPercentage)
}
