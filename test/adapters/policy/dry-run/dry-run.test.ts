/** Dry runs on a real API server, with the role and the policy in docs/deploy/dry-run.yaml. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { stringify } from 'yaml'
import { openDryRuns } from '../../../../src/adapters/policy/dry-run/dry-run.ts'
import { openValidators } from '../../../../src/adapters/policy/validators.ts'
import type { DryRunResult } from '../../../../src/core/policy/dry-run.ts'
import { rendering } from '../../../contracts/validators.ts'
import { checkout, perch } from '../../../entry/perch.ts'
import { type ApiServerProcess, eventually, needsApiServer } from './api-server.ts'
import { CONFIG_MAPS, dryRunServer, type DryRunServer } from './dry-run-server.ts'
import { QUIET } from '../../../quiet-log.ts'

/** A certificate whose key was never kept. */
const OTHER_CA = `-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgIUYfL3XmfDCAiQWE6XktGYWQ1MPvMwCgYIKoZIzj0EAwIw
EDEOMAwGA1UEAwwFb3RoZXIwIBcNMjYxMTI4MDgxNTE0WhgPMjEyNjExMDQwODE1
MTRaMBAxDjAMBgNVBAMMBW90aGVyMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
7j9S5ukBCaixFjUsaDl1yWSapxz6UG1wJLB9FW98d1LiNMLDQYoaBzZR3O7rtH1n
ltPfk63VkesbHlxNGNGF5KNTMFEwHQYDVR0OBBYEFJlUKjxzrWmkoPq1sryTGMed
o0RJMB8GA1UdIwQYMBaAFJlUKjxzrWmkoPq1sryTGMedo0RJMA8GA1UdEwEB/wQF
MAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgSyDVvSJ3s+1vbLqjlxusYtere+9iHyyv
KsTxeOm8VWsCIQD2qs23PTSTCAhr/l1fOAkiOdcs8ahp6v89J0gdhaySDQ==
-----END CERTIFICATE-----
`

const QUESTION = { namespace: undefined, fieldManager: 'perch' }

