/**
 * What docs/deploy asks people to apply can be rendered, is valid for Kubernetes, is consistent, and matches the code and the
 * image.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { parse, parseAllDocuments, stringify } from 'yaml'
import * as z from 'zod'
import { readEnvironment } from '../../../src/entry/env.ts'
import { promtool, withoutPromtool } from '../../promtool.ts'
import { assertFits, KubernetesObject } from './kubernetes.ts'
import { variables } from '../variables.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const DEPLOY = join(root, 'docs/deploy')
const CHART = join(DEPLOY, 'helm/perch')
const read = (file: string): string => readFileSync(join(root, file), 'utf8')

const isThere = (program: string, ...args: string[]): boolean => spawnSync(program, args).error === undefined
const kustomizer = isThere('kustomize', 'version') ? ['kustomize', 'build'] : ['kubectl', 'kustomize']
const canRender = isThere(kustomizer[0] ?? '', 'version') && isThere('helm', 'version')
const needsBoth = canRender ? {} : { skip: 'kustomize or helm is not installed' }

interface Rendering {
  readonly ok: boolean
  readonly words: string
  /** Objects by kind. There is one of each. */
  readonly objects: ReadonlyMap<string, KubernetesObject>
}

function render(command: readonly string[]): Rendering {
  const [program = '', ...args] = command
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' })
  const documents = parseAllDocuments(stdout).map((document) => KubernetesObject.parse(document.toJS()))
  return { ok: status === 0, words: stderr, objects: new Map(documents.map((object) => [object.kind, object])) }
}

function chart(t: TestContext, values: object = {}): Rendering {
  const file = join(folder(t), 'values.yaml')
  writeFileSync(file, stringify(values))
  return render(['helm', 'template', 'perch', CHART, '--values', file])
}

/** The base with additional fields for its kustomization, like a user's own. */
function base(t: TestContext, more: object = {}, components: readonly string[] = []): Rendering {
  const own = folder(t)
  const to = (path: string): string => relative(own, join(DEPLOY, 'kustomize', path))
  const kustomization = {
    resources: [to('base')],
    components: components.map((name) => to(`components/${name}`)),
    ...more,
  }
  writeFileSync(join(own, 'kustomization.yaml'), stringify(kustomization))
  return render([...kustomizer, own])
}

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'perch-deploy-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const KINDS = ['Deployment', 'NetworkPolicy', 'PodDisruptionBudget', 'Service', 'ServiceAccount']

function assertGood({ ok, words, objects }: Rendering): void {
  assert.ok(ok, words)
  assert.deepEqual([...objects.keys()].sort(), KINDS)
  for (const object of objects.values()) assertFits(object)
}

const patch = (kind: string, operations: readonly object[]): object => ({
  target: { kind, name: 'perch' },
  patch: stringify(operations),
})

const PROMETHEUS = { to: [{ namespaceSelector: {} }], ports: [{ port: 9090, protocol: 'TCP' }] }

test('the chart and the kustomize base are equal for equal settings', needsBoth, (t) => {
  const pairs: readonly (readonly [Rendering, Rendering])[] = [
    [base(t), chart(t)],
    [base(t, {}, ['dry-run']), chart(t, { dryRunSecret: 'perch-dry-run' })],
    [base(t, {}, ['replicas']), chart(t, { replicas: 2, postgresql: { enabled: true } })],
    [
      base(t, {
        images: [{ name: 'perch', newName: 'registry.example.com/perch', digest: `sha256:${'a'.repeat(64)}` }],
        patches: [
          patch('Deployment', [
            { op: 'add', path: '/spec/template/spec/containers/0/env', value: [{ name: 'LOG_LEVEL', value: 'debug' }] },
            {
              op: 'replace',
              path: '/spec/template/spec/volumes/0',
              value: { name: 'data', persistentVolumeClaim: { claimName: 'perch-data' } },
            },
            { op: 'replace', path: '/spec/template/spec/containers/0/resources/limits/memory', value: '2Gi' },
          ]),
          patch('NetworkPolicy', [{ op: 'add', path: '/spec/egress/-', value: PROMETHEUS }]),
        ],
      }),
      chart(t, {
        image: { repository: 'registry.example.com/perch', digest: `sha256:${'a'.repeat(64)}` },
        settings: { LOG_LEVEL: 'debug' },
        data: { claim: 'perch-data' },
        resources: { limits: { memory: '2Gi' } },
        networkPolicy: { egress: [PROMETHEUS] },
      }),
    ],
  ]
  for (const [kustomized, charted] of pairs) {
    assertGood(kustomized)
    assertGood(charted)
    for (const kind of KINDS) assert.deepEqual(charted.objects.get(kind), kustomized.objects.get(kind), kind)
  }
})

