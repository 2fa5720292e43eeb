/** `perch setup` with the GitHub in a box, and with a test instead of the browser. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { parseEnv } from 'node:util'
import { Probot } from 'probot'
import { parse } from 'yaml'
import { readEnvironment } from '../../src/entry/env.ts'
import { runCommand } from '../../src/entry/command-line/run-command.ts'
import { type GitHubBox, startGitHub } from '../../src/sandbox/github.ts'
import { PIPE } from './perch.ts'

interface Running {
  readonly box: GitHubBox
  readonly file: string
  /** The address of the first page, from the terminal. */
  readonly address: string
  readonly code: Promise<number>
  /** Everything that was printed to the terminal. */
  readonly printed: () => string
}

async function aSetup(
  t: TestContext,
  words: readonly string[] = [],
  before?: (file: string) => void,
): Promise<Running> {
  const box = await startGitHub()
  t.after(() => box.close())
  const folder = mkdtempSync(join(tmpdir(), 'perch-setup-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  process.env['GHE_HOST'] = box.host
  process.env['GHE_PROTOCOL'] = 'http'
  const file = join(folder, '.env')
  before?.(file)
  const invited = Promise.withResolvers<string>()
  const printed: string[] = []
  const note = (text: string): void => {
    printed.push(text)
    const address = /http:\/\/127\.0\.0\.1:\d+\/\S+/.exec(text)?.[0]
    if (address !== undefined) invited.resolve(address)
  }
  const all = ['--url', 'https://perch.example.com/', '--file', file, ...words]
  const code = runCommand(['setup', ...all], { ...PIPE, out: note, err: note })
  const address = await Promise.race([invited.promise, code.then(() => '')])
  return { box, file, address, code, printed: () => printed.join('') }
}

interface Form {
  readonly action: string
  readonly manifest: string
}

async function formAt(address: string): Promise<Form> {
  const answer = await fetch(address)
  assert.equal(answer.status, 200)
  const page = await answer.text()
  assert.doesNotMatch(page, /<script/)
  const field = (name: RegExp): string =>
    (name.exec(page)?.[1] ?? '').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')
  const action = field(/<form action="([^"]*)" method="post"/)
  const policy = answer.headers.get('content-security-policy') ?? ''
  assert.ok(policy.includes(`form-action ${new URL(action).origin};`), policy)
  return { action, manifest: field(/name="manifest" value="([^"]*)"/) }
}

test('one button registers the App that app.yml describes, and its credentials start Perch', async (t) => {
  const { box, file, address, code, printed } = await aSetup(t, ['--org', 'acme', '--name', "Acme's Perch"])
  const form = await formAt(address)
  assert.match(form.action, new RegExp(`^${box.url}/organizations/acme/settings/apps/new\\?state=[\\w-]{32}$`))
  const { default_permissions, default_events, ...rest } = JSON.parse(form.manifest)
  const app = parse(readFileSync(new URL('../../app.yml', import.meta.url), 'utf8'))
  assert.deepEqual(
    { default_permissions, default_events },
    {
      default_permissions: app.default_permissions,
      default_events: app.default_events,
    },
  )
  assert.deepEqual(rest, {
    name: "Acme's Perch",
    description: app.description,
    public: false,
    url: 'https://perch.example.com',
    hook_attributes: { url: 'https://perch.example.com/api/github/webhooks', active: true },
    redirect_url: `${new URL(address).origin}/registered`,
  })
  const done = await fetch(box.registerApp(form, 'carol'))
  assert.equal(done.status, 200)
  const shown = await done.text()
  assert.match(shown, /Acme&#39;s Perch is registered/)
  assert.equal(await code, 0)

  const variables = parseEnv(readFileSync(file, 'utf8'))
  assert.deepEqual(Object.keys(variables).toSorted(), [
    'APP_ID',
    'GHE_HOST',
    'GHE_PROTOCOL',
    'PRIVATE_KEY',
    'WEBHOOK_SECRET',
  ])
  assert.equal(statSync(file).mode & 0o777, 0o600)
  const env = readEnvironment(variables)
  assert.ok(env.ok, JSON.stringify(env))
  const { appId, privateKey } = env.value
  const octokit = await new Probot({ appId, privateKey, baseUrl: env.value.apiUrl }).auth()
  const { data } = await octokit.request('GET /app')
  assert.deepEqual([data?.slug, data?.external_url], ['acme-s-perch', 'https://perch.example.com'])
  for (const secret of [
    variables['PRIVATE_KEY'],
    variables['WEBHOOK_SECRET'],
    'PRIVATE KEY',
    privateKey.split('\n')[1],
  ]) {
    assert.ok(secret !== undefined && secret.length > 5)
    assert.ok(!printed().includes(secret) && !shown.includes(secret))
  }
  await assert.rejects(fetch(address), 'it listens no longer')
})

test('an answer with another state changes nothing, and the right one still counts', async (t) => {
  const { box, file, address, code } = await aSetup(t)
  const form = await formAt(address)
  const forged = new URL(box.registerApp({ ...form, action: `${box.url}/settings/apps/new?state=guessed` }, 'mallory'))
  assert.equal((await fetch(forged)).status, 403)
  forged.searchParams.delete('state')
  assert.equal((await fetch(forged)).status, 403)
  assert.equal(existsSync(file), false)
  assert.deepEqual(
    box.requests.records.filter(({ name }) => name.includes('app-manifests')),
    [],
  )
  assert.equal((await fetch(box.registerApp({ ...form, manifest: renamed(form, 'second') }))).status, 200)
  assert.equal(await code, 0)
})

function renamed({ manifest }: Form, name: string): string {
  return JSON.stringify({ ...JSON.parse(manifest), name })
}

test('a code that was used before ends the setup without a file', async (t) => {
  const { box, file, address, code, printed } = await aSetup(t)
  const back = new URL(box.registerApp(await formAt(address)))
  const used = back.searchParams.get('code') ?? ''
  assert.equal((await fetch(`${box.url}/api/v3/app-manifests/${used}/conversions`, { method: 'POST' })).status, 201)
  assert.equal((await fetch(back)).status, 502)
  assert.equal(await code, 1)
  assert.match(printed(), /GitHub does not know this code \(404\)/)
  assert.equal(existsSync(file), false)
})

test('GitHub may fail for a moment: the page is loaded again, and the code is exchanged once', async (t) => {
  const { box, file, address, code } = await aSetup(t)
  const back = box.registerApp(await formAt(address))
  box.faults.add({ match: (asked) => asked.path.includes('app-manifests'), kind: { status: 502 }, times: 1 })
  const first = await fetch(back)
  assert.equal(first.status, 502)
  assert.match(await first.text(), /Reload the page/)
  assert.equal(existsSync(file), false)
  const answers = await Promise.all([fetch(back), fetch(back).catch(() => undefined)])
  assert.ok(answers.some((answer) => answer?.status === 200))
  assert.equal(await code, 0)
  assert.equal(box.requests.records.filter(({ name }) => name.includes('app-manifests')).length, 2)
})

test('only requests from the machine itself are answered: no other host name, path or method', async (t) => {
  const { box, address, code } = await aSetup(t)
  const { port, pathname, origin } = new URL(address)
  const named = (host: string): Promise<number> =>
    new Promise((resolve, reject) => {
      request({ host: '127.0.0.1', port, path: pathname, headers: { host } }, (answer) => {
        answer.resume()
        resolve(answer.statusCode ?? 0)
      })
        .on('error', reject)
        .end()
    })
  assert.equal(await named(`localhost:${port}`), 200)
  for (const host of ['evil.example.com', `evil.example.com:${port}`, '127.0.0.1'])
    assert.equal(await named(host), 421, host)
  for (const path of ['/', '/favicon.ico', `${pathname}x`]) assert.equal((await fetch(origin + path)).status, 404, path)
  assert.equal((await fetch(address, { method: 'POST' })).status, 405)
  await fetch(box.registerApp(await formAt(address)))
  assert.equal(await code, 0)
})

test('a port in use is reported in words', async (t) => {
  const { address, code, box } = await aSetup(t)
  const other = await aSetup(t, ['--port', new URL(address).port])
  assert.equal(await other.code, 1)
  assert.match(other.printed(), /cannot listen on port \d+/)
  process.env['GHE_HOST'] = box.host
  await fetch(box.registerApp(await formAt(address)))
  assert.equal(await code, 0)
})

test('it does not wait forever', async (t) => {
  const { code, file, printed } = await aSetup(t, ['--minutes', '0.01'])
  assert.equal(await code, 1)
  assert.match(printed(), /Nothing came back from GitHub within 0\.01 minutes/)
  assert.equal(existsSync(file), false)
})

test('an existing file stays unchanged, unless it is to be replaced', async (t) => {
  const keep = (file: string): void => writeFileSync(file, 'APP_ID=1\n')
  const refused = await aSetup(t, [], keep)
  assert.equal(await refused.code, 1)
  assert.match(refused.printed(), /already exists\. Name another file/)
  assert.equal(readFileSync(refused.file, 'utf8'), 'APP_ID=1\n')

  const forced = await aSetup(t, ['--force'], keep)
  assert.equal((await fetch(forced.box.registerApp(await formAt(forced.address)))).status, 200)
  assert.equal(await forced.code, 0)
  assert.match(readFileSync(forced.file, 'utf8'), /^PRIVATE_KEY=/m)

  const raced = await aSetup(t)
  keep(raced.file)
  assert.equal((await fetch(raced.box.registerApp(await formAt(raced.address)))).status, 502)
  assert.equal(await raced.code, 1)
  assert.match(raced.printed(), /could not be written/)
  assert.equal(readFileSync(raced.file, 'utf8'), 'APP_ID=1\n')
})

test('an option that is missing or invalid is refused by its name, with an example', async () => {
  delete process.env['GHE_HOST']
  const url = ['--url', 'https://perch.example.com']
  const address = /^perch: --url needs the https address where GitHub reaches Perch, such as \S+\.\n/
  for (const [words, answer] of [
    [[], address],
    [['--url', 'perch.example.com'], address],
    [['--url', 'ftp://perch.example.com'], address],
    [['--url', 'https://me:secret@perch.example.com'], address],
    [[...url, '--org', '../acme'], /^perch: --org must be the name of an organization/],
    [[...url, '--name', 'a'.repeat(35)], /^perch: --name must have at most 34 characters\.\n/],
    [[...url, '--port', '70000'], /^perch: --port must be a port number/],
    [[...url, '--port', 'x', '--minutes', '0'], /^perch: --port must be .* --minutes must be a number above 0/],
    [[...url, 'more'], /^perch: too many arguments/],
  ] as const) {
    const errors: string[] = []
    const code = await runCommand(['setup', ...words], {
      ...PIPE,
      out: () => undefined,
      err: (text) => void errors.push(text),
    })
    assert.equal(code, 2, words.join(' '))
    assert.match(errors.join(''), answer)
    assert.match(errors.join(''), /\n`perch setup --help` shows how to use it\.\n$/)
  }
})
