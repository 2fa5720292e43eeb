import assert from 'node:assert/strict'
import { test } from 'node:test'
import { releaseFiles } from '../../../src/core/chart/release-files.ts'
import type { ChartRelease } from '../../../src/core/chart/release.ts'
import { treeOf } from '../../../src/core/environment/tree.ts'

const RELEASE: ChartRelease = {
  chart: 'chart',
  name: 'web',
  namespace: undefined,
  values: [],
  settings: [],
  isWithoutDefaults: false,
  options: { skipsCrds: false, skipsTests: false, skipsSchema: false, kubeVersion: undefined, apiVersions: [] },
}

function readOf(count: number): ReturnType<typeof releaseFiles> {
  const templates = Array.from({ length: count - 1 }, (_, index) => `chart/templates/${index}.yaml`)
  const tree = treeOf(['chart/Chart.yaml', 'other/x.yaml', ...templates].map((path) => ({ path, type: 'file' })))
  const texts = new Map([['chart/Chart.yaml', 'name: chart\nversion: 1.0.0\n']])
  return releaseFiles({ tree, texts, needs: new Set() }, RELEASE, { from: [], others: new Set() })
}

test('a chart of two thousand files is read, and one with more is refused', () => {
  const read = readOf(2000)
  assert.deepEqual([read.files.length, read.refusals], [2000, []])
  assert.deepEqual(readOf(2001).refusals, [{ code: 'too-many-files', file: 'chart/Chart.yaml', line: 1, entry: '' }])
})

test('a chart with a link in a copy of another chart is refused at the link', () => {
  const tree = treeOf([
    { path: 'chart/Chart.yaml', type: 'file' },
    { path: 'common/Chart.yaml', type: 'file' },
    { path: 'common/templates/a.yaml', type: 'symlink' },
    { path: 'other/b.yaml', type: 'symlink' },
  ])
  const dependency = '{ name: common, version: 1.0.0, repository: "file://../common" }'
  const texts = new Map([['chart/Chart.yaml', `name: chart\nversion: 1.0.0\ndependencies: [${dependency}]\n`]])
  const { copies, refusals } = releaseFiles({ tree, texts, needs: new Set() }, RELEASE, { from: [], others: new Set() })
  assert.deepEqual(copies, [{ from: 'common', to: 'chart/charts/common' }])
  assert.deepEqual(refusals, [{ code: 'symlink', file: 'common/templates/a.yaml', line: 1, entry: '' }])
})

test('a link among the values with which a chart is tested is left out, because no release reads it', () => {
  const tree = treeOf([
    { path: 'chart/Chart.yaml', type: 'file' },
    { path: 'chart/ci/production-values.yaml', type: 'symlink' },
    { path: 'chart/templates/ci/a.yaml', type: 'symlink' },
  ])
  const texts = new Map([['chart/Chart.yaml', 'name: chart\nversion: 1.0.0\n']])
  const { files, refusals } = releaseFiles({ tree, texts, needs: new Set() }, RELEASE, { from: [], others: new Set() })
  assert.deepEqual(files, ['chart/Chart.yaml', 'chart/templates/ci/a.yaml'])
  assert.deepEqual(refusals, [{ code: 'symlink', file: 'chart/templates/ci/a.yaml', line: 1, entry: '' }])
})

test('a dependency is missing from a chart, although another chart has it in its own charts folder', () => {
  const tree = treeOf(
    [
      'chart/Chart.yaml',
      // Neither the values nor the charts of a dependency are dependencies.
      'chart/charts/cache/Chart.yaml',
      'chart/charts/cache/values.yaml',
      'chart/charts/cache/charts/mq/Chart.yaml',
      'shops/Chart.yaml',
      'shops/charts/db-1.0.0.tgz',
      'shops/charts/mq/Chart.yaml',
    ].map((path) => ({ path, type: 'file' })),
  )
  const texts = new Map([
    ['chart/Chart.yaml', 'name: chart\ndependencies: [{ name: db }, { name: cache }, { name: mq }]\n'],
    ['chart/charts/cache/Chart.yaml', 'name: cache\n'],
    ['chart/charts/cache/values.yaml', 'name: db\n'],
    ['chart/charts/cache/charts/mq/Chart.yaml', 'name: mq\n'],
    ['shops/charts/mq/Chart.yaml', 'name: mq\n'],
  ])
  const { refusals } = releaseFiles({ tree, texts, needs: new Set() }, RELEASE, { from: [], others: new Set() })
  assert.deepEqual(
    refusals.map(({ code, entry }) => `${code} ${entry}`),
    ['helm-dependency db', 'helm-dependency mq'],
  )
})

test('the values files of other releases are no files of a release, and files with similar names are', () => {
  const paths = [
    'Chart.yaml',
    'values.yaml',
    'values-eu.yaml',
    'values-eu.yaml.bak',
    'my-values-eu.yaml',
    'values/eu.yaml',
  ]
  const tree = treeOf(paths.map((path) => ({ path: `chart/${path}`, type: 'file' })))
  const texts = new Map(paths.map((path) => [`chart/${path}`, 'name: chart\n']))
  const { files } = releaseFiles({ tree, texts, needs: new Set() }, RELEASE, { from: [], others: new Set() })
  const kept = ['Chart.yaml', 'my-values-eu.yaml', 'values-eu.yaml.bak', 'values.yaml', 'values/eu.yaml']
  assert.deepEqual(
    files.toSorted(),
    kept.map((path) => `chart/${path}`),
  )
})
