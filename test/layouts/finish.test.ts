/** The end of a rollout of a chart: the stable version becomes the canary's if the chart's values tell its version. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { versionChange } from '../../src/core/gate/version-change.ts'
import { plainWords } from '../../src/core/message/markdown/plain-words.ts'
import { explainRefusal } from '../../src/core/message/refusal/refusal.ts'
import { moveAfter, standingOf } from '../../src/core/rollout/standing.ts'
import { statusOfCheckout } from '../../src/flows/checkout/checkout.ts'
import { makeChange } from '../../src/flows/making/make-change.ts'
import { CHART } from './chart.ts'
import { linesChanged, worktreeOf } from './repository.ts'
import { needsHelm, renderer } from '../tools.ts'

const ROUTE = CHART['charts/web/templates/virtualservice.yaml'].replace(
  'name: {{ .Release.Name }}\n',
  'name: {{ .Release.Name }}\n  annotations: { perch.dev/canary-percentage: {{ .Values.canary.weight | quote }} }\n',
)

/** A workload of each version, as charts have them. */
const workloads = (label: string, labelOf: (version: string) => string, name = '$version'): string => `
{{- range $version := list "stable" "canary" }}
{{- $own := index $.Values $version }}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-{{ ${name} }}
spec:
  selector: { matchLabels: { app: web, track: {{ $version }} } }
  template:
    metadata: { labels: { app: web, track: {{ $version }}, ${label}: ${labelOf('$version')} } }
    spec:
      containers:
        - name: web
          image: "registry.example.com/web:{{ $own.tag }}"
          env: [{ name: TOKEN, value: {{ $own.token | default "none" | quote }} }]
{{- end }}
---
apiVersion: v1
kind: Service
metadata: { name: {{ .Release.Name }} }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`

const rule = (label: string, labelOf: (version: string) => string): string => `apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: { name: {{ .Release.Name }} }
spec:
  host: {{ .Release.Name }}
  subsets:
    - { name: stable, labels: { ${label}: ${labelOf('"stable"')} } }
    - { name: canary, labels: { ${label}: ${labelOf('"canary"')} } }
`

const APPLICATION = (name: string): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name} }
  source: { path: charts/web, helm: { releaseName: web, valueFiles: [../../values-${name}.yaml] } }
