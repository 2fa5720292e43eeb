/** What Perch reads in each of the cases: environments, routes, destinations, versions, and the changes of their commands. */
import { test } from 'node:test'
import { parseCommands } from '../../../../src/core/command/parse.ts'
import { parseRendered, type RenderedObject } from '../../../../src/core/diff/objects.ts'
import { rowsOf } from '../../../../src/core/diff/review.ts'
import { renderPlain } from '../../../../src/core/environment/plain.ts'
import { rolloutRises } from '../../../../src/core/exposure/canaries.ts'
import { snapshotAsBase } from '../../../../src/core/rollout/as-base.ts'
import { findTargets } from '../../../../src/core/rollout/find-target.ts'
import type { Snapshot } from '../../../../src/core/rollout/snapshot.ts'
import { standingOf, stepKey } from '../../../../src/core/rollout/standing.ts'
import { planOf, type Target } from '../../../../src/core/rollout/target.ts'
import { explainShares, notes } from '../../../../src/core/traffic/explain.ts'
import { ROUTE_KINDS, routeId } from '../../../../src/core/traffic/route.ts'
import { CASES, type CaseSide, commandOf, sidesOf } from './cases.ts'
import { assertPage } from '../page.ts'

function targetLines(target: Target): readonly string[] {
  const { service, aliases, environment, environments, route, placement, unclear } = target
  const { phase, share, versions } = standingOf(target)
  const rules = route.rules.map((rule) => {
    const parts = explainShares(rule).map(({ destination, share: own, reason }) => {
      const { host, subset, port, role, weight, badWeight, weightPath, line } = destination
      return `\n    ${role} ${host} ${subset ?? ''} ${port ?? ''} ${weight ?? badWeight ?? '-'} = ${own} ${reason ?? ''} ${weightPath.join('.')}:${line}`
    })
    const mirrors = rule.mirrors.map(
      ({ host, subset, path }) => `\n    mirror ${host} ${subset ?? ''} ${path.join('.')}`,
    )
    return `\n  ${rule.label}:${rule.line} ${rule.api} ${rule.picksCallers ? 'for some' : ''} ${rule.isUnreachable ? 'dead' : ''}${parts.join('')}${mirrors.join('')}`
  })
  return [
    `${environment}/${service} (${environments.join('+')}) ${aliases.join(',')} ${routeId(route)} at ${route.place.file}:${route.place.line} ${placement.all ?? placement.unnamed ?? ''} ${unclear?.why ?? ''}`,
    `  ${phase} ${share} ${versions?.stable} → ${versions?.canary}, plan ${planOf(target).join(' ')}, ${stepKey(standingOf(target))}${rules.join('')}`,
    ...notes(route).map((note) => `  ${JSON.stringify(note)}`),
  ]
}

function snapshotLines({ environments, targets, problems, deliveries }: Snapshot): readonly string[] {
  return [
    ...environments.map(
      ({ name, kind, root, files, refusals }) =>
        `${name} ${kind} ${root}: ${files.join(' ')} ${refusals.map(({ code, line }) => `${code}:${line}`).join(' ')}`,
    ),
    ...targets.map((target) => targetLines(target).join('\n')),
    ...problems.map(({ code, file, line }) => `${code} ${file}:${line}`),
    ...deliveries.map((delivery) => JSON.stringify(delivery)),
  ]
}

/** The effect of a case's change on the environments that need no kustomize. */
function changeLines(
  before: Snapshot,
  after: Snapshot,
  texts: readonly ReadonlyMap<string, string>[],
): readonly string[] {
  return after.environments.flatMap(({ name, kind, files }) => {
    if (kind !== 'plain') return []
    const [old, now] = texts.map((all) => parseRendered(renderPlain(files, all), new Map()))
    if (old?.ok !== true || now?.ok !== true) return [`${name} cannot be read`]
    const objects = { before: old.objects, after: now.objects }
    const rises = rolloutRises(name, { before: before.targets, after: after.targets }, objects)
    return [
      ...rowsOf(name, objects, { config: after.config, targets: { before: before.targets, after: after.targets } }).map(
        (row) => JSON.stringify(row),
      ),
      ...rises.map(({ target, environment, ...rise }) => `${environment}/${target.service} ${JSON.stringify(rise)}`),
    ]
  })
}

