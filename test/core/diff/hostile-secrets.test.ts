import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { stringify } from 'yaml'
import { diffRendered, type View, WHOLE } from '../../../src/core/diff/changes.ts'
import { parseRendered, type RenderedObject } from '../../../src/core/diff/objects.ts'
import { hideValues } from '../../../src/core/diff/hide-values.ts'
import { redact } from '../../../src/core/diff/redact.ts'

/** Ways in which the value of a Secret could appear in a diff. It must not, and every change must still be visible. */

const OLD = 'hunter22-old'
const NEW = 'hunter22-new'

function objects(data: readonly object[]): readonly RenderedObject[] {
  const parsed = parseRendered(data.map((one) => stringify(one)).join('---\n'))
  assert.ok(parsed.ok, JSON.stringify(parsed))
  return parsed.objects
}

function shown(before: readonly object[], after: readonly object[], view: View = WHOLE): string {
  const { changes } = diffRendered(objects(before), objects(after), view)
  return changes.flatMap(({ title, hunks }) => [title, ...hunks.flatMap(({ lines }) => lines)]).join('\n')
}

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const json = (value: unknown): string => JSON.stringify(value)
const object = (kind: string, rest: object, apiVersion = 'v1'): object => ({
  apiVersion,
  kind,
  metadata: { name: 'x' },
  ...rest,
})
const secret = (value: string, rest: object = {}): object =>
  object('Secret', { stringData: { password: value }, ...rest })
const annotated = (kind: string, annotations: object): object => ({
  ...object(kind, {}),
  metadata: { name: 'x', annotations },
})

const TABLE: Readonly<Record<string, (value: string) => readonly object[]>> = {
  'in data': (value) => [object('Secret', { data: { a: base64(value) } })],
  'in data as text': (value) => [object('Secret', { data: value })],
  'in data as a list': (value) => [object('Secret', { data: [value] })],
  'in stringData': (value) => [secret(value)],
  'in a field of no Secret': (value) => [object('Secret', { StringData: { a: { b: value } } })],
  'in a List': (value) => [{ apiVersion: 'v1', kind: 'List', items: [secret(value)] }],
  'in a SecretList': (value) => [{ apiVersion: 'v1', kind: 'SecretList', items: [secret(value)] }],
  'in a Secret in lower case': (value) => [object('secret', { data: { a: value } })],
  'in the last applied configuration of anything': (value) => [
    annotated('ConfigMap', { 'kubectl.kubernetes.io/last-applied-configuration': json(secret(value)) }),
  ],
  'in another annotation that is JSON': (value) => [
    annotated('ConfigMap', { 'kapp.example/original': json(secret(value)) }),
  ],
  'in JSON inside JSON': (value) => [annotated('ConfigMap', { original: json({ was: json(secret(value)) }) })],
  'in an annotation that is YAML': (value) => [annotated('Deployment', { original: stringify(secret(value)) })],
  'in an annotation of the Secret itself': (value) => [annotated('Secret', { original: json({ password: value }) })],
  'in a manifest in a ConfigMap': (value) => [
    object('ConfigMap', { data: { 'secret.yaml': stringify(secret(value)) } }),
  ],
  'in a template': (value) => [object('Template', { objects: [secret(value)] }, 'template.openshift.io/v1')],
  'in an operator’s manifest': (value) => [
    object('Object', { spec: { forProvider: { manifest: secret(value) } } }, 'kubernetes.crossplane.io/v1'),
  ],
  'in a generating policy': (value) => [
    object(
      'ClusterPolicy',
      { spec: { rules: [{ generate: { kind: 'Secret', name: 'y', data: { data: { a: value } } } }] } },
      'kyverno.io/v1',
    ),
  ],
  'copied into a ConfigMap': (value) => [
    object('Secret', { data: { a: base64(value) } }),
    object('ConfigMap', { data: { url: `postgres://app:${value}@db` } }),
  ],
  'copied into the arguments of a command': (value) => [
    secret(value),
    object('Job', { spec: { template: { spec: { containers: [{ args: [`--pw=${value}`] }] } } } }, 'batch/v1'),
  ],
  'copied into a container’s environment': (value) => [
    secret(value),
    object(
      'Deployment',
      { spec: { template: { spec: { containers: [{ env: [{ name: 'PW', value }] }] } } } },
      'apps/v1',
    ),
  ],
  'copied in base64': (value) => [secret(value), object('ConfigMap', { data: { a: base64(value) } })],
  'copied into an annotation': (value) => [secret(value), annotated('ConfigMap', { checksum: value })],
  'copied into a key': (value) => [secret(value), object('ConfigMap', { data: { [value]: 'x' } })],
  'copied into a VirtualService': (value) => [
    secret(value),
    object('VirtualService', { spec: { http: [{ match: [{ headers: { auth: { exact: value } } }] }] } }),
  ],
}

