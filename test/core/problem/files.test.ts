/** Which notes about deployments that Perch does not know a pull request gets, and how problems of several environments become one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeliveryGap } from '../../../src/core/delivery/generators/generator-gap.ts'
import { parentProblem, renderProblem, unknownDeploymentNotes, unknownOnce } from '../../../src/core/problem/files.ts'
import type { Problem } from '../../../src/core/problem/problem.ts'

function gap(file: string, prefix: string, why: DeliveryGap['why'] = 'generator'): DeliveryGap {
  return { title: `ApplicationSet ${file}`, file, line: 3, prefix, why, entry: 'git' }
}

function template(file: string, chart?: string): Problem {
  const problem = { code: 'template', file, line: 1, detail: '', ...(chart === undefined ? {} : { chart }) } as const
  return { code: 'template', file, line: 1, cause: { kind: 'manifest', problem } }
}

function failed(environment: string, code: 'tool-busy' | 'helm-missing' | 'build-failed'): Problem {
  return renderProblem({ environment, file: `${environment}/kustomization.yaml`, rendered: { code, detail: '' } })
}

const UNKNOWN = {
  gaps: [gap('sets/apps.yaml', 'apps/'), gap('sets/odd.yaml', 'odd/', 'overlay')],
  unrendered: [
    parentProblem(
      { folder: 'deploy', files: ['deploy/Chart.yaml', 'deploy/values.yaml'] },
      failed('x', 'build-failed'),
    ),
    template('charts/web/templates/a.yaml', 'charts/web'),
    template('charts/web/templates/b.yaml', 'charts/web'),
    template('lone/route.yaml'),
    template('odd/chart/templates/c.yaml', 'odd/chart'),
  ],
}

function notes(changed: readonly string[] | 'all', folders: readonly string[] = []): readonly string[] {
  return unknownDeploymentNotes(UNKNOWN, { changed, folders }).map(({ code, file }) => `${code} ${file}`)
}

test('a pull request hears of unknown deployments that it changes, or that may deploy its folders', () => {
  assert.deepEqual(notes([]), [])
  assert.deepEqual(notes(['sets/apps.yaml']), ['not-generated sets/apps.yaml'])
  // The folders of a generator may have other deployers, but a patched source may be any folder below.
  assert.deepEqual(notes(['apps/web/vs.yaml']), [])
  assert.deepEqual(notes(['odd/vs.yaml']), ['not-generated sets/odd.yaml'])
  const parent = 'build-failed x/kustomization.yaml'
  assert.deepEqual(notes([], ['apps/web']), ['not-generated sets/apps.yaml', parent])
  assert.deepEqual(notes([], ['apps']), ['not-generated sets/apps.yaml', parent])
  assert.deepEqual(notes([], ['application']), [parent])
  assert.deepEqual(notes(['deploy/values.yaml']), [parent])
  assert.deepEqual(notes(['deploy/other.yaml']), [])
})

test('a template that nothing renders is a note if its file or its chart changes, once for each chart', () => {
  const chart = 'template charts/web/templates/a.yaml'
  assert.deepEqual(notes(['charts/web/values.yaml']), [chart])
  assert.deepEqual(notes(['charts/web/templates/b.yaml']), [chart])
  assert.deepEqual(notes(['charts/web/templates/_helpers.tpl']), [chart])
  assert.deepEqual(notes(['charts/web/README.md']), [])
  assert.deepEqual(notes(['charts/website/values.yaml']), [])
  assert.deepEqual(notes(['lone/route.yaml']), ['template lone/route.yaml'])
  assert.deepEqual(notes(['lone/other.yaml']), [])
  // The note about the ApplicationSet says what is unknown.
  assert.deepEqual(notes(['odd/chart/values.yaml']), ['not-generated sets/odd.yaml'])
  assert.deepEqual(notes('all'), [
    'not-generated sets/apps.yaml',
    'not-generated sets/odd.yaml',
    'build-failed x/kustomization.yaml',
    chart,
    'template lone/route.yaml',
  ])
})

test('environments that cannot be rendered for one reason share a problem, and builds that fail do not', () => {
  const problems = [
    failed('a', 'tool-busy'),
    failed('b', 'build-failed'),
    failed('c', 'helm-missing'),
    failed('d', 'tool-busy'),
    failed('e', 'build-failed'),
  ]
  const named = (all: readonly Problem[]): readonly string[] =>
    unknownOnce(all).map(({ code, cause }) => `${code} ${'environment' in cause ? cause.environment : ''}`)
  assert.deepEqual(named(problems), ['build-failed b', 'build-failed e', 'tool-busy a, d', 'helm-missing c'])
  const many = (count: number) => Array.from({ length: count }, (_, index) => failed(`e${index}`, 'tool-busy'))
  assert.deepEqual(named(many(5)), ['tool-busy e0, e1, e2, e3, e4'])
  assert.deepEqual(named(many(7)), ['tool-busy e0, e1, e2, e3, e4 and 2 more'])
})
