/** Which program builds an environment, and with what. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Config } from '../../../src/core/config/schema.ts'
import { loadSnapshot } from '../../../src/flows/repository/load.ts'
import type { BuildSource } from '../../../src/ports/renderer.ts'
import { CHART } from '../../memory/builds.ts'
import { memoryGitHub } from '../../memory/github/github.ts'
import { memoryMirror } from '../../memory/mirror.ts'
import { memoryRenderer } from '../../memory/renderer.ts'

/** The builds that reading these files takes. */
async function builds(files: Readonly<Record<string, string>>): Promise<readonly BuildSource[]> {
  const mirror = memoryMirror(memoryGitHub({ clock: { now: () => 0 }, files }))
  const treeish = (await mirror.fetch(['refs/heads/main'])).get('refs/heads/main') ?? assert.fail('no branch')
  const made: BuildSource[] = []
  const own = memoryRenderer()
  const render: typeof own.render = (texts, source) => {
    made.push(source)
    return own.render(texts, source)
  }
  await loadSnapshot({ mirror, renderer: { ...own, render } }, treeish, { config: Config.parse({}) })
  return made
}

const RELEASE = `apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: { name: web, namespace: production }
spec:
  interval: 5m
  chart:
    spec:
      chart: ./charts/web
      sourceRef: { kind: GitRepository, name: flux-system, namespace: flux-system }
`

test('a kustomization builds its own charts with helm, and leaves those of HelmReleases to Perch', async () => {
  const own = {
    ...CHART,
    'production/kustomization.yaml':
      'helmGlobals: { chartHome: ../charts }\nhelmCharts: [{ name: web, releaseName: web }]\n',
  }
  const [built] = await builds(own)
  assert.ok(built?.kind === 'kustomize')
  assert.deepEqual([built.root, built.hasCharts], ['production', true])
  const [left, release] = await builds({
    ...CHART,
    'production/kustomization.yaml': 'resources: [web.yaml, map.yaml]\nnamespace: production\n',
    'production/web.yaml': RELEASE,
    'production/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n',
  })
  assert.ok(left?.kind === 'kustomize')
  assert.deepEqual([left.root, left.hasCharts, release?.kind], ['production', undefined, 'helm'])
})