for (const [where, manifests] of Object.entries(TABLE)) {
  test(`no value of a Secret is shown ${where}, and its change is`, () => {
    const texts = [shown(manifests(OLD), manifests(NEW)), shown([], manifests(NEW)), shown(manifests(OLD), [])]
    for (const text of texts) {
      assert.doesNotMatch(text, /hunter22/)
      for (const value of [OLD, NEW]) assert.ok(!text.includes(base64(value)), text)
    }
    assert.match(texts[0] ?? '', /•••/, 'it is seen to change')
    assert.equal(shown(manifests(OLD), manifests(OLD)), '')
  })
}

const VALUE = `p@ss/w+rd "it's" <hunter22-old>`
const quote = (text: string): string => text.replaceAll("'", "''")
const base64url = (text: string): string => Buffer.from(text).toString('base64url')

/** The content of a Secret, and other spellings of it. All must be hidden. */
const COPIES: Readonly<Record<string, readonly [data: object, copy: string]>> = {
  'without the newline at its end': [{ data: { a: base64(`${VALUE}\n`) } }, `redis://:${VALUE}@cache`],
  'with a newline at its end, in base64': [{ stringData: { a: VALUE } }, base64(`${VALUE}\n`)],
  'one line of it': [{ stringData: { a: `first\n  ${VALUE}  \nlast` } }, `--password=${VALUE}`],
  'one line of it, encoded': [{ data: { a: base64(`first\r\n${VALUE}\r\n`) } }, base64url(VALUE)],
  'of a file of settings': [{ stringData: { a: 'user: app\npassword: "hunter22-old"\n' } }, 'pw hunter22-old'],
  'of an env file': [{ stringData: { a: 'USER=app\nPASSWORD=hunter22-old\n' } }, 'pw hunter22-old'],
  'of JSON in it': [{ stringData: { a: json({ auths: { r: { auth: 'hunter22-old' } } }) } }, 'pw hunter22-old'],
  'in base64url': [{ stringData: { a: VALUE } }, base64url(VALUE)],
  'in base64 of a longer text': [{ stringData: { a: VALUE } }, `Basic ${base64(`user:${VALUE}`)}`],
  'in base64 twice': [{ data: { a: base64(VALUE) } }, base64(base64(VALUE))],
  'of what is in base64 twice': [{ data: { a: base64(base64(VALUE)) } }, VALUE],
  'in a URL': [{ stringData: { a: VALUE } }, `https://u:${encodeURIComponent(VALUE)}@h`],
  'in a URL, with more encoded than must be': [
    { stringData: { a: VALUE } },
    `u:${encodeURIComponent(VALUE).replaceAll('-', '%2D')}@h`,
  ],
  'in a form': [{ stringData: { a: VALUE } }, `pw=${new URLSearchParams({ a: VALUE }).toString().slice(2)}`],
  'in JSON': [{ stringData: { a: VALUE } }, json({ pw: VALUE })],
  'in JSON inside JSON': [{ stringData: { a: VALUE } }, json({ inner: json({ pw: VALUE }) })],
  'in JSON as Go writes it': [
    { stringData: { a: VALUE } },
    json(VALUE).replaceAll('<', '\\u003c').replaceAll('>', '\\u003e'),
  ],
  'in single quotes of YAML': [{ stringData: { a: VALUE } }, `pw: '${quote(VALUE)}'`],
  'that is a number': [{ stringData: { a: 1234567890 } }, 'pin 1234567890'],
}

for (const [how, [data, copy]] of Object.entries(COPIES)) {
  test(`a copy of a Secret's value is hidden ${how}`, () => {
    const text = shown([], [object('Secret', data), object('ConfigMap', { data: { text: copy } })])
    const line = text.slice(text.indexOf('text: '), text.indexOf('Secret x'))
    assert.match(line, /•••/)
    const left = [line, ...[...line.matchAll(/[\w+/=-]{6,}/g)].map(([part]) => Buffer.from(part, 'base64').toString())]
    for (const one of left)
      assert.doesNotMatch(decodeURIComponent(one.replaceAll(/%(?![\dA-F]{2})/g, '')), /unter22|it.s|34567/)
  })
}

