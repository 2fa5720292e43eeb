import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { openRenderer, type RendererOptions } from '../../../src/adapters/kustomize/renderer.ts'
import { programPath } from '../../../src/adapters/process-sandbox/program-path.ts'
import { parseRendered } from '../../../src/core/diff/objects.ts'
import { QUIET } from '../../quiet-log.ts'

// A separate folder, so that builds of other tests are not taken for leftovers.
process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'perch-tmp-'))
after(() => rmSync(tmpdir(), { recursive: true, force: true }))

const PATH = process.env['PATH'] ?? ''
const real = openRenderer({ log: QUIET, path: PATH })
const name = await real.tool()
const needs = name === undefined ? { skip: 'neither kustomize nor kubectl is installed' } : {}

const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "1"}\n'
const BOX = {
  'base/kustomization.yaml': 'resources: [a.yaml]\n',
  'base/a.yaml': OBJECT,
  'overlays/prod/kustomization.yaml': 'resources: [../../base]\nnamespace: prod\npatches: [{path: p.yaml}]\n',
  'overlays/prod/p.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {x: "2"}\n',
}

async function render(files: Record<string, string>, root: string, options: Partial<RendererOptions> = {}) {
  const renderer = Object.keys(options).length === 0 ? real : openRenderer({ log: QUIET, path: PATH, ...options })
  return renderer.render(new Map(Object.entries(files)), { kind: 'kustomize', root })
}

/** A renderer whose kustomize is a shell script; `$1` is `build` or `version`. */
async function withTool(script: string, play: (path: string, bin: string) => Promise<void>): Promise<void> {
  const bin = mkdtempSync(join(tmpdir(), 'perch-tool-'))
  const program = `#!/bin/sh\nif [ "$1" = version ]; then echo v5.5.0; exit; fi\n${script}\n`
  writeFileSync(join(bin, 'kustomize'), program)
  chmodSync(join(bin, 'kustomize'), 0o755)
  try {
    await play(bin, bin)
  } finally {
    rmSync(bin, { recursive: true })
  }
}

function leftovers(): string[] {
  return readdirSync(tmpdir()).filter((found) => found.startsWith('perch-render-'))
}

test('an overlay on a base is rendered', needs, async () => {
  const rendered = await render(BOX, 'overlays/prod')
  assert.ok(rendered.ok, JSON.stringify(rendered))
  const parsed = parseRendered(rendered.yaml)
  assert.ok(parsed.ok)
  assert.deepEqual(
    parsed.objects.map(({ namespace, data }) => [namespace, data['data']]),
    [['prod', { x: '2' }]],
  )
  assert.match(name ?? '', /^kustomize v\d+\.\d+\.\d+/)
})