function configMap(name: string, more = ''): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${more} }\ndata: { key: value }\n`
}

function virtualService(spec: string, more = ''): string {
  return `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web${more} }\nspec: ${spec}\n`
}

const ROUTE = 'route: [{ destination: { host: web } }]'

/** `error 0 spec.hosts: text`, or `no-kind 0: text` if there is no verdict. */
function said(result: DryRunResult): readonly string[] {
  assert.ok(result.ok, JSON.stringify(result))
  return [
    ...result.remarks.map(({ level, object, path, text }) => `${level} ${object} ${path.join('.')}: ${text}`),
    ...result.gaps.map(({ code, object, text }) => `${code} ${object}: ${text}`),
  ]
}

// Nobody counts a skipped suite, and its tests would print a line each.
if (needsApiServer.skip !== false) test('dry runs on a real API server', needsApiServer, () => undefined)

describe('dry runs on a real API server', needsApiServer, () => {
  const folder = mkdtempSync(join(tmpdir(), 'perch-dry-run-'))
  let shared: DryRunServer
  let server: ApiServerProcess
  let token = ''

  const apply = (yaml: string): Promise<void> => shared.apply(yaml)

  before(async () => {
    shared = await dryRunServer()
    ;({ server, token } = shared)
  })

  after(() => {
    rmSync(folder, { recursive: true, force: true })
  })

  let files = 0

  /** The path of a kubeconfig for the server. The given fields replace its own. */
  function kubeconfig(change: Parameters<DryRunServer['kubeconfig']>[0] = {}): string {
    const path = join(folder, `kubeconfig-${(files += 1)}`)
    writeFileSync(path, shared.kubeconfig(change))
    return path
  }

  function open(dryRunKubeconfig = kubeconfig()) {
    return openValidators({ log: QUIET, path: folder, dryRunKubeconfig })
  }

  const dryRun = (yaml: string, question = QUESTION) => open().dryRun(rendering(yaml).objects, question)

  test('a VirtualService that the API server accepts has no remarks, and is not written', async () => {
    const before = await server.keys('/registry/networking.istio.io/')
    const found = await dryRun(
      `${virtualService(`{ hosts: [web], http: [{ timeout: 1s, ${ROUTE} }] }`)}---\n${configMap('web')}`,
    )
    assert.deepEqual(said(found), [])
    assert.deepEqual(await server.keys('/registry/networking.istio.io/'), before)
    assert.deepEqual(
      (await server.keys('/registry/configmaps/default/')).filter((key) => key.endsWith('/web')),
      [],
    )
  })

  test('a VirtualService that breaks a rule of its CRD is refused, with the words of the API server', async () => {
    const found = await dryRun(virtualService(`{ hosts: [web], http: [{ timeout: 0s, ${ROUTE} }] }`))
    assert.deepEqual(said(found), [
      'error 0 spec.http.0.timeout: at spec.http[0].timeout: Invalid value: "string": must be a valid duration greater than 1ms',
    ])
  })

  test('an unknown field, and a value of another type, are refused at their place', async () => {
    const table: readonly (readonly [yaml: string, expected: string])[] = [
      [virtualService('{ hosts: [web], htpp: [] }'), 'error 0 spec.htpp: at spec.htpp: field not declared in schema'],
      [virtualService('{ hosts: web }'), 'error 0 spec.hosts: at spec.hosts: expected list, got &{web}'],
      [
        'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: eighty }] }\n',
        'error 0 spec.ports: at spec.ports[port="eighty",protocol="TCP"].port: expected numeric (int or float), got string',
      ],
      [
        'apiVersion: v1\nkind: Service\nmetadata: { name: web }\nspec: { ports: [{ port: 80000, targetPort: 80 }] }\n',
        'error 0 spec.ports.0.port: at spec.ports[0].port: Invalid value: 80000: must be between 1 and 65535, inclusive',
      ],
    ]
    for (const [yaml, expected] of table) assert.deepEqual(said(await dryRun(yaml)), [expected])
  })

  test('perch validate says what the API server refuses, on its line', async () => {
    const config = 'environments: { production: { path: apps } }\nvalidators: [dry-run]\n'
    const broken = virtualService(`\n  hosts: [web]\n  http:\n    - timeout: 0s\n      ${ROUTE}\n`)
    const fine = broken.replace('0s', '1s')
    process.env['DRY_RUN_KUBECONFIG'] = kubeconfig()
    try {
      const files = { '.github/canary.yml': config, 'apps/web.yaml': broken }
      const { out, code } = await perch('validate', '--dir', checkout(files))
      assert.equal(code, 1)
      assert.match(
        out,
        /^apps\/web\.yaml:7: dry-run The API server would refuse VirtualService web in production: at spec\.http\[0\]\.timeout: .*must be a valid duration greater than 1ms\./,
      )
      const mended = await perch('validate', '--dir', checkout({ ...files, 'apps/web.yaml': fine }))
      assert.equal(mended.code, 0, mended.out)
    } finally {
      delete process.env['DRY_RUN_KUBECONFIG']
    }
  })

  test('the user of the documented role may ask, and is denied whatever is not a dry run', async () => {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'mine' } }
    const patch = { token, type: 'application/apply-patch+yaml' }
    const named = `${CONFIG_MAPS}/mine?fieldManager=perch&force=true`
    const tries = [
      await server.ask('POST', CONFIG_MAPS, object, { token }),
      await server.ask('PATCH', named, object, patch),
    ]
    for (const { code, body } of tries) {
      assert.equal(code, 422)
      assert.match(body, /ValidatingAdmissionPolicy 'perch-dry-run'.*Perch may only ask for dry runs/)
    }
    // Existing objects cannot be changed either.
    await apply(configMap('theirs'))
    const change = { data: { key: 'changed' } }
    const changed = await server.ask('PATCH', `${CONFIG_MAPS}/theirs`, change, {
      token,
      type: 'application/merge-patch+json',
    })
    assert.equal(changed.code, 422)
    assert.equal((await server.ask('PATCH', `${named}&dryRun=All`, object, patch)).code, 201)
    for (const [method, path] of [
      ['GET', CONFIG_MAPS],
      ['DELETE', `${CONFIG_MAPS}/theirs`],
      ['GET', '/api/v1/namespaces/default/secrets'],
    ] as const)
      assert.equal((await server.ask(method, path, undefined, { token })).code, 403, `${method} ${path}`)
    assert.deepEqual(
      (await server.keys('/registry/configmaps/default/')).filter((key) => key.endsWith('/mine')),
      [],
    )
  })

  test('a kind, a namespace or a right that is not there gives no verdict', async () => {
    const secret = 'apiVersion: v1\nkind: Secret\nmetadata: { name: s }\n'
    const found = await dryRun(
      [
        'apiVersion: example.com/v1\nkind: Widget\nmetadata: { name: w }\n',
        'apiVersion: networking.istio.io/v1\nkind: Gateway\nmetadata: { name: w }\n',
        virtualService('{ hosts: [web] }', ', namespace: nowhere'),
        secret,
      ].join('---\n'),
    )
    assert.deepEqual(said(found), [
      'no-kind 0: ',
      'no-kind 1: ',
      'no-namespace 2: nowhere',
      'not-allowed 3: secrets "s" is forbidden: User "system:serviceaccount:perch-dry-run:perch" cannot patch resource "secrets" in API group "" in the namespace "default"',
    ])
  })

  test('an object without a namespace is asked about where its deployer or the kubeconfig says', async () => {
    const objects = rendering(configMap('web')).objects
    const elsewhere = open(kubeconfig({ namespace: 'kubeconfig-says' }))
    assert.deepEqual(said(await elsewhere.dryRun(objects, QUESTION)), ['no-namespace 0: kubeconfig-says'])
    const deployed = { ...QUESTION, namespace: 'deployer-says' }
    assert.deepEqual(said(await elsewhere.dryRun(objects, deployed)), ['no-namespace 0: deployer-says'])
    // A template that nothing has filled in.
    const template = { ...QUESTION, namespace: '{{ .name }}' }
    assert.deepEqual(said(await elsewhere.dryRun(objects, template)), ['no-namespace 0: {{ .name }}'])
  })

  test('an object with a name that the server generates is sent too', async () => {
    const job = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { generateName: web- }\n'
    assert.deepEqual(said(await dryRun(job)), [])
    assert.match(said(await dryRun(job.replace('web-', 'We_b-'))).join(), /^error 0 metadata\.generateName: /)
  })

  test('with the field manager of the deployer, a field that goes is gone in the dry run', async () => {
    const path = '/apis/networking.istio.io/v1/namespaces/default/virtualservices/live'
    const live = {
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'live', annotations: { 'example.com/odd': 'yes' } },
      spec: { hosts: ['live'] },
    }
    await apply(`apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: odd }
