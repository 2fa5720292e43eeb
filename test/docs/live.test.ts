/** What docs/live.md asks people to paste works: it is parsed, filled in like by Flux and Argo CD, and read by Perch. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parse, parseAllDocuments } from 'yaml'
import * as z from 'zod'
import { stateOf } from '../../src/core/gate/signal.ts'
import { readArgoCdReport } from '../../src/core/report/argocd.ts'
import { placeIn } from '../../src/entry/edge/report-endpoints.ts'

const page = readFileSync('docs/live.md', 'utf8')

const Manifest = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.object({
    name: z.string(),
    namespace: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
  }),
  spec: z.record(z.string(), z.unknown()).default({}),
  data: z.record(z.string(), z.string()).default({}),
  stringData: z.record(z.string(), z.string()).default({}),
})
type Manifest = z.infer<typeof Manifest>

/** The manifests under a heading. */
function under(heading: string): readonly Manifest[] {
  const start = page.indexOf(`\n${heading}\n`)
  assert.ok(start > 0, heading)
  const section = page.slice(start + 1).split(/\n##+ /)[0] ?? ''
  return [...section.matchAll(/^```yml\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
    parseAllDocuments(text, { uniqueKeys: true }).map((document) => {
      assert.deepEqual(document.errors, [])
      return Manifest.parse(document.toJS())
    }),
  )
}

function only(manifests: readonly Manifest[], kind: string): Manifest {
  const [found, ...more] = manifests.filter((one) => one.kind === kind)
  assert.ok(found !== undefined && more.length === 0, kind)
  return found
}

const Referring = z.object({ name: z.string() })

for (const [heading, type] of [
  ['## Commit statuses of Flux', 'github'],
  ['### Flux', 'generic-hmac'],
] as const) {
  test(`the Provider and the Alert under "${heading}" fit together`, () => {
    const manifests = under(heading)
    const [provider, alert] = [only(manifests, 'Provider'), only(manifests, 'Alert')]
    assert.equal(provider.spec['type'], type)
    assert.equal(Referring.parse(alert.spec['providerRef']).name, provider.metadata.name)
    assert.equal(alert.spec['eventSeverity'], 'info')
    assert.equal(alert.metadata.namespace, provider.metadata.namespace)
  })
}

test('Flux gets an address that Perch has, and its key under the name that Flux reads', () => {
  const manifests = under('### Flux')
  const provider = only(manifests, 'Provider')
  const { pathname } = new URL(z.string().parse(provider.spec['address']))
  assert.deepEqual(placeIn(pathname), { kind: 'flux', owner: 'acme', repo: 'gitops' })
  const secret = only(manifests, 'Secret')
  assert.equal(Referring.parse(provider.spec['secretRef']).name, secret.metadata.name)
  assert.deepEqual(Object.keys(secret.stringData), ['token'])
})

const Triggers = z.array(z.object({ when: z.string(), send: z.array(z.string()), oncePer: z.string().optional() }))

for (const [heading, service] of [
  ['## Commit statuses of Argo CD', 'github'],
  ['### Argo CD', 'perch'],
] as const) {
  test(`the trigger, the templates and the Application under "${heading}" fit together`, () => {
    const manifests = under(heading)
    const { data } = only(manifests, 'ConfigMap')
    const [subscription = ''] = Object.keys(only(manifests, 'Application').metadata.annotations)
    const [, trigger = '', to] = /^notifications\.argoproj\.io\/subscribe\.(\w+)\.(\w+)$/.exec(subscription) ?? []
    assert.equal(to, service)
    const triggers = Triggers.parse(parse(data[`trigger.${trigger}`] ?? ''))
    // It is sent again after an unhealthy time, and once for every commit.
    assert.deepEqual(
      triggers.map(({ oncePer }) => oncePer !== undefined),
      [false, true, false],
    )
    for (const name of new Set(triggers.flatMap(({ send }) => send))) {
      const template = z.record(z.string(), z.unknown()).parse(parse(data[`template.${name}`] ?? ''))
      const parts = { ...template, ...z.record(z.string(), z.unknown()).default({}).parse(template['webhook']) }
      assert.ok(service in parts, name)
    }
  })
}

const Status = z.object({ github: z.object({ status: z.object({ state: z.string(), label: z.string() }) }) })

test('the statuses of Argo CD are a success and a failure of one name', () => {
  const { data } = only(under('## Commit statuses of Argo CD'), 'ConfigMap')
  const [good, bad] = ['template.applied', 'template.failed'].map(
    (name) => Status.parse(parse(data[name] ?? '')).github,
  )
  assert.deepEqual([stateOf(good?.status.state), stateOf(bad?.status.state)], ['success', 'failure'])
  assert.equal(good?.status.label, bad?.status.label)
})

const Webhook = z.object({
  webhook: z.object({ perch: z.object({ method: z.string(), path: z.string(), body: z.string() }) }),
})

test('Perch reads the output of Argo CD’s template for an application', () => {
  const manifests = under('### Argo CD')
  const { data } = only(manifests, 'ConfigMap')
  const { method, path, body } = Webhook.parse(parse(data['template.perch'] ?? '')).webhook.perch
  assert.equal(method, 'POST')
  assert.deepEqual(placeIn(path), { kind: 'argocd', owner: 'acme', repo: 'gitops' })
  const app = {
    metadata: { name: 'web' },
    status: {
      operationState: { phase: 'Succeeded', syncResult: { revision: 'd'.repeat(40) } },
      health: { status: 'Healthy' },
    },
  }
  const read = readArgoCdReport(JSON.parse(render(body, app)))
  assert.ok(read.code === 'report', JSON.stringify(read))
  assert.deepEqual([read.report.name, read.report.state, read.report.commit], ['argocd/web', 'success', 'd'.repeat(40)])
  const Service = z.object({ url: z.url(), headers: z.array(z.object({ name: z.string(), value: z.string() })) })
  const { headers } = Service.parse(parse(data['service.webhook.perch'] ?? ''))
  const [key = ''] = Object.keys(only(manifests, 'Secret').stringData)
  assert.deepEqual(headers, [
    { name: 'Authorization', value: `Bearer $${key}` },
    { name: 'Content-Type', value: 'application/json' },
  ])
})

/** The two constructs of Go templates that the page uses. */
function render(template: string, app: unknown): string {
  const text = template.replaceAll(/\{\{ \.app((?:\.\w+)+) \| toJson \}\}/g, (_, path: string) => {
    const value = path
      .split('.')
      .slice(1)
      .reduce<unknown>((inner, name) => Reflect.get(Object(inner), name), app)
    return JSON.stringify(value ?? null)
  })
  const done = text.replaceAll('{{ now | date "2006-01-02T15:04:05Z07:00" | toJson }}', '"2026-11-20T13:00:00+01:00"')
  assert.doesNotMatch(done, /\{\{/)
  return done
}

test('every word on the page has the meaning that the page gives it', () => {
  const [, failures = '', silent = ''] =
    /`success` is a success\. (.*?) are failures\. All other states are ignored:(.*?), which/s.exec(page) ?? []
  const words = (text: string): readonly string[] => [...text.matchAll(/`(\w+)`/g)].map(([, word = '']) => word)
  assert.ok(words(failures).length === 4 && words(silent).length >= 9)
  for (const word of words(failures)) assert.equal(stateOf(word), 'failure', word)
  for (const word of words(silent)) assert.equal(stateOf(word), 'silent', word)
})
