/** What Perch reads in each of the cases: environments, routes, destinations, versions, and the changes of their commands. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { test } from 'node:test'
import { parseCommands } from '../../../src/core/command/parse.ts'
import { readConfig } from '../../../src/core/config/read.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { rowsOf } from '../../../src/core/diff/review.ts'
import { renderPlain } from '../../../src/core/environment/plain.ts'
import { rolloutRises } from '../../../src/core/exposure/canaries.ts'
import { snapshotAsBase } from '../../../src/core/rollout/as-base.ts'
import { findTargets } from '../../../src/core/rollout/find-target.ts'
import { readSnapshot, type Snapshot } from '../../../src/core/rollout/snapshot.ts'
import { standingOf, stepKey } from '../../../src/core/rollout/standing.ts'
import { planOf, type Target } from '../../../src/core/rollout/target.ts'
import { explainShares, notes } from '../../../src/core/traffic/explain.ts'
import { routeId } from '../../../src/core/traffic/route.ts'
import { assertPage } from './page.ts'

const ROOT = join(import.meta.dirname, '../../cases')

function filesIn(folder: string, side: 'before' | 'after'): [string, string][] {
  const single = join(folder, `${side}.yaml`)
  if (existsSync(single)) return [['before.yaml', readFileSync(single, 'utf8')]]
  const root = join(folder, side)
  if (!existsSync(root)) return []
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .map((path) => join(root, path))
    .filter((path) => statSync(path).isFile())
    .sort()
    .map((path) => [relative(root, path), readFileSync(path, 'utf8')])
}

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
    `${environment}/${service} (${environments.join('+')}) ${aliases.join(',')} ${routeId(route)} at ${route.place.file}:${route.place.line} ${placement ?? ''} ${unclear?.why ?? ''}`,
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
  const folder = join(ROOT, name)
  const file = join(folder, 'canary.yml')
  const config = readConfig(existsSync(file) ? readFileSync(file, 'utf8') : undefined)
  if (!config.ok) return ['the config is not valid']
  const before = new Map(filesIn(folder, 'before'))
  const after = new Map([...before, ...filesIn(folder, 'after')])
  const [old, now] = [before, after].map((texts) => {
    const entries = [...texts.keys()].map((path) => ({ path, type: 'file' as const }))
    return readSnapshot({ entries, texts, config: config.value }).snapshot
  })
  if (old === undefined || now === undefined) return []
  const [line] = parseCommands(readFileSync(join(folder, 'command.txt'), 'utf8'))
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
  assertPage(
    'readings.md',
    Object.fromEntries(
      readdirSync(ROOT)
        .sort()
        .map((name) => [name, readingOf(name)]),
    ),
  )
})