spec:
  matchConstraints: { resourceRules: [{ apiGroups: [networking.istio.io], apiVersions: ["*"], operations: [CREATE, UPDATE], resources: ["*"] }] }
  validations: [{ expression: "!has(object.metadata.annotations) || !('example.com/odd' in object.metadata.annotations)", message: odd is not allowed }]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: odd }
spec: { policyName: odd, validationActions: [Warn] }
`)
    const made = await server.ask('PATCH', `${path}?fieldManager=kustomize-controller`, live, {
      type: 'application/apply-patch+yaml',
    })
    assert.equal(made.code, 201, made.body)
    const objects = rendering(
      'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: live }\nspec: { hosts: [live] }\n',
    ).objects
    await eventually('the policy counts', async () => {
      const found = await open().dryRun(objects, QUESTION)
      return said(found).length > 0
    })
    assert.deepEqual(said(await open().dryRun(objects, QUESTION)), [
      "warning 0 : Validation failed for ValidatingAdmissionPolicy 'odd' with binding 'odd': odd is not allowed",
    ])
    assert.deepEqual(said(await open().dryRun(objects, { ...QUESTION, fieldManager: 'kustomize-controller' })), [])
  })

  test('admission webhooks deny in their words, and one that does not answer gives no verdict', async () => {
    const webhooks = await serve((body, response) => {
      // The other one never answers.
      if (!body.includes('"perch":"deny"')) return
      const { uid } = (JSON.parse(body) as { request: { uid: string } }).request
      const status = { message: 'the team <b>forgot</b> its label', code: 418 }
      const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }
      response.end(JSON.stringify({ ...review, response: { uid, allowed: false, status } }))
    })
    try {
      const caBundle = Buffer.from(server.certificate).toString('base64')
      const hook = (name: string): string => `
  - name: ${name}.example.com
    clientConfig: { url: "${webhooks.url}/", caBundle: ${caBundle} }
    rules: [{ apiGroups: [""], apiVersions: [v1], operations: ["*"], resources: [configmaps] }]
    objectSelector: { matchLabels: { perch: ${name} } }
    failurePolicy: Fail
    timeoutSeconds: 1
    sideEffects: None
    admissionReviewVersions: [v1]`
      await apply(
        `apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: { name: perch }\nwebhooks:${hook('deny')}${hook('silent')}\n`,
      )
      await eventually(
        'the webhooks count',
        async () => said(await dryRun(configMap('a', ', labels: { perch: deny }'))).length > 0,
      )
      assert.deepEqual(said(await dryRun(configMap('a', ', labels: { perch: deny }'))), [
        'error 0 : admission webhook "deny.example.com" denied the request: the team <b>forgot</b> its label',
      ])
      const silent = said(await dryRun(configMap('a', ', labels: { perch: silent }')))
      assert.match(silent.join(), /^not-answered 0: .*failed calling webhook "silent\.example\.com"/)
      // The other objects are still asked about.
      assert.deepEqual(said(await dryRun(configMap('b'))), [])
    } finally {
      await webhooks.stop()
    }
  })

  test('names that would lead to another address are refused before anything is sent', async () => {
    const odd = ['..', '.', 'a/b', 'a%2fb', 'a?dryRun=', 'a#b', 'ä', ' ', 'a\nb']
    for (const name of odd) {
      const yaml = stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } })
      assert.deepEqual(said(await dryRun(yaml)), ['error 0 : no object can have this name or namespace'], name)
    }
    for (const namespace of ['..', 'a/b', 'A', '-', 'a?b']) {
      const yaml = stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace } })
      assert.deepEqual(said(await dryRun(yaml)), ['error 0 : no object can have this name or namespace'], namespace)
    }
    for (const apiVersion of ['../v1', 'v1/..', 'a/b/v1', 'v1?x', 'a/..', '', 'v1#']) {
      const yaml = stringify({ apiVersion, kind: 'ConfigMap', metadata: { name: 'a' } })
      assert.deepEqual(said(await dryRun(yaml)), ['error 0 : no API can have this version'], apiVersion)
    }
  })

  test('a token that the server does not know, and a server that is not there, give no verdict', async () => {
    const objects = rendering(configMap('web')).objects
    const unknown = await open(kubeconfig({ user: { token: 'nobody' } })).dryRun(objects, QUESTION)
    assert.deepEqual(unknown, { ok: false, failure: { code: 'unauthorized', detail: '' } })
    const nowhere = await open(kubeconfig({ cluster: { server: 'https://127.0.0.1:1' } })).dryRun(objects, QUESTION)
    assert.deepEqual(nowhere, { ok: false, failure: { code: 'unreachable', detail: 'ECONNREFUSED' } })
  })

  test("a server with another certificate than the kubeconfig's is told nothing", async () => {
    const heard: string[] = []
    const other = await serve((body, response, request) => {
      heard.push(`${request.headers.authorization} ${body}`)
      response.end('{}')
    })
    try {
      const objects = rendering(configMap('web')).objects
      const cluster = { server: other.url, 'certificate-authority-data': Buffer.from(OTHER_CA).toString('base64') }
      const found = await open(kubeconfig({ cluster })).dryRun(objects, QUESTION)
      assert.ok(!found.ok && found.failure.code === 'unreachable', JSON.stringify(found))
      assert.deepEqual(heard, [])
    } finally {
      await other.stop()
    }
  })

  test('a server that is not an API server gives no verdict, and the token follows no redirect', async () => {
    const list = JSON.stringify({ resources: [{ name: 'configmaps', kind: 'ConfigMap', namespaced: true }] })
    const long = 'x'.repeat(3 * 1024 * 1024)
    const table: readonly (readonly [code: number, body: string, expected: string])[] = [
      [302, '', 'not-answered 0: HTTP 302'],
      [400, '<html>no</html>', 'not-answered 0: HTTP 400'],
      [422, '{"kind":"Widget","message":"no"}', 'not-answered 0: HTTP 422'],
      [403, long, 'not-answered 0: HTTP 403'],
      [500, JSON.stringify({ kind: 'Status', message: 'out of luck' }), 'not-answered 0: out of luck'],
      [429, JSON.stringify({ kind: 'Status', message: 'later' }), 'not-answered 0: later'],
      [409, JSON.stringify({ kind: 'Status', message: 'modified' }), 'not-answered 0: modified'],
      [204, '', 'not-answered 0: HTTP 204'],
      // For example a page to sign in.
      [200, '<html>welcome</html>', 'not-answered 0: HTTP 200'],
      [201, '{"kind":"Status","status":"Success"}', 'not-answered 0: HTTP 201'],
    ]
    for (const [code, body, expected] of table) {
      const paths: string[] = []
      const odd = await serve((_, response, request) => {
        paths.push(`${request.method} ${request.url}`)
        if (request.method === 'GET') return response.end(list)
        response.writeHead(code, { location: '/elsewhere' })
        return response.end(body)
      })
      try {
        const found = await open(kubeconfig({ cluster: { server: `${odd.url}/prefix/` } })).dryRun(
          rendering(configMap('web')).objects,
          QUESTION,
        )
        assert.deepEqual(said(found), [expected])
        assert.deepEqual(paths, [
          'GET /prefix/api/v1',
          'PATCH /prefix/api/v1/namespaces/default/configmaps/web?dryRun=All&fieldManager=perch&fieldValidation=Strict&timeout=10s&force=true',
        ])
      } finally {
        await odd.stop()
      }
    }
  })

  test('four hundred objects are sent, and not one more', async () => {
    const many = (count: number) =>
      rendering(Array.from({ length: count }, (_, index) => configMap(`web-${index}`)).join('---\n')).objects
    const patient = openDryRuns({ kubeconfig: kubeconfig(), log: QUIET, timeoutMs: 120_000 })
    assert.deepEqual(said(await patient.dryRun(many(400), QUESTION)), [])
    const failure = { code: 'too-many', detail: '401' } as const
    assert.deepEqual(await patient.dryRun(many(401), QUESTION), { ok: false, failure })
  })

  test('a server that never answers is given up', async () => {
    const silent = await serve(() => undefined)
    try {
      const path = kubeconfig({ cluster: { server: silent.url } })
      const found = await openDryRuns({ kubeconfig: path, log: QUIET, timeoutMs: 300 }).dryRun(
        rendering(configMap('web')).objects,
        QUESTION,
      )
      assert.ok(!found.ok && found.failure.code === 'timed-out', JSON.stringify(found))
    } finally {
      await silent.stop()
    }
  })

  test('only a kubeconfig that proves the server and starts no program can be used', async () => {
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: '/bin/sh', args: ['-c', 'touch /tmp/x'] }
    const table: readonly (readonly [string, expected: string])[] = [
      [join(folder, 'none'), 'no-kubeconfig'],
      [kubeconfig({ user: { exec } }), 'runs-program'],
      [kubeconfig({ user: { 'auth-provider': { name: 'gcp' } } }), 'runs-program'],
      [kubeconfig({ cluster: { 'insecure-skip-tls-verify': true } }), 'not-verified'],
      [kubeconfig({ cluster: { server: 'http://127.0.0.1:1' } }), 'not-verified'],
      [kubeconfig({ cluster: { server: 'nonsense' } }), 'not-a-kubeconfig'],
      [kubeconfig({ cluster: { 'proxy-url': 'http://127.0.0.1:1' } }), 'not-supported'],
      [kubeconfig({ user: { as: 'admin' } }), 'not-supported'],
      [kubeconfig({ user: { username: 'a', password: 'b' } }), 'not-supported'],
      [kubeconfig({ user: { tokenFile: 'none' } }), 'no-kubeconfig'],
      [kubeconfig({ cluster: { 'certificate-authority-data': 'bm90aGluZw==' } }), 'no-kubeconfig'],
      [written('no-context', 'clusters: []\nusers: []\ncontexts: []\ncurrent-context: x\n'), 'not-a-kubeconfig'],
      [written('broken', 'clusters: [\n'), 'not-a-kubeconfig'],
    ]
    for (const [path, expected] of table) {
      const validators = open(path)
      assert.equal((await validators.tools()).has('dry-run'), false, expected)
      const failure = await validators.absence('dry-run')
      assert.equal(failure.code === 'not-valid' ? failure.faults[0]?.code : failure.code, expected)
      const asked = await validators.dryRun(rendering(configMap('web')).objects, QUESTION)
      assert.ok(!asked.ok && asked.failure.code === 'failed')
    }
    assert.equal((await open().tools()).get('dry-run'), 'dry-run')
    const fromFile = kubeconfig({ user: { token: '', tokenFile: written('token', `${token}\n`) } })
    assert.deepEqual(said(await open(fromFile).dryRun(rendering(configMap('web')).objects, QUESTION)), [])
  })

  function written(name: string, text: string): string {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  interface Served {
    readonly url: string
    stop(): Promise<void>
  }

  /** Another server with the same certificate. */
  async function serve(
    answer: (body: string, response: ServerResponse, request: IncomingMessage) => unknown,
  ): Promise<Served> {
    const other: Server = createServer({ cert: server.certificate, key: server.key }, (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => {
        body += chunk.toString()
      })
      request.on('end', () => void answer(body, response, request))
    })
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', resolve)
    })
    const address = other.address()
    return {
      url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
      stop: () =>
        new Promise((resolve) => {
          other.close(() => resolve())
          other.closeAllConnections()
        }),
    }
  }
})
