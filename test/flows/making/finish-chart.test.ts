/** When values can turn the stable version of a chart into the canary's: only completely. */
import assert from 'node:assert/strict'
import { CHART } from '../../memory/builds.ts'
import { recordedIn } from '../recorded/account.ts'
import { aBuiltWorld, answers, aPull, merges, openSteps, says } from '../world.ts'

const test = recordedIn(import.meta.url)

const VALUES = 'charts/web/values.yaml'
const ROUTE = 'charts/web/templates/virtualservice.yaml'
const APPLICATION = `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: production, namespace: argocd }
spec:
  destination: { namespace: production, server: https://kubernetes.default.svc }
  syncPolicy: { automated: {} }
  source: { path: charts/web, helm: { releaseName: web } }
`

/** The Deployments of both versions. Their labels come from the values, and their images are given. */
function pods(imageOf: (version: string) => string): string {
  const deployment = (version: string): string => `---
apiVersion: apps/v1
kind: Deployment
metadata: { name: web-${version} }
spec:
  selector: { matchLabels: { app: web, track: ${version} } }
  template:
    metadata: { labels: { app: web, track: ${version}, version: {{ .Values.versions.${version} }} } }
    spec: { containers: [{ name: web, image: "shop/web:${imageOf(version)}" }] }
`
  return `${['stable', 'canary'].map(deployment).join('')}---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }} }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`
}

/** A chart whose canary has all traffic, and the pull request that Perch opens then. */
async function finishes(
  imageOf: (version: string) => string,
): Promise<{ readonly titles: string; readonly answer: string }> {
  const world = await aBuiltWorld({
    ...CHART,
    '.github/canary.yml': 'services:\n  web: { steps: [25, 100], bake: 1m }\n',
    'apps/production.yaml': APPLICATION,
    [ROUTE]: CHART[ROUTE].replace(
      'spec:',
      '  annotations: { perch.dev/canary-percentage: "{{ .Values.canary.weight }}" }\nspec:',
    ),
    [VALUES]: `${CHART[VALUES]}tags: { stable: 1.0.0, canary: 1.1.0 }\n`,
    'charts/web/templates/pods.yaml': pods(imageOf),
  })
  const pull = await aPull(world, { 'docs/a.md': 'v2\n' }, 'web v2')
  await says(world, 'alice', pull, '/canary 100')
  await merges(world, 'bob', pull)
  await says(world, 'alice', pull, '/canary next')
  return {
    titles: openSteps(world)
      .map(({ title }) => title)
      .join(),
    answer: answers(world, pull).at(-1) ?? '',
  }
}

test('labels and images in the values become the canary’s together', async () => {
  const { titles } = await finishes((version) => `{{ .Values.tags.${version} }}`)
  assert.equal(titles, 'Finish production/web: stable becomes v2')
})

test('the label alone does not become the canary’s while the stable pods run another image that is in no text of the chart', async () => {
  const { titles, answer } = await finishes((version) =>
    version === 'stable' ? '{{ sub 3 2 }}.0.0' : '{{ sub 3 2 }}.1.0',
  )
  assert.equal(titles, '')
  assert.match(answer, /Deployment .*image.* must be .*1\.1\.0/)
})
