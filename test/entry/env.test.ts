import assert from 'node:assert/strict'
import { createPrivateKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { cannotStartWords } from '../../src/core/message/command-line/setup-words.ts'
import { type ProcessEnvironment, readEnvironment, readReportSecret } from '../../src/entry/env.ts'

const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const pem = key.export({ type: 'pkcs1', format: 'pem' }).toString()
const complete = { APP_ID: '42', PRIVATE_KEY: pem, WEBHOOK_SECRET: 'hush' }
const noFile = (): string => assert.fail('no file is read')

function read(env: NodeJS.ProcessEnv, readFile: (path: string) => string = noFile): ProcessEnvironment {
  const result = readEnvironment(env, readFile)
  if (!result.ok) assert.fail(result.problems.join('\n'))
  return result.value
}

function problemsOf(env: NodeJS.ProcessEnv, readFile: (path: string) => string = noFile): readonly string[] {
  const result = readEnvironment(env, readFile)
  if (result.ok) assert.fail('it was taken')
  return result.problems
}

test('a variable with a default may be missing, or empty as in a Compose file', () => {
  const { privateKey, ...rest } = read({ ...complete, PORT: '', GHE_HOST: ' ', DATABASE_URL: '' })
  assert.match(privateKey, /^-----BEGIN PRIVATE KEY-----\n/)
  assert.deepEqual(rest, {
    appId: 42,
    webhookSecret: 'hush',
    apiUrl: 'https://api.github.com',
    gitUrl: 'https://github.com',
    host: '0.0.0.0',
    port: 3000,
    logLevel: 'info',
    dataDir: './data',
    reconcileSeconds: 60,
  })
})

test('every variable is read', () => {
  const { privateKey: _, ...rest } = read({
    ...complete,
    WEBHOOK_SECRET_PREVIOUS: 'hush before',
    REPORT_SECRET: 'r'.repeat(32),
    GHE_HOST: 'GitHub.Example.com:8443',
    GHE_PROTOCOL: 'http',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'debug',
    DATA_DIR: '/var/lib/perch',
    DATABASE_URL: 'postgresql://u:p@db/perch?sslmode=require',
    PROMETHEUS_URL: 'http://prometheus:9090',
    PROMETHEUS_TOKEN: 'token',
    ONBOARDING: 'off',
    RECONCILE_SECONDS: '0.2',
    KUBECONFORM_SCHEMAS: '/schemas/kubernetes:/schemas/crds',
    KUBECTL_VALIDATE_CRDS: '/crds/istio',
    DRY_RUN_KUBECONFIG: '/etc/perch/dry-run',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector:4318',
  })
  assert.deepEqual(rest, {
    appId: 42,
    webhookSecret: 'hush',
    webhookSecretPrevious: 'hush before',
    reportSecret: 'r'.repeat(32),
    apiUrl: 'http://github.example.com:8443/api/v3',
    gitUrl: 'http://github.example.com:8443',
    host: '127.0.0.1',
    port: 0,
    logLevel: 'debug',
    dataDir: '/var/lib/perch',
    databaseUrl: 'postgresql://u:p@db/perch?sslmode=require',
    prometheusServers: [{ name: 'prometheus', url: 'http://prometheus:9090' }],
    prometheusToken: 'token',
    tracesTo: 'https://collector:4318',
    onboarding: 'off',
    reconcileSeconds: 0.2,
    schemaFolders: ['/schemas/kubernetes', '/schemas/crds'],
    crdFolders: ['/crds/istio'],
    dryRunKubeconfig: '/etc/perch/dry-run',
  })
})

test('several Prometheus servers have names, and a repository selects one', () => {
  const url = 'eu=https://user:p%40ss@prometheus.eu/prometheus, us-1=http://prometheus.us:9090'
  assert.deepEqual(read({ ...complete, PROMETHEUS_URL: url }).prometheusServers, [
    { name: 'eu', url: 'https://user:p%40ss@prometheus.eu/prometheus' },
    { name: 'us-1', url: 'http://prometheus.us:9090' },
  ])
})

test('each kind of GitHub has its API in its own place', () => {
  const urls = (host: string): string[] => {
    const { apiUrl, gitUrl } = read({ ...complete, GHE_HOST: host })
    return [apiUrl, gitUrl]
  }
  assert.deepEqual(urls('github.com'), ['https://api.github.com', 'https://github.com'])
  assert.deepEqual(urls('ghe.corp'), ['https://ghe.corp/api/v3', 'https://ghe.corp'])
  assert.deepEqual(urls('acme.ghe.com'), ['https://api.acme.ghe.com', 'https://acme.ghe.com'])
  assert.deepEqual(urls('api.acme.ghe.com'), ['https://api.acme.ghe.com', 'https://acme.ghe.com'])
})

test('the private key is accepted in every form that Probot accepts, and from a file', () => {
  const wanted = createPrivateKey(pem).export({ type: 'pkcs8', format: 'pem' })
  const base64 = Buffer.from(pem).toString('base64')
  for (const form of [
    pem,
    pem.replaceAll('\n', '\\n'),
    pem.replaceAll('\n', ' '),
    pem.replaceAll('\n', '\r\n'),
    `"${pem}"`,
    base64,
    base64.replace(/.{76}/g, '$&\n'),
    key.export({ type: 'pkcs8', format: 'pem' }).toString(),
  ]) {
    assert.equal(read({ ...complete, PRIVATE_KEY: form }).privateKey, wanted, form.slice(0, 60))
  }
  const { PRIVATE_KEY: _, ...keyless } = complete
  const paths: string[] = []
  const fromFile = read({ ...keyless, PRIVATE_KEY_PATH: '/keys/app.pem' }, (path) => {
    paths.push(path)
    return pem
  })
  assert.equal(fromFile.privateKey, wanted)
  assert.deepEqual(paths, ['/keys/app.pem'])
})

test('with nothing set, every missing variable is named at once with its next step', () => {
  const problems = problemsOf({})
  assert.equal(problems.length, 3)
  assert.match(problems[0] ?? '', /^APP_ID is missing\. Set it to the App ID/)
  assert.match(problems[1] ?? '', /^WEBHOOK_SECRET is missing\. Set it/)
  assert.match(problems[2] ?? '', /^PRIVATE_KEY is missing\. Create .* PRIVATE_KEY_PATH/)
  assert.match(cannotStartWords(problems), /^Perch cannot start:\n- APP_ID [^]*\n.*`perch setup --url /)
})

test('each wrong value is refused by name, and no value is ever repeated', () => {
  const wrong: [string, string][] = [
    ['APP_ID', 'zero-secret'],
    ['APP_ID', '0'],
    ['APP_ID', '-1'],
    ['APP_ID', '1.5'],
    ['PRIVATE_KEY', 'zero-secret'],
    ['PRIVATE_KEY', pem.slice(0, 200)],
    ['PRIVATE_KEY', pem.replace('MII', 'AAA')],
    [
      'PRIVATE_KEY',
      generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    ],
    ['WEBHOOK_SECRET', 'development'],
    ['WEBHOOK_SECRET', 'zero-secret\n'],
    ['WEBHOOK_SECRET_PREVIOUS', 'development'],
    ['GHE_HOST', 'https://zero-secret'],
    ['GHE_HOST', 'host/zero-secret'],
    ['GHE_PROTOCOL', 'zero-secret'],
    ['PORT', 'zero-secret'],
    ['PORT', '65536'],
    ['LOG_LEVEL', 'zero-secret'],
    ['DATABASE_URL', 'mysql://u:zero-secret@host/db'],
    ['DATABASE_URL', 'zero-secret'],
    ['PROMETHEUS_URL', 'file:///zero-secret'],
    ['PROMETHEUS_URL', 'zero-secret:9090'],
    ['PROMETHEUS_URL', 'eu=http://zero-secret:9090,eu=http://other:9090'],
    ['PROMETHEUS_URL', 'EU=http://zero-secret:9090'],
    ['PROMETHEUS_URL', 'eu=http://zero-secret:9090,'],
    ['PROMETHEUS_URL', 'http://u:zero-secret@prometheus:9090,http://other:9090'],
    ['PROMETHEUS_URL', 'http://prometheus:9090/?token=zero-secret'],
    ['PROMETHEUS_URL', 'http://u:%zero-secret@prometheus:9090'],
    ['PROMETHEUS_TOKEN', 'zero-secret and more'],
    ['PROMETHEUS_TOKEN', 'zero-secret\n'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'zero-secret:4317'],
    ['ONBOARDING', 'no'],
    ['RECONCILE_SECONDS', '0.1'],
    ['RECONCILE_SECONDS', '1m'],
    ['RECONCILE_SECONDS', 'Infinity'],
  ]
  for (const [name, value] of wrong) {
    const problems = problemsOf({ ...complete, [name]: value })
    assert.equal(problems.length, 1, `${name}=${value}: ${problems.join(' ')}`)
    assert.ok(problems[0]?.startsWith(`${name} `), problems[0])
    assert.match(problems[0] ?? '', /\.$/)
    assert.doesNotMatch(problems[0] ?? '', /zero-secret|MII|BEGIN/)
  }
})

test('a key file that cannot be read, or holds something else, is named by its variable', () => {
  const { PRIVATE_KEY: _, ...keyless } = complete
  const env = { ...keyless, PRIVATE_KEY_PATH: '/nowhere' }
  const missing = problemsOf(env, () => {
    throw new Error('ENOENT')
  })
  assert.match(missing[0] ?? '', /^PRIVATE_KEY_PATH names a file that cannot be read\./)
  assert.match(problemsOf(env, () => 'hello')[0] ?? '', /^PRIVATE_KEY_PATH holds no RSA private key\./)
})

test('a guessable secret for reports is refused, without showing it', () => {
  for (const secret of ['development', 'r'.repeat(31), `${'r'.repeat(40)}\n`]) {
    const [problem = '', ...more] = problemsOf({ ...complete, REPORT_SECRET: secret })
    assert.match(problem, /^REPORT_SECRET (must|begins)/)
    assert.ok(!problem.includes('rrr') && more.every((one) => one.startsWith('REPORT_SECRET')))
    const alone = readReportSecret({ REPORT_SECRET: secret })
    assert.ok(!alone.ok && alone.problem.startsWith('REPORT_SECRET ') && !alone.problem.includes('rrr'))
  }
  assert.deepEqual(readReportSecret({ REPORT_SECRET: 'r'.repeat(32) }), { ok: true, secret: 'r'.repeat(32) })
  for (const env of [{}, { REPORT_SECRET: '' }, { REPORT_SECRET: ' ' }]) assert.equal(readReportSecret(env).ok, false)
})

test('destinations of notifications are read by name and kind, and errors about them do not contain their addresses', () => {
  const urls = 'team=slack+https://hooks.slack.com/services/T/B/hush, bus=cloudevents+http://bus:8080/perch'
  const { notifyDestinations, notifySecret } = read({ ...complete, NOTIFY_URLS: urls, NOTIFY_SECRET: 'n'.repeat(32) })
  assert.deepEqual(notifyDestinations, [
    { name: 'team', kind: 'slack', url: 'https://hooks.slack.com/services/T/B/hush' },
    { name: 'bus', kind: 'cloudevents', url: 'http://bus:8080/perch' },
  ])
  assert.equal(notifySecret, 'n'.repeat(32))
  const unsigned = problemsOf({ ...complete, NOTIFY_URLS: 'bus=cloudevents+http://hush:8080/perch' })
  assert.match(unsigned.join(), /^NOTIFY_SECRET is missing: .*openssl rand -hex 32/)
  const wrong = [
    'https://hush',
    'team=https://hush',
    'a=slack+ftp://hush',
    'a=slack+https://hush,a=slack+https://hush',
    'T=slack+https://hush',
  ]
  for (const value of wrong) {
    const problems = problemsOf({ ...complete, NOTIFY_URLS: value })
    assert.match(problems.join(), /^NOTIFY_URLS must have the form name=slack\+https/)
    assert.doesNotMatch(problems.join(), /hush/)
  }
})
