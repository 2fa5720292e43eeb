/** Which rollout a command means, by what it names and by what its pull request changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { resolve, type RolloutQuery } from '../../../src/core/rollout/resolve.ts'
import { repositoryFiles, routeFile } from '../../simulate/repository.ts'
import { targetsOf } from '../samples.ts'

const config = {
  steps: [5, 25, 100],
  bakeMinutes: 10,
  live: 'timer',
  isOrdered: false,
  autoMerge: 'never',
  approvals: 0,
} as const
const ENVIRONMENTS = { staging: { path: 'apps/staging' }, production: { path: 'apps/production' } }

function filesOf(services: readonly string[], environments: readonly string[]): Record<string, string> {
  const { '.github/canary.yml': _, ...files } = repositoryFiles({ services, environments, config })
  return files
}

interface Asked extends Partial<RolloutQuery> {
  readonly changed?: readonly string[]
}

/** `environment/service` of each that is meant, or the question back. */
function meant(
  files: Readonly<Record<string, string>>,
  { changed = [], ...wish }: Asked,
  environments: unknown = ENVIRONMENTS,
): string {
  const targets = targetsOf(files, { environments })
  const found = resolve(targets, { service: undefined, environment: undefined, ...wish }, changed)
  if (found.ok) return found.value.targets.map(({ environment, service }) => `${environment}/${service}`).join(' ')
  const { error } = found
  return error.code === 'ambiguous'
    ? `? ${error.choices.map(({ service, environment }) => `${service} --env ${environment}`).join(', ')}`
    : error.code
}

test('what is named must match, and what the pull request touches decides among several', () => {
  const both = filesOf(['web', 'api'], ['staging', 'production'])
  const one = filesOf(['web'], ['staging', 'production'])
  const table: readonly (readonly [Readonly<Record<string, string>>, Asked, string])[] = [
    [one, { environment: 'production' }, 'production/web'],
    [one, { environment: 'all' }, 'production/web staging/web'],
    [one, {}, '? web --env production, web --env staging, web --env all'],
    [one, { changed: [routeFile('staging', 'web')] }, 'staging/web'],
    [one, { changed: ['README.md'] }, '? web --env production, web --env staging, web --env all'],
    [one, { service: 'api' }, 'no-service'],
    [one, { environment: 'test' }, 'no-service'],
    [both, { service: 'api', environment: 'staging' }, 'staging/api'],
    [both, { environment: 'staging' }, '? api --env staging, web --env staging'],
    [both, { service: 'web', environment: 'all' }, 'production/web staging/web'],
    [
      both,
      { environment: 'all' },
      '? api --env production, api --env staging, web --env production, web --env staging',
    ],
    [both, { service: 'web', changed: [routeFile('staging', 'api')] }, 'staging/web'],
  ]
  for (const [files, wish, expected] of table) assert.equal(meant(files, wish), expected, JSON.stringify(wish))
})

test('a route without a canary is meant only where there is no other', () => {
  const files = filesOf(['web', 'api'], ['production'])
  const path = routeFile('production', 'api')
  const alone = {
    ...files,
    [path]: (files[path] ?? '').replace(/ {8}- destination: \{ host: api, subset: canary \}\n {10}weight: 0\n/, ''),
    'apps/production/api-subsets.yaml': '',
  }
  const only = { production: { path: 'apps/production' } }
  assert.equal(meant(alone, {}, only), 'production/web')
  assert.equal(meant(alone, { service: 'api' }, only), 'production/api')
})