test('a field that Kubernetes does not have, and a value that it refuses, would be found', needsBoth, (t) => {
  const service = base(t).objects.get('Service')
  assert.ok(service !== undefined)
  assert.throws(() => assertFits({ ...service, spec: { ports: [{ port: 80, targetport: 'http' }] } }), /targetport/)
  assert.throws(() => assertFits({ ...service, spec: { ports: [{ port: 'eighty' }] } }))
})

test('the chart refuses settings that would not work', needsBoth, (t) => {
  const lint = spawnSync('helm', ['lint', '--strict', CHART], { encoding: 'utf8' })
  assert.equal(lint.status, 0, lint.stdout)
  const refused: readonly (readonly [object, RegExp])[] = [
    [{ settings: { LOGLEVEL: 'debug' } }, /LOGLEVEL|propertyNames|settings/],
    [{ settings: { WEBHOOK_SECRET: 'plain' } }, /WEBHOOK_SECRET|propertyNames|settings/],
    [{ replica: 2 }, /replica/],
    // Each replica would have its own queue.
    [{ replicas: 2 }, /postgresql/],
    [{ replicas: 2, postgresql: { enabled: true }, data: { claim: 'one-for-both' } }, /claim/],
    [{ image: { digest: 'latest' } }, /digest/],
  ]
  for (const [values, words] of refused) {
    const rendering = chart(t, values)
    assert.equal(rendering.ok, false, JSON.stringify(values))
    assert.match(rendering.words, words)
  }
  assert.ok(
    chart(t, {
      podAnnotations: { a: 'b' },
      podLabels: { c: 'd' },
      nodeSelector: { e: 'f' },
      tolerations: [{ operator: 'Exists' }],
    }).ok,
  )
})

test('no replica starts without the shared database', needsBoth, (t) => {
  const deployment = base(t, {}, ['replicas']).objects.get('Deployment')
  assert.deepEqual(Pod.parse(deployment).spec.template.spec.containers[0]?.env, [
    { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'perch', key: 'DATABASE_URL' } } },
  ])
})

const Pod = z.object({
  spec: z.object({
    template: z.object({
      spec: z.looseObject({
        automountServiceAccountToken: z.boolean(),
        terminationGracePeriodSeconds: z.number(),
        securityContext: z.unknown(),
        containers: z.array(
          z.looseObject({
            image: z.string(),
            env: z.array(z.looseObject({ name: z.string() })).default([]),
            securityContext: z.unknown(),
            ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
            livenessProbe: z.object({ httpGet: z.object({ path: z.string() }) }),
            readinessProbe: z.object({ httpGet: z.object({ path: z.string() }) }),
            volumeMounts: z.array(z.object({ name: z.string(), mountPath: z.string() })),
          }),
        ),
      }),
    }),
  }),
})

test("the pod meets Kubernetes' restricted profile, and runs as the image's own user", needsBoth, (t) => {
  const { spec } = Pod.parse(base(t).objects.get('Deployment')).spec.template
  const [container] = spec.containers
  assert.ok(container !== undefined)
  const dockerfile = read('Dockerfile')
  const [, user = '', group = ''] = /^USER (\d+):(\d+)$/m.exec(dockerfile) ?? []
  assert.match(dockerfile, new RegExp(`groupadd .*--gid ${group} perch`))
  assert.match(dockerfile, new RegExp(`useradd .*--uid ${user} --gid ${group} `))
  assert.deepEqual(spec.securityContext, {
    runAsNonRoot: true,
    runAsUser: Number(user),
    runAsGroup: Number(group),
    fsGroup: Number(group),
    fsGroupChangePolicy: 'OnRootMismatch',
    seccompProfile: { type: 'RuntimeDefault' },
  })
  assert.deepEqual(container.securityContext, {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  })
  assert.equal(spec.automountServiceAccountToken, false)
  assert.match(dockerfile, new RegExp(`^EXPOSE ${container.ports[0]?.containerPort}$`, 'm'))
  assert.deepEqual(
    [container.livenessProbe.httpGet.path, container.readinessProbe.httpGet.path],
    ['/healthz', '/readyz'],
  )
  // The folders to which the image writes: its data with the compiled modules, and temporary files.
  assert.deepEqual(
    container.volumeMounts.map(({ mountPath }) => mountPath),
    ['/data', '/tmp'],
  )
  assert.match(dockerfile, /DATA_DIR=\/data NODE_COMPILE_CACHE=\/data\/compiled/)
})

