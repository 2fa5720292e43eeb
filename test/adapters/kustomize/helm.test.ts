import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { openWorktree } from '../../../src/adapters/checkout/worktree.ts'
import { openMirror } from '../../../src/adapters/git/mirror.ts'
import { cachedRenderer } from '../../../src/adapters/kustomize/cached-renderer.ts'
import { openRenderer } from '../../../src/adapters/kustomize/renderer.ts'
import { NO_OPTIONS } from '../../../src/core/chart/release.ts'
import type { HelmBuild } from '../../../src/ports/renderer.ts'
import { QUIET } from '../../quiet-log.ts'

const PATH = process.env['PATH'] ?? ''
const real = openRenderer({ log: QUIET, path: PATH })
const name = await real.tool('helm')
const needs = name === undefined ? { skip: 'helm is not installed' } : {}

const CHART = {
  'charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 0.1.0\n',
  'charts/web/values.yaml': 'a: default\nb: default\nc: default\nd: 1\n',
  'charts/web/templates/map.yaml': `apiVersion: v1
kind: ConfigMap
metadata: { name: {{ .Release.Name }}, namespace: {{ .Release.Namespace }} }
data: { a: {{ .Values.a | quote }}, b: {{ .Values.b | quote }}, c: {{ .Values.c | quote }}, d: {{ kindOf .Values.d | quote }} }
`,
  'charts/web/crds/crd.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: crd }\n',
}
const BUILD: HelmBuild = {
  kind: 'helm',
  chart: 'charts/web',
  release: 'web',
  namespace: 'shop',
  values: [],
  settings: [],
  options: NO_OPTIONS,
}

function render(files: Readonly<Record<string, string>>, build: Partial<HelmBuild> = {}, renderer = real) {
  return renderer.render(new Map(Object.entries({ ...CHART, ...files })), { ...BUILD, ...build })
}

test(
  'a release is rendered with the values of files, of texts and of settings, the last of which wins',
  needs,
  async () => {
    const rendered = await render(
      { 'values, production.yaml': 'a: file\nb: file\n' },
      {
        values: [{ path: 'values, production.yaml' }, { text: 'b: "text"\nc: text\n' }],
        settings: [
          { name: 'c', value: 'set, once', isText: false },
          { name: 'd', value: '1', isText: true },
        ],
      },
    )
    assert.ok(rendered.ok, JSON.stringify(rendered))
    assert.match(rendered.yaml, /name: web, namespace: shop/)
    assert.match(rendered.yaml, /a: "file", b: "text", c: "set, once", d: "string"/)
    assert.match(rendered.yaml, /name: crd/)
    const without = await render({}, { options: { ...NO_OPTIONS, skipsCrds: true } })
    assert.ok(without.ok && !without.yaml.includes('name: crd'))
  },
)