test('the root may be the top of the repository', needs, async () => {
  const rendered = await render({ 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': OBJECT }, '')
  assert.equal(rendered.ok, true)
})

test('a failed build has its reason, without paths of this machine', needs, async () => {
  const rendered = await render({ 'k/kustomization.yaml': 'resources: [nope.yaml]' }, 'k')
  assert.ok(!rendered.ok)
  assert.equal(rendered.code, 'build-failed')
  assert.match(rendered.detail, /^accumulating resources: .*'?k?\/?nope\.yaml/)
  assert.doesNotMatch(rendered.detail, /\/tmp|perch-render|E\d{4}|run\.go/)
})

test("kustomize's warnings do not hide its errors", needs, async () => {
  const rendered = await render({ 'k/kustomization.yaml': 'commonLabels: { app: web }\nresources: [nope.yaml]' }, 'k')
  assert.ok(!rendered.ok && rendered.detail.startsWith('accumulating resources'), JSON.stringify(rendered))
})

test('the message of a failed build contains no Secret', needs, async () => {
  const files = {
    'kustomization.yaml': 'secretGenerator:\n- name: s\n  envs: [a.env]\n  literals: [swordfish-without-key]\n',
    'a.env': 'PASSWORD hunter22\n',
  }
  const rendered = await render(files, '')
  assert.ok(!rendered.ok && rendered.detail !== '', JSON.stringify(rendered))
  assert.doesNotMatch(rendered.detail, /hunter22|swordfish/)
})

test('a long message is cut', needs, async () => {
  const rendered = await render({ 'kustomization.yaml': `resources: [${'x'.repeat(200)}/${'y'.repeat(5000)}]` }, '')
  assert.ok(!rendered.ok)
  assert.equal(rendered.detail.length, 2000)
})

test('files outside the root and the machine are out of reach', needs, async () => {
  for (const entry of ['../secret.yaml', '/etc/hostname', '../../../../../../etc/hostname']) {
    const rendered = await render(
      { 'k/kustomization.yaml': `configMapGenerator: [{name: a, files: [x=${entry}]}]`, 'secret.yaml': OBJECT },
      'k',
    )
    assert.ok(!rendered.ok && rendered.code === 'build-failed', entry)
  }
})

test(
  'a build like that of Flux reads files of the repository above its root, and none of this machine',
  needs,
  async () => {
    const files = { 'clusters/east/kustomization.yaml': 'resources: [../../apps/a.yaml]', 'apps/a.yaml': OBJECT }
    const renderer = openRenderer({ log: QUIET })
    const rendered = await renderer.render(new Map(Object.entries(files)), {
      kind: 'kustomize',
      root: 'clusters/east',
      readsAbove: true,
    })
    assert.equal(rendered.ok, true, JSON.stringify(rendered))
    for (const entry of ['/etc/hostname', '../../../../../../../etc/hostname']) {
      const kustomization = `configMapGenerator: [{name: a, files: [x=${entry}]}]`
      const odd = await renderer.render(new Map([['k/kustomization.yaml', kustomization]]), {
        kind: 'kustomize',
        root: 'k',
        readsAbove: true,
      })
      assert.ok(!odd.ok && odd.code === 'build-failed', entry)
    }
  },
)

test(
  'where nothing hides the other files of the machine, a build like that of Flux is not possible, which is not the fault of its files',
  needs,
  async () => {
    const bin = mkdtempSync(join(tmpdir(), 'perch-tool-'))
    const program = (name ?? '').includes('kubectl') ? 'kubectl' : 'kustomize'
    symlinkSync((await programPath(PATH, program)) ?? '', join(bin, program))
    const renderer = openRenderer({ log: QUIET, path: bin })
    const codeOf = async (kustomization: string, readsAbove = true): Promise<string> => {
      const files = { 'apps/a.yaml': OBJECT, 'east/kustomization.yaml': kustomization }
      const source = { kind: 'kustomize', root: 'east', readsAbove } as const
      const rendered = await renderer.render(new Map(Object.entries(files)), source)
      return rendered.ok ? 'ok' : rendered.code
    }
    const above = 'configMapGenerator: [{name: a, files: [x=../apps/a.yaml]}]'
    assert.equal(await codeOf('resources: [../apps/a.yaml]'), 'not-confined')
    assert.equal(await codeOf(above), 'not-confined')
    assert.equal(await codeOf('configMapGenerator: [{name: a, literals: [a=b]}]'), 'ok')
    // Argo CD would refuse them as well, and Flux these.
    assert.equal(await codeOf(above, false), 'build-failed')
    assert.equal(await codeOf('resources: [../apps/b.yaml]'), 'build-failed')
    assert.equal(await codeOf('configMapGenerator: [{name: a, files: [x=/etc/hostname]}]'), 'build-failed')
    rmSync(bin, { recursive: true })
  },
)

test(
  'the network, exec functions and Helm are out of reach, even where nobody has refused them before',
  needs,
  async () => {
    for (const kustomization of [
      'resources: [https://127.0.0.1:1/x.yaml]',
      'resources: ["git::https://127.0.0.1:1/o/r"]',
      'helmCharts: [{name: a, repo: "https://127.0.0.1:1"}]',
      'transformers: [t.yaml]',
    ]) {
      const exec =
        'apiVersion: v1\nkind: A\nmetadata:\n  name: a\n  annotations:\n    config.kubernetes.io/function: "exec: {path: ./x}"\n'
      const rendered = await render({ 'kustomization.yaml': kustomization, 't.yaml': exec, x: '#!/bin/sh\necho\n' }, '')
      assert.ok(!rendered.ok && rendered.code === 'build-failed', kustomization)
    }
  },
)

test('invalid paths are not written', async () => {
  await withTool('echo "a: 1"', async (path) => {
    for (const odd of ['../evil', '/etc/evil', 'a/../../evil', '', 'a\0b', `${'x'.repeat(300)}/a`]) {
      const rendered = await render({ [odd]: 'x' }, '', { path })
      assert.ok(!rendered.ok && rendered.code === 'build-failed', odd)
    }
    const both = await render({ a: 'x', 'a/b': 'y' }, '', { path })
    assert.equal(both.ok, false)
    assert.equal((await render({}, '../..', { path })).ok, false)
    assert.deepEqual(leftovers(), [])
  })
})

test('a machine without kustomize says so, and finds one that is installed later', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'perch-tool-'))
  const renderer = openRenderer({ log: QUIET, path: bin })
  assert.equal(await renderer.tool(), undefined)
  assert.deepEqual(await renderer.render(new Map(), { kind: 'kustomize', root: '' }), {
    ok: false,
    code: 'tool-missing',
    detail: '',
  })
  writeFileSync(join(bin, 'kustomize'), '#!/bin/sh\necho v5.6.0\n', { mode: 0o755 })
  assert.equal(await renderer.tool(), 'kustomize v5.6.0')
  rmSync(bin, { recursive: true })
})

test('a kustomize that does not answer in time is not missing, and is asked again', async () => {
  const bin = mkdtempSync(join(tmpdir(), 'perch-tool-'))
  const renderer = openRenderer({ log: QUIET, path: bin, probeMs: 300 })
  writeFileSync(join(bin, 'kustomize'), '#!/bin/sh\n/bin/sleep 30\n', { mode: 0o755 })
  assert.deepEqual(await renderer.render(new Map(), { kind: 'kustomize', root: '' }), {
    ok: false,
    code: 'tool-busy',
    detail: '',
  })
  writeFileSync(join(bin, 'kustomize'), '#!/bin/sh\necho v5.6.0\n', { mode: 0o755 })
  assert.equal(await renderer.tool(), 'kustomize v5.6.0')
  rmSync(bin, { recursive: true })
})