`

interface Shape {
  readonly label: string
  readonly labelOf: (version: string) => string
  readonly name?: string
  readonly values: string
}

function repository({ label, labelOf, name, values }: Shape): Map<string, string> {
  return new Map(
    Object.entries({
      ...CHART,
      'charts/web/templates/virtualservice.yaml': ROUTE,
      'charts/web/templates/destinationrule.yaml': rule(label, labelOf),
      'charts/web/templates/workloads.yaml': workloads(label, labelOf, name),
      'apps/production.yaml': APPLICATION('production'),
      'apps/staging.yaml': APPLICATION('staging'),
      'values-production.yaml': values,
      'values-staging.yaml': 'stable: { tag: 0.9.0, version: v0 }\ncanary: { weight: 0, tag: 0.9.1, version: v01 }\n',
    }),
  )
}

/** What Perch does by itself in the state of a rollout. */
async function goOn(files: Map<string, string>): Promise<{ readonly phase: string; readonly said: readonly string[] }> {
  const before = new Map(files)
  const context = { worktree: worktreeOf(files), renderer }
  const status = await statusOfCheckout(context, 'production')
  assert.ok(status.ok)
  const [standing] = status.value.standings
  const move = standing && moveAfter(standing)
  assert.ok(standing !== undefined && move !== undefined)
  const site = { treeish: '', snapshot: status.value.snapshot, pull: undefined }
  const made = await makeChange({ mirror: context.worktree, renderer }, site, {
    moves: [{ target: standing.target, move }],
  })
  if (!made.ok) return { phase: standing.phase, said: [plainWords(explainRefusal(made.error))] }
  await context.worktree.write(made.value.files)
  return { phase: standing.phase, said: linesChanged(before, files) }
}

const FIXED = { label: 'lane', labelOf: (version: string) => `{{ ${version} }}` }
const TIED = { label: 'version', labelOf: (version: string) => `{{ (index $.Values ${version}).version }}` }

test('the image of the stable workload becomes the canary’s if labels name the tracks', needsHelm, async () => {
  const files = repository({
    ...FIXED,
    values: 'stable:\n  tag: 1.0.0 # runs\ncanary: { weight: 100, tag: 1.1.0 }\n',
  })
  assert.deepEqual(await goOn(files), {
    phase: 'finishing-version',
    said: ['values-production.yaml', '-  tag: 1.0.0 # runs', '+  tag: 1.1.0 # runs'],
  })
  assert.deepEqual(await goOn(files), {
    phase: 'finishing-weights',
    said: ['values-production.yaml', '-canary: { weight: 100, tag: 1.1.0 }', '+canary: { weight: 0, tag: 1.1.0 }'],
  })
})

test('its merge is judged as a new stable version, and not as no change', needsHelm, async () => {
  const standing = async (tag: string) => {
    const files = repository({ ...FIXED, values: `stable: { tag: ${tag} }\ncanary: { weight: 100, tag: 1.1.0 }\n` })
    const status = await statusOfCheckout({ worktree: worktreeOf(files), renderer }, 'production')
    assert.ok(status.ok && status.value.standings[0] !== undefined)
    return status.value.standings[0]
  }
  const [before, after] = [await standing('1.0.0'), await standing('1.1.0')]
  assert.deepEqual(versionChange(before, after), { role: 'stable', from: 'stable', to: 'canary' })
})

test('the version label and the image change together if both are in the values', needsHelm, async () => {
  const files = repository({
    ...TIED,
    values: 'stable: { tag: 1.0.0, version: v1 }\ncanary: { weight: 100, tag: 1.1.0, version: v2 }\n',
  })
  assert.deepEqual((await goOn(files)).said, [
    'values-production.yaml',
    '-stable: { tag: 1.0.0, version: v1 }',
    '+stable: { tag: 1.1.0, version: v2 }',
  ])
  assert.equal((await goOn(files)).phase, 'finishing-weights')
})

test('one value for label, image and all is one edit', needsHelm, async () => {
  const files = repository({
    ...TIED,
    values: 'stable: { tag: v1, version: v1 }\ncanary: { weight: 100, tag: v2, version: v2 }\n',
  })
  const workload = 'charts/web/templates/workloads.yaml'
  files.set(workload, (files.get(workload) ?? '').replace('$own.tag', '$own.version'))
  assert.deepEqual((await goOn(files)).said, [
    'values-production.yaml',
    '-stable: { tag: v1, version: v1 }',
    '+stable: { tag: v1, version: v2 }',
  ])
})

test(
  'if the workload is named after its version, the refusal says what must be rendered, and where to set it',
  needsHelm,
  async () => {
    const files = repository({
      ...TIED,
      name: '$own.tag',
      values: 'stable: { tag: 1.0.0, version: v1 }\ncanary: { weight: 100, tag: 1.1.0, version: v2 }\n',
    })
    const { said } = await goOn(files)
    assert.match(
      said.join(''),
      /Deployment production\/web-1\.0\.0 spec\.template\.spec\.containers\.0\.image.* must be registry\.example\.com\/web:1\.1\.0 instead of registry\.example\.com\/web:1\.0\.0/,
    )
    assert.match(said.join(''), /Set that in values-production\.yaml, in a pull request of your own/)
  },
)

test('a value that other environments share is named and left alone', needsHelm, async () => {
  const files = repository({ ...FIXED, values: 'canary: { weight: 100, tag: 1.1.0 }\n' })
  const defaults = 'charts/web/values.yaml'
  files.set(defaults, `${files.get(defaults)}stable:\n  tag: 1.0.0\n`)
  const { said } = await goOn(files)
  assert.match(said.join(''), /it comes from charts\/web\/values\.yaml, which staging uses too/)
})

test('the other fields of the pods become the canary’s too, and are never quoted', needsHelm, async () => {
  const files = repository({
    ...FIXED,
    values: 'stable: { tag: 1.0.0, token: aaaa-1111 }\ncanary: { weight: 100, tag: 1.1.0, token: { from: vault } }\n',
  })
  const { said } = await goOn(files)
  assert.match(said.join(''), /env\.0\.value must have what the canary has/)
  assert.doesNotMatch(said.join(''), /aaaa-1111|vault/)
})

test('a person may finish the version by hand, and the weights follow', needsHelm, async () => {
  const files = repository({ ...FIXED, values: 'stable: { tag: 1.1.0 }\ncanary: { weight: 100, tag: 1.1.0 }\n' })
  const status = await statusOfCheckout({ worktree: worktreeOf(files), renderer }, 'production')
  assert.ok(status.ok)
  assert.deepEqual(
    status.value.standings.map(({ target }) => standingOf(target).phase),
    ['finishing-weights'],
  )
})