test('all files have one version', needsBoth, (t) => {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')))
  const Chart = z.object({ version: z.string(), appVersion: z.string() })
  const { version: own, appVersion } = Chart.parse(parse(read('docs/deploy/helm/perch/Chart.yaml')))
  assert.deepEqual([own, appVersion], [version, version])
  const deployment = base(t).objects.get('Deployment')
  assert.equal(Pod.parse(deployment).spec.template.spec.containers[0]?.image, `perch:${version}`)
  assert.equal(
    z.record(z.string(), z.string()).parse(deployment?.metadata['labels'])['app.kubernetes.io/version'],
    version,
  )
  assert.equal(compose().services['perch']?.image, `perch:${version}`)
  assert.match(read('CHANGELOG.md'), new RegExp(`^## \\[${RegExp.escape(version)}\\]|^## \\[Unreleased\\]`, 'm'))
})

/** Variables that are secrets, or that contain a password in an address. */
const SECRETS = [
  'APP_ID',
  'PRIVATE_KEY',
  'PRIVATE_KEY_PATH',
  'WEBHOOK_SECRET',
  'WEBHOOK_SECRET_PREVIOUS',
  'REPORT_SECRET',
  'DATABASE_URL',
  'PROMETHEUS_TOKEN',
  'NOTIFY_URLS',
  'NOTIFY_SECRET',
]
/** What the image sets, and the manifests rely on. */
const OF_THE_IMAGE = ['HOST', 'PORT', 'DATA_DIR']
const OF_COMPOSE = ['POSTGRES_PASSWORD']

test('the settings of the chart are all variables that are no secrets and not the image’s', () => {
  const Schema = z.object({
    properties: z.object({ settings: z.object({ propertyNames: z.object({ enum: z.array(z.string()) }) }) }),
  })
  const { properties } = Schema.parse(JSON.parse(readFileSync(join(CHART, 'values.schema.json'), 'utf8')))
  const wanted = variables().filter((name) => ![...SECRETS, ...OF_THE_IMAGE].includes(name))
  assert.deepEqual(properties.settings.propertyNames.enum.toSorted(), wanted.toSorted())
})

test('the example of an .env names every variable, and its defaults are the real ones', () => {
  const text = read('docs/deploy/.env.example')
  const all = parseEnv(text.replaceAll(/^#(?=[A-Z])/gm, ''))
  assert.deepEqual(Object.keys(all).toSorted(), [...variables(), ...OF_COMPOSE].toSorted())
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs1', format: 'pem' })
    .toString()
  const filled = {
    PRIVATE_KEY: Buffer.from(key).toString('base64'),
    WEBHOOK_SECRET: 'a-long-random-one',
    PROMETHEUS_TOKEN: 'token',
    REPORT_SECRET: 'r'.repeat(32),
    NOTIFY_SECRET: 'n'.repeat(32),
    WEBHOOK_SECRET_PREVIOUS: 'before',
  }
  const given = readEnvironment({ ...all, GHE_HOST: '', ...filled })
  assert.ok(given.ok, JSON.stringify(given))
  const plain = readEnvironment({ APP_ID: '1', ...filled })
  assert.ok(plain.ok)
  for (const name of ['host', 'port', 'logLevel', 'dataDir', 'reconcileSeconds', 'apiUrl'] as const)
    assert.equal(given.value[name], plain.value[name], name)
})

const Compose = z.object({
  services: z.record(
    z.string(),
    z.looseObject({
      image: z.string(),
      environment: z.record(z.string(), z.string()).default({}),
      volumes: z.array(z.string()).default([]),
    }),
  ),
  volumes: z.record(z.string(), z.unknown()),
})

function compose(): z.infer<typeof Compose> {
  return Compose.parse(parse(read('docs/deploy/compose.yaml')))
}

test('the compose file sets variables that are read, mounts what is there, and is as strict as the pod', () => {
  const { services, volumes } = compose()
  const perch = services['perch']
  assert.ok(perch !== undefined)
  assert.deepEqual(
    Object.keys(perch.environment).filter((name) => !variables().includes(name)),
    [],
  )
  assert.deepEqual([perch['read_only'], perch['cap_drop'], perch['init']], [true, ['ALL'], true])
  for (const { volumes: mounts } of Object.values(services))
    for (const mount of mounts) {
      const [from = ''] = mount.split(':')
      if (from.startsWith('.')) assert.ok(readFileSync(join(DEPLOY, from)).length > 0)
      else assert.ok(from in volumes, from)
    }
  const database = perch.environment['DATABASE_URL']?.replace(/\$\{\w+:[^}]*\}/, 'password')
  assert.equal(database, 'postgres://perch:password@postgres:5432/perch')
})

const page = read('docs/deploy/README.md')

test('the commands on the page name existing files, and its kustomization builds', needsBoth, (t) => {
  const commands = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, body = '']) => body).join('')
  const files = commands.match(/docs\/deploy\/[\w/.-]+/g) ?? []
  assert.ok(files.length > 3)
  for (const file of files.filter((name) => !name.endsWith('/.env'))) assert.ok(existsSync(join(root, file)), file)
  const [, text = ''] = /^```yml\n([\s\S]*?)^```$/m.exec(page) ?? []
  const own = folder(t)
  writeFileSync(join(own, 'kustomization.yaml'), text.replaceAll('docs/deploy', relative(own, DEPLOY)))
  const rendering = render([...kustomizer, own])
  assertGood(rendering)
  const [container] = Pod.parse(rendering.objects.get('Deployment')).spec.template.spec.containers
  assert.equal(container?.image, 'registry.example.com/perch:VERSION')
})