function readingOf(name: string): readonly string[] {
  const sides = sidesOf(name)
  if (sides === undefined) return ['the config is not valid']
  const [{ texts: before, snapshot: old }, { texts: after, snapshot: now }] = sides
  const [line] = parseCommands(commandOf(name))
  const command = line?.result.ok === true && line.result.command.name === 'set' ? line.result.command : undefined
  const wish = { service: command?.service, environment: command?.environment }
  const found = findTargets(old, wish, [...before.keys()])
  const meant = found.ok
    ? found.value.map(({ environment, service }) => `${environment}/${service}`)
    : [found.error.code]
  return [
    ...snapshotLines(old),
    `meant: ${meant.join(' ')}`,
    ...changeLines(old, snapshotAsBase(old, now), [before, after]),
  ]
}

test('the readings are on a page that somebody has approved', () => {
  assertPage('cases/readings.md', Object.fromEntries(CASES.map((name) => [name, readingOf(name)])))
})

/** Rises in the environments that need no kustomize, in short words. */
function risesBetween(before: CaseSide, after: CaseSide, change: (objects: Objects) => Objects): readonly string[] {
  return after.snapshot.environments.flatMap(({ name, kind, files }) => {
    if (kind !== 'plain') return []
    const [old, now] = [before, after].map(({ texts }) => parseRendered(renderPlain(files, texts)))
    if (old?.ok !== true || now?.ok !== true) return [`${name} cannot be read`]
    const objects = change({ before: old.objects, after: now.objects })
    const kept = new Set(objects.after.map((object) => object.name))
    const targets = {
      before: before.snapshot.targets,
      after: snapshotAsBase(before.snapshot, after.snapshot).targets.filter(({ route }) => kept.has(route.name)),
    }
    return rolloutRises(name, targets, objects).map(({ kind: what, target, object, isGone, ...rise }) =>
      [
        `${what} ${target.service}${isGone ? ' (gone)' : ''} ${object.kind}/${object.name} ${rise.rule}:`,
        `${rise.from} → ${rise.to}${rise.isForSome ? ' for some' : ''}`,
      ].join(' '),
    )
  })
}

interface Objects {
  readonly before: readonly RenderedObject[] | undefined
  readonly after: readonly RenderedObject[]
}

const CHANGES: Readonly<Record<string, (objects: Objects) => Objects>> = {
  '': (objects) => objects,
  ', not rendered before': ({ after }) => ({ before: undefined, after }),
  ', without its route': ({ before, after }) => ({
    before,
    after: after.filter((object) => !isRouteKind(object.kind)),
  }),
  ', its route is new': ({ before = [], after }) => ({
    before: before.filter((object) => !isRouteKind(object.kind)),
    after,
  }),
}

const isRouteKind = (kind: string): boolean => ROUTE_KINDS.some((known) => known === kind)

test('the requests that reach the canary more often after each case and after its reverse are on a page', () => {
  const sections: Record<string, readonly string[]> = {}
  for (const name of CASES) {
    const sides = sidesOf(name)
    if (sides === undefined) continue
    const [old, now] = sides
    const lines = Object.entries(CHANGES).flatMap(([what, change]) => [
      ...risesBetween(old, now, change).map((line) => `done${what}: ${line}`),
      ...risesBetween(now, old, change).map((line) => `undone${what}: ${line}`),
    ])
    if (lines.length > 0) sections[name] = [lines.join('\n')]
  }
  assertPage('cases/rises.md', sections)
})