test('the build sees no environment and a folder of its own', async () => {
  process.env['PERCH_TEST_SECRET'] = 'do-not-tell'
  await withTool('/usr/bin/env; /bin/ls -ld "$2/.."; /bin/cat "$2/f"', async (path) => {
    const rendered = await render({ 'k/f': 'content' }, 'k', { path: `${path}:${PATH}` })
    assert.ok(rendered.ok)
    assert.doesNotMatch(rendered.yaml, /do-not-tell/)
    assert.match(rendered.yaml, /content$/)
    const names = rendered.yaml.split('\n').flatMap((line) => /^([A-Z_]+)=/.exec(line)?.[1] ?? [])
    assert.deepEqual(names.filter((variable) => !['PWD', '_', 'SHLVL', 'OLDPWD'].includes(variable)).sort(), [
      'GOGC',
      'GOMEMLIMIT',
      'HOME',
      'LC_ALL',
      'PATH',
    ])
  })
  delete process.env['PERCH_TEST_SECRET']
})

test('a build that hangs is killed with all that it started', async () => {
  await withTool('/bin/sleep 4712 & /bin/sleep 4712', async (path) => {
    const start = performance.now()
    const rendered = await render({ a: '' }, '', { path: `${path}:${PATH}`, timeoutMs: 500 })
    assert.deepEqual(rendered, { ok: false, code: 'timed-out', detail: '' })
    assert.ok(performance.now() - start < 5000)
    const running = readdirSync('/proc').filter(
      (pid) => /^\d+$/.test(pid) && commandOf(pid).includes('sleep\u00004712'),
    )
    assert.deepEqual(running, [])
    assert.deepEqual(leftovers(), [])
  })
})

test('endless output is cut off', async () => {
  await withTool(
    'while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done',
    async (path) => {
      const rendered = await render({ a: '' }, '', { path, maxBytes: 100_000 })
      assert.deepEqual(rendered, { ok: false, code: 'too-large', detail: '' })
    },
  )
  await withTool('while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa >&2; done', async (path) => {
    const rendered = await render({ a: '' }, '', { path, timeoutMs: 500 })
    assert.deepEqual(rendered, { ok: false, code: 'timed-out', detail: '' })
  })
})

test('a build without enough memory says just that', async () => {
  await withTool('echo "fatal error: out of memory" >&2; echo "goroutine 1 [running]:" >&2; exit 2', async (path) => {
    assert.deepEqual(await render({}, '', { path }), { ok: false, code: 'out-of-memory', detail: '' })
  })
})

test('no more builds run at once than allowed', async () => {
  await withTool(
    '/bin/mkdir "$(/usr/bin/dirname "$0")/run.$$"; /bin/sleep 0.2; /bin/ls "$(/usr/bin/dirname "$0")" | /bin/grep -c run; /bin/rmdir "$(/usr/bin/dirname "$0")/run.$$"',
    async (path) => {
      const renderer = openRenderer({ log: QUIET, path, concurrency: 2 })
      const all = await Promise.all(
        Array.from({ length: 6 }, () => renderer.render(new Map([['a', '']]), { kind: 'kustomize', root: '' })),
      )
      for (const rendered of all) assert.ok(rendered.ok && Number(rendered.yaml) <= 2, JSON.stringify(rendered))
    },
  )
})

test('folders of builds that were killed are removed after a while', async () => {
  const old = join(tmpdir(), 'perch-render-abandoned')
  mkdirSync(old, { recursive: true })
  utimesSync(old, 1, 1)
  await withTool('echo', async (path) => {
    assert.equal((await render({}, '', { path })).ok, true)
    assert.deepEqual(leftovers(), [])
  })
})

test('memory is bounded and the network away, where the machine allows it', async () => {
  await withTool('ulimit -v; if [ -r /proc/net/dev ]; then /bin/cat /proc/net/dev; fi', async (path) => {
    const facts: object[] = []
    const log = { ...QUIET, info: (found: object) => void facts.push(found) }
    const rendered = await render({}, '', { path: `${path}:${PATH}`, log })
    assert.ok(rendered.ok)
    const isOffline = facts.some((found) => 'isOffline' in found && found.isOffline === true)
    const networks = [...rendered.yaml.matchAll(/^ *(\w+):/gm)].map(([, network]) => network)
    // If it sees no other files, it does not see /proc either.
    const isConfined = facts.some((found) => 'isConfined' in found && found.isConfined === true)
    if (isOffline) assert.deepEqual(networks, isConfined ? [] : ['lo'])
    if (existsSync('/usr/bin/prlimit')) assert.match(rendered.yaml, /^4194304\n/)
    // It works without the programs that isolate it, too.
    assert.equal((await render({}, '', { path })).ok, true)
  })
})

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}