test('the build uses its base images as on the page', () => {
  const dockerfile = read('Dockerfile')
  for (const [, name = '', image = ''] of page.matchAll(/--build-arg (\w+)=([\w:.-]+)@sha256/g))
    assert.match(dockerfile, new RegExp(`^ARG ${name}=${image}$`, 'm'))
  assert.doesNotMatch(dockerfile, /^FROM (?!.*\$\{(?:DEBIAN|GO)\})/m)
})

test('Prometheus takes its settings, with the alert rules of docs/watching', { skip: withoutPromtool }, (t) => {
  const own = folder(t)
  writeFileSync(join(own, 'alerts.yaml'), read('docs/watching/alerts.yaml'))
  const settings = read('docs/deploy/prometheus.yml').replace('/etc/prometheus/alerts.yaml', join(own, 'alerts.yaml'))
  writeFileSync(join(own, 'prometheus.yml'), settings)
  const { ok, words } = promtool(['check', 'config', join(own, 'prometheus.yml')])
  assert.ok(ok, words)
  assert.match(words, /rules found/)
})

/** With the restrictions of the pod: its user, no capabilities, and only two writable folders. */
function inPod(data: string): readonly string[] {
  const user = ['--unshare-user', '--uid', '10001', '--gid', '10001', '--cap-drop', 'ALL', '--die-with-parent']
  // The checkout may be below /tmp.
  const folders = ['--tmpfs', '/tmp', '--ro-bind', root, root, '--bind', data, data]
  return ['bwrap', ...user, '--ro-bind', '/', '/', '--dev', '/dev', ...folders, '--']
}

const canWall = spawnSync('bwrap', [...inPod(root).slice(1), 'true']).status === 0

test(
  'Perch is ready if it can write only its data and temporary files',
  { skip: canWall ? false : 'optional: bwrap is not installed or may not be used' },
  async (t) => {
    const data = folder(t)
    const key = generateKeyPairSync('rsa', { modulusLength: 2048 })
      .privateKey.export({ type: 'pkcs1', format: 'pem' })
      .toString()
    const env = {
      PATH: process.env['PATH'] ?? '',
      APP_ID: '1',
      PRIVATE_KEY: Buffer.from(key).toString('base64'),
      WEBHOOK_SECRET: 'a-long-random-one',
      GHE_HOST: '127.0.0.1:9',
      GHE_PROTOCOL: 'http',
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: data,
      NODE_COMPILE_CACHE: join(data, 'compiled'),
    }
    const [program = '', ...walls] = inPod(data)
    const child = spawn(program, [...walls, process.execPath, 'src/entry/cli.ts', 'serve'], { cwd: root, env })
    t.after(() => child.kill('SIGKILL'))
    const lines: string[] = []
    child.stderr.on('data', (chunk: Buffer) => void lines.push(chunk.toString()))
    const port = await new Promise<number>((resolve, reject) => {
      child.once('exit', () => reject(new Error(lines.join('\n'))))
      createInterface(child.stdout).on('line', (line) => {
        lines.push(line)
        const said = z.object({ msg: z.string(), port: z.number() }).safeParse(JSON.parse(line))
        if (said.data?.msg === 'Perch is listening') resolve(said.data.port)
      })
    })
    const answer = await fetch(`http://127.0.0.1:${port}/readyz`)
    const body = await answer.text()
    assert.equal(answer.status, 200, `${body}\n${lines.join('\n')}`)
    assert.match(body, /"queue":"ok"/)
    assert.doesNotMatch(lines.join('\n'), /EROFS|EACCES|read-only/i)
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    await ended
  },
)