test(
  'a chart may ask for kinds of Istio, the Gateway API and deployers, as in a cluster that has them',
  needs,
  async () => {
    const asks = (version: string): string => `{{ .Capabilities.APIVersions.Has "${version}" }}`
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: asks }\ndata: { x: "${asks('networking.istio.io/v1beta1/VirtualService')} ${asks('gateway.networking.k8s.io/v1/HTTPRoute')} ${asks('argoproj.io/v1alpha1/Application')} ${asks('example.com/v1')} ${asks('acme.com/v1')}" }\n`
    const options = { ...NO_OPTIONS, apiVersions: ['acme.com/v1'] }
    const rendered = await render({ 'charts/web/templates/asks.yaml': text }, { options })
    assert.ok(rendered.ok && rendered.yaml.includes('x: "true true true false true"'), JSON.stringify(rendered))
  },
)

test("helm's refusals are shown without paths of this machine", needs, async () => {
  const broken = await render({ 'charts/web/templates/broken.yaml': 'a: {{ .Values.none.such }}\n' })
  assert.ok(!broken.ok && broken.code === 'build-failed')
  assert.match(broken.detail, /web\/templates\/broken\.yaml:1:\d+/)
  assert.ok(!broken.detail.includes(tmpdir()))
  const needy = `${CHART['charts/web/Chart.yaml']}dependencies: [{ name: redis, version: 1.x, repository: "https://127.0.0.1:1" }]\n`
  const missing = await render({ 'charts/web/Chart.yaml': needy })
  assert.ok(!missing.ok && missing.detail.includes('missing in charts/ directory: redis'), JSON.stringify(missing))
})

test('names cannot be options, addresses or paths out of the folder', needs, async () => {
  for (const release of ['--post-renderer=/bin/sh', '-f', 'a b', '$(id)']) {
    const rendered = await render({}, { release })
    assert.ok(!rendered.ok, release)
  }
  for (const chart of ['../charts', '/etc', 'https://127.0.0.1:1/web', 'charts/../charts/web'])
    assert.ok(!(await render({}, { chart })).ok, chart)
  const file = 'charts/web/templates/file.yaml'
  for (const path of ['/etc/hostname', '../../../../../../etc/hostname', '../../values.yaml']) {
    const text = `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: file }\ndata: { x: {{ .Files.Get "${path}" | quote }} }\n`
    const rendered = await render({ [file]: text, 'values.yaml': 'secret' })
    assert.ok(rendered.ok && rendered.yaml.includes('x: ""'), path)
  }
})

test('helm sees no environment but folders that are empty, and neither plugins nor a cluster', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'perch-tool-'))
  writeFileSync(
    join(bin, 'helm'),
    '#!/bin/sh\nif [ "$1" = version ]; then echo v3.19.0; exit; fi\n/usr/bin/env\n/bin/ls -A "$HOME"\n',
  )
  chmodSync(join(bin, 'helm'), 0o755)
  process.env['PERCH_TEST_SECRET'] = 'do-not-tell'
  try {
    const rendered = await render({}, {}, openRenderer({ log: QUIET, path: `${bin}:${PATH}` }))
    assert.ok(rendered.ok, JSON.stringify(rendered))
    assert.doesNotMatch(rendered.yaml, /do-not-tell/)
    const homes = rendered.yaml.split('\n').filter((line) => /^(?:HELM_\w+|HOME|KUBECONFIG)=/.test(line))
    assert.ok(homes.length >= 8 && homes.every((line) => /=\S*\/perch-render-\w+\/home/.test(line)), rendered.yaml)
  } finally {
    delete process.env['PERCH_TEST_SECRET']
    rmSync(bin, { recursive: true })
  }
})

test('a machine without helm says so, and still renders kustomize roots', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'perch-tool-'))
  writeFileSync(join(bin, 'kustomize'), '#!/bin/sh\necho v5.6.0\n', { mode: 0o755 })
  writeFileSync(join(bin, 'helm'), '#!/bin/sh\necho "Client: v2.17.0"\n', { mode: 0o755 })
  const renderer = cachedRenderer(openRenderer({ log: QUIET, path: bin }))
  assert.equal(await renderer.tool(), 'kustomize v5.6.0')
  assert.equal(await renderer.tool('helm'), undefined)
  assert.deepEqual(await render({}, {}, renderer), { ok: false, code: 'helm-missing', detail: '' })
  assert.ok((await renderer.render(new Map([['a', '']]), { kind: 'kustomize', root: '' })).ok)
  rmSync(bin, { recursive: true })
})

test('a package in charts/ is what it was made of, read from Git or from a folder', needs, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'perch-chart-'))
  const files = {
    'common/Chart.yaml': 'apiVersion: v2\nname: common\nversion: 1.2.3\n',
    'common/templates/_name.tpl': '{{- define "common.name" -}}packed{{- end -}}\n',
    'charts/web/templates/packed.yaml':
      'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: {{ include "common.name" . }} }\n',
  }
  for (const [path, text] of Object.entries({ ...CHART, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  execFileSync('helm', ['package', 'common', '--destination', 'charts/web/charts'], { cwd: folder })
  const git = (...args: readonly string[]): string =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder })
      .toString()
      .trim()
  git('init', '--quiet')
  git('add', '.')
  git('commit', '--quiet', '--message', 'chart')
  const sha = git('rev-parse', 'HEAD')
  const mirror = openMirror({
    folder: join(folder, 'mirror.git'),
    url: pathToFileURL(folder).href,
    token: async () => '',
    log: QUIET,
    environment: { PATH },
  })
  await mirror.fetch([`refs/heads/${git('branch', '--show-current')}`])
  for (const source of [openWorktree(folder), mirror]) {
    const paths = (await source.entries(sha)).map(({ path }) => path).filter((path) => path.startsWith('charts/'))
    const rendered = await real.render(await source.read(sha, paths), BUILD)
    assert.ok(rendered.ok && rendered.yaml.includes('name: packed'), JSON.stringify(rendered))
  }
  rmSync(folder, { recursive: true })
})