test('copies of what lists, templates, other annotations and configured kinds hold are hidden too', () => {
  const copy = object('ConfigMap', { data: { text: `now ${OLD}` } })
  const lastApplied = (of: object): object =>
    annotated('Secret', { 'kubectl.kubernetes.io/last-applied-configuration': json(of) })
  const sources: readonly (readonly [object, View])[] = [
    [{ apiVersion: 'v1', kind: 'List', items: [secret(OLD)] }, WHOLE],
    [object('Template', { objects: [secret(OLD)] }, 'template.openshift.io/v1'), WHOLE],
    [lastApplied(secret(OLD)), WHOLE],
    [
      object('Credentials', { spec: { login: { password: OLD } } }, 'example.com/v1'),
      { ...WHOLE, secrets: ['Credentials'] },
    ],
  ]
  for (const [source, view] of sources) assert.match(shown([], [source, copy], view), /text: now •••$/m, json(source))
})

test('a private key is hidden wherever it stands', () => {
  const key = '-----BEGIN EC PRIVATE KEY-----\nMHcCAQEE-hunter22\n-----END EC PRIVATE KEY-----\n'
  assert.doesNotMatch(shown([], [object('ConfigMap', { data: { 'tls.key': key } })]), /hunter22/)
})

test('encrypted values are shown, and plain values that SOPS leaves next to them are not', () => {
  const sops = { mac: 'ENC[AES256_GCM,data:bWFj,iv:aXY=,tag:dGFn,type:str]', age: [{ recipient: 'age1recipient' }] }
  const encrypted = 'ENC[AES256_GCM,data:c2VjcmV0,iv:aXY=,tag:dGFn,type:str]'
  const text = shown([], [object('Secret', { stringData: { a: encrypted, b: OLD }, sops })])
  assert.match(text, /a: ENC\[AES256_GCM,data:c2VjcmV0/)
  assert.match(text, /recipient: age1recipient/)
  assert.match(text, /b: •••/)
  assert.doesNotMatch(text, /hunter22/)
})

test('the lines that all certificates begin with, and words in files of settings, are no secrets', () => {
  const pem = (text: string): string => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`
  const data = { stringData: { 'ca.crt': pem('MIIB'), config: 'environment: production\nhost: postgres.shop.svc\n' } }
  const config = object('ConfigMap', { data: { ca: pem('MIIC'), name: 'production', host: 'postgres.shop.svc' } })
  const text = shown([], [object('Secret', data), config])
  for (const kept of ['-----BEGIN CERTIFICATE-----', 'name: production', 'host: postgres.shop.svc'])
    assert.ok(text.includes(kept), text)
})

test('a large text with only the beginnings of many values stays unchanged', () => {
  const values = Array.from({ length: 2_000 }, (_, index) => `${'a'.repeat(200)}${index}`)
  const text = 'a'.repeat(800_000)
  assert.equal(hideValues(values, { mark: '•••', shortest: 8 })(text), text)
})

test('the hidden ranges are those that a simple search finds', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '\0'), minLength: 2, maxLength: 6 })
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '\0'), maxLength: 40 })
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), text, (values, searched) => {
      const covered = Array.from({ length: searched.length }, () => false)
      for (const value of values)
        for (let at = searched.indexOf(value); at >= 0; at = searched.indexOf(value, at + 1))
          covered.fill(true, at, at + value.length)
      const expected = searched
        .split('')
        .map((character, at) => (covered[at] === true ? '•' : character))
        .join('')
      const hidden = hideValues(values, { mark: '•', shortest: 2 })(searched)
      assert.equal(hidden.replaceAll(/•+/g, '•'), expected.replaceAll(/•+/g, '•'))
    }),
  )
})

test('a copy is hidden even if only the copy changes', () => {
  const map = (text: string): object => object('ConfigMap', { data: { text } })
  const [before, after] = [
    [secret(OLD), map('nothing')],
    [secret(OLD), map(`now ${OLD}`)],
  ]
  assert.match(shown(before, after), /\+ {2}text: now •••/)
  // Only a copy that is all that changes is marked as changed.
  const copies = (first: string, second: string): string =>
    shown([secret(OLD), map(`${first} ${OLD}`)], [secret(NEW), map(`${second} ${NEW}`)])
  assert.match(copies('now', 'now'), /text: now ••• \(changed\)/)
  assert.doesNotMatch(copies('now', 'then'), /then ••• \(changed\)/)
})

test('a generated Secret with another hash is the same one, changed', () => {
  const generated = (hash: string, value: string): object => ({
    ...secret(value),
    metadata: { name: `creds-${hash}`, namespace: 'shop' },
  })
  const { changes } = diffRendered(objects([generated('5kb9f8cht2', OLD)]), objects([generated('9bm7gthd6k', NEW)]))
  assert.deepEqual(
    changes.map(({ type, title, additions, deletions }) => [type, title, additions, deletions]),
    [['changed', 'Secret shop/creds-9bm7gthd6k', 2, 2]],
  )
  assert.match(shown([generated('5kb9f8cht2', OLD)], [generated('9bm7gthd6k', NEW)]), /\+ {2}password: ••• \(changed\)/)
  // It is unknown which of the two old ones became which of the new ones.
  const two = diffRendered(
    objects([generated('5kb9f8cht2', OLD), generated('6kb9f8cht2', OLD)]),
    objects([generated('9bm7gthd6k', NEW)]),
  )
  assert.deepEqual(
    two.changes.map(({ type }) => type),
    ['removed', 'removed', 'added'],
  )
})

test('other kinds are hidden where the config says so, and sealed and external ones pass unless it does', () => {
  const kinds = ['Credentials', 'bitnami.com/SealedSecret']
  const credentials = (value: string): object => object('Credentials', { spec: { password: value } }, 'example.com/v1')
  const sealed = (value: string): object =>
    object('SealedSecret', { spec: { encryptedData: { a: value } } }, 'bitnami.com/v1alpha1')
  const external = (value: string): object =>
    object(
      'ExternalSecret',
      { spec: { data: [{ remoteRef: { key: `team/${value.slice(-3)}` } }] } },
      'external-secrets.io/v1',
    )
  const all = (value: string): readonly object[] => [credentials(value), sealed(value), external(value)]
  assert.equal(shown(all(OLD), all(NEW)).match(/hunter22-new|team\/new/g)?.length, 3)
  const hidden = shown(all(OLD), all(NEW), { ...WHOLE, secrets: kinds })
  assert.doesNotMatch(hidden, /hunter22/)
  assert.match(hidden, /\+ {8}key: team\/new/)
  assert.match(hidden, /password: ••• \(changed\)/)
  const other = shown([], [sealed(NEW)], { ...WHOLE, secrets: ['example.com/SealedSecret'] })
  assert.match(other, /hunter22/, 'of another group')
})

test('short values, and names that are public anyway, do not take words out of other resources', () => {
  const config = object('ConfigMap', { data: { user: 'admin', host: 'postgres-db' } })
  const service = { ...object('Service', {}), metadata: { name: 'postgres-db' } }
  const text = shown([], [object('Secret', { stringData: { user: 'admin', host: 'postgres-db' } }), config, service])
  assert.match(text, /user: admin\n/)
  assert.match(text, /host: postgres-db/)
})

test('values that overlap in a text are hidden to the end of the last', () => {
  const values = { a: 'abcdefghij', b: 'fghijklmnopq', c: 'abcdefghijk' }
  const config = object('ConfigMap', { data: { text: 'x-abcdefghijklmnopq-y abcdefghijk' } })
  assert.match(shown([], [object('Secret', { stringData: values }), config]), /text: x-•••-y •••$/m)
})

test('a reference to a Secret is shown', () => {
  const gateway = object('Gateway', { spec: { certificateRefs: [{ kind: 'Secret', name: 'tls-cert' }] } })
  assert.match(shown([], [gateway]), /name: tls-cert/)
})

test("values in patch files and configured kinds are hidden in a tool's output too", () => {
  const files = new Map([
    [
      'o/kustomization.yaml',
      'patches:\n- target: {kind: Secret}\n  path: ../p/patch.yaml\nsecretGenerator:\n- name: g\n  envs: [../p/a.env]\n',
    ],
    ['p/patch.yaml', '- op: add\n  path: /data/x\n  value: patched-value\n'],
    ['p/a.env', 'PASSWORD=from-the-env\n'],
    ['o/list.yaml', stringify({ apiVersion: 'v1', kind: 'List', items: [secret('in-the-list')] })],
    ['o/c.yaml', 'apiVersion: example.com/v1\nkind: Credentials\nmetadata: {name: c}\nspec: {password: own-kind}\n'],
    [
      'o/json.yaml',
      `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: j}\ndata: {s: '${json(secret('in-the-json'))}'}\n`,
    ],
  ])
  const said = 'patched-value from-the-env in-the-list own-kind in-the-json in o/list.yaml of tls'
  assert.equal(redact(said, files, ['Credentials']), '••• ••• ••• ••• ••• in o/list.yaml of tls')
  assert.equal(redact('value "in-the-list\\n" aW4tdGhlLWxpc3QK', files), 'value "•••\\n" •••')
  assert.match(redact(said, files), /own-kind/)
})
