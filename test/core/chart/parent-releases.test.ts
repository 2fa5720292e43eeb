import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deployerTemplates, type ParentRelease, parentReleases } from '../../../src/core/chart/parent-releases.ts'
import { type DeployedRelease, NO_OPTIONS } from '../../../src/core/chart/release.ts'
import type { Environment } from '../../../src/core/environment/environment.ts'
import { treeOf } from '../../../src/core/environment/tree.ts'

const DEPLOYER = 'apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: { name: "{{ .Values.name }}" }\n'
const FILES = {
  'apps/Chart.yaml': 'name: apps\n',
  'apps/templates/web.yaml': DEPLOYER,
  'big/Chart.yaml': 'name: big\n',
  'big/charts/part/Chart.yaml': 'name: part\n',
  'big/charts/part/templates/web.yaml': DEPLOYER,
  'web/Chart.yaml': 'name: web\n',
  'web/templates/web.yaml': 'kind: Service\nmetadata: { name: "{{ .Values.name }}" }\n',
}

interface Scene {
  readonly files?: Readonly<Record<string, string>>
  readonly environments?: readonly Partial<Environment>[]
  readonly releases?: readonly DeployedRelease[]
  readonly done?: readonly ParentRelease[]
}

/** The charts that are rendered because they contain deployers. */
function parentsIn({ files = {}, environments = [], releases = [], done = [] }: Scene): readonly ParentRelease[] {
  const texts = new Map(Object.entries({ ...FILES, ...files }))
  const known = environments.map((own, index): Environment => ({
    name: `env-${index}`,
    kind: 'kustomize',
    root: 'env',
    files: [],
    refusals: [],
    isLoose: false,
    readsAbove: false,
    ...own,
  }))
  const tree = treeOf([...texts.keys()].map((path) => ({ path, type: 'file' })))
  return parentReleases({ tree, texts, templates: deployerTemplates(texts), environments: known, releases }, done)
}

function titles(parents: readonly ParentRelease[]): readonly string[] {
  return parents.map(({ name, release, isLone, refusals }) =>
    [name, release.chart, isLone ? 'lone' : 'deployed', ...refusals.map(({ code }) => code)].join(' '),
  )
}

test('a chart with deployers that nothing deploys is rendered with its own values', () => {
  assert.deepEqual(titles(parentsIn({})), ['apps apps lone', 'big big lone'])
  assert.deepEqual(titles(parentsIn({ files: { 'apps/values-eu.yaml': 'name: eu\n' } })), [
    'apps apps lone several-values',
    'big big lone',
  ])
  assert.deepEqual(titles(parentsIn({ done: parentsIn({}) })), [])
})

test('a chart that something else uses is not rendered by itself', () => {
  assert.deepEqual(titles(parentsIn({ environments: [{ charts: ['apps'] }] })), ['big big lone'])
  const nested = { chart: 'apps', copies: [], name: 'apps', place: { file: 'a.yaml', line: 1 } }
  assert.deepEqual(titles(parentsIn({ environments: [{ nested: [nested] }, {}] })), ['big big lone'])
  const umbrella = 'name: all\ndependencies: [{ name: apps, repository: "file://../apps" }]\n'
  assert.deepEqual(titles(parentsIn({ files: { 'all/Chart.yaml': umbrella } })), ['big big lone', 'all all lone'])
})

test('a chart with deployers that a deployer of the repository names is rendered with its values, once', () => {
  const release = {
    chart: 'apps',
    name: 'shop',
    namespace: undefined,
    values: [],
    settings: [],
    isWithoutDefaults: false,
    options: NO_OPTIONS,
  }
  const deployed = (file: string, name: string): DeployedRelease => {
    return { release, name, title: `Application ${name}`, file, sources: [file] }
  }
  assert.deepEqual(titles(parentsIn({ releases: [deployed('root.yaml', 'shop'), deployed('other.yaml', 'again')] })), [
    'shop apps deployed',
    'big big lone',
  ])
  // Nobody knows what a template deploys before it is rendered.
  assert.deepEqual(titles(parentsIn({ releases: [deployed('big/charts/part/templates/web.yaml', 'shop')] })), [
    'apps apps lone',
    'big big lone',
  ])
  const nested = { chart: 'apps', copies: [], name: 'apps', place: { file: 'a.yaml', line: 1 } }
  assert.deepEqual(
    titles(parentsIn({ releases: [deployed('root.yaml', 'shop')], environments: [{ nested: [nested] }] })),
    ['shop apps deployed patched-release', 'big big lone'],
  )
  const taken = parentsIn({ files: { 'x/Chart.yaml': 'name: x\n' } }).slice(0, 1)
  assert.deepEqual(titles(parentsIn({ releases: [deployed('root.yaml', 'apps')], done: taken })), [
    'apps-2 apps deployed',
  ])
})
