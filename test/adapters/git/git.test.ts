import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runContained } from '../../../src/adapters/process-sandbox/run.ts'
import { type Git, openGit } from '../../../src/adapters/git/command.ts'
import { GitTimedOut, GitTooLarge, GitUnavailable } from '../../../src/adapters/git/errors.ts'
import { openMirror } from '../../../src/adapters/git/mirror.ts'
import { contentsOfFew } from '../../../src/adapters/git/objects.ts'
import { GitHubRefused } from '../../../src/ports/github/github-refused.ts'
import type { Mirror } from '../../../src/ports/mirror.ts'
import { boxMirror } from '../../stories/box-mirror.ts'
import { mirrorContract, originOf } from '../../contracts/mirror.ts'
import { type GitHttp, TOKEN, openGitHttp } from './git-http.ts'
import { QUIET } from '../../quiet-log.ts'

const MAIN = 'refs/heads/main'

interface World {
  readonly server: GitHttp
  readonly mirror: Mirror
  readonly folder: string
  /** The same folder as another process sees it, or the same process after a restart. */
  readonly reopen: (options?: { token?: string; environment?: Record<string, string> }) => Mirror
}

async function aWorld(options: { filter?: boolean } = {}) {
  const server = await openGitHttp(options)
  const home = mkdtempSync(join(tmpdir(), 'perch-mirror-'))
  const folder = join(home, '42.git')
  const reopen: World['reopen'] = ({ token = TOKEN, environment = { PATH: process.env['PATH'] ?? '' } } = {}) =>
    openMirror({ folder, url: server.url, token: async () => token, log: QUIET, environment })
  const close = async () => {
    await server.close()
    rmSync(home, { recursive: true, force: true })
  }
  return { server, mirror: reopen(), folder, reopen, close }
}

function scene(sentence: string, play: (world: World) => Promise<void>, options: { filter?: boolean } = {}) {
  test(sentence, async () => {
    const world = await aWorld(options)
    try {
      await play(world)
    } finally {
      await world.close()
    }
  })
}

mirrorContract('git over HTTP', async () => {
  const { server, mirror, close } = await aWorld()
  return { mirror, author: server.author, close }
})

mirrorContract('git over HTTP, a server without partial clones', async () => {
  const { server, mirror, close } = await aWorld({ filter: false })
  return { mirror, author: server.author, close }
})

mirrorContract('the mirror of stories', async () => {
  const { server, close } = await aWorld()
  return { mirror: boxMirror(originOf(server.author)), author: server.author, close }
})

mirrorContract('git from a folder', async () => {
  const { server, folder, close } = await aWorld()
  const url = `file://${originOf(server.author)}`
  const mirror = openMirror({ folder, url, token: () => Promise.reject(new Error('no token is needed')), log: QUIET })
  return { mirror, author: server.author, close }
})

const many = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`d/${n}.yaml`, `${n}: x\n`.repeat(30)]))

scene(
  'the first fetch brings no contents, and one more request brings all that are read',
  async ({ server, mirror, folder }) => {
    const main = server.author.push('main', many)
    await mirror.fetch([MAIN])
    assert.equal(server.conversations(), 1)
    assert.equal(blobs(folder), 0)
    assert.equal((await mirror.read(main, Object.keys(many))).size, 40)
    assert.equal(server.conversations(), 2)
    await mirror.read(main, Object.keys(many))
    assert.equal(server.conversations(), 2)
  },
)

scene('after that, a fetch is one request, and a read needs none', async ({ server, mirror }) => {
  const first = server.author.push('main', many)
  await mirror.fetch([MAIN])
  await mirror.read(first, Object.keys(many))
  for (let round = 0; round < 3; round += 1) {
    server.author.push('main', { 'd/1.yaml': `round: ${round}\n`.repeat(30), [`new-${round}`]: 'n' })
    server.requests.length = 0
    const main = (await mirror.fetch([MAIN, 'refs/heads/not-there'])).get(MAIN) ?? ''
    assert.deepEqual(server.requests, ['GET info/refs', 'POST git-upload-pack', 'POST git-upload-pack'])
    const texts = await mirror.read(main, ['d/1.yaml', `new-${round}`, 'd/2.yaml'])
    assert.equal(texts.get('d/1.yaml'), `round: ${round}\n`.repeat(30))
    assert.equal(server.conversations(), 1)
  }
  server.requests.length = 0
  await mirror.fetch([MAIN])
  assert.deepEqual(server.requests, ['GET info/refs', 'POST git-upload-pack'], 'nothing new: nothing sent')
})

scene('changes to files that were never read cost one more request, however many there are', async (world) => {
  const { server, mirror } = world
  server.author.push('main', many)
  await mirror.fetch([MAIN])
  server.requests.length = 0
  server.author.push('main', Object.fromEntries(Object.entries(many).map(([path, text]) => [path, `${text}more\n`])))
  await mirror.fetch([MAIN])
  assert.ok(server.conversations() <= 2, String(server.conversations()))
})

scene('a merge fetches the contents that it needs in one request', async ({ server, mirror }) => {
  const base = server.author.push('main', many)
  const changes = (word: string, line: number) =>
    Object.fromEntries(Object.entries(many).map(([path, text]) => [path, text.split('\n').with(line, word).join('\n')]))
  const topic = server.author.push(
    'topic',
    { ...changes('topic', 2), 'd/0.yaml': undefined, 'moved.yaml': many['d/0.yaml'] },
    { from: base },
  )
  const main = server.author.push('main', changes('main', 25), { from: base })
  await mirror.fetch([MAIN, 'refs/heads/topic'])
  server.requests.length = 0
  const merged = await mirror.merge(main, topic)
  assert.ok('tree' in merged)
  assert.match((await mirror.read(merged.tree, ['moved.yaml'])).get('moved.yaml') ?? '', /main/)
  assert.ok(server.conversations() <= 3, String(server.conversations()))
  server.requests.length = 0
  await mirror.merge(main, topic)
  assert.equal(server.conversations(), 0)
})

scene('a large file that nobody reads is not fetched', async ({ server, mirror, folder }) => {
  server.author.push('main', { a: '1' })
  await mirror.fetch([MAIN])
  const main = server.author.push('main', { video: Buffer.alloc(2_000_000, 'x'), b: '2' })
  await mirror.fetch([MAIN])
  assert.equal(blobs(folder), 1)
  assert.equal((await mirror.read(main, ['video'])).get('video')?.length, 2_000_000)
})

scene('the token is in no argument and in no file', async ({ server, reopen, folder }) => {
  const main = server.author.push('main', many)
  const bin = mkdtempSync(join(tmpdir(), 'perch-bin-'))
  const journal = join(bin, 'journal')
  const real = execFileSync('which', ['git'], { encoding: 'utf8' }).trim()
  // `git` also calls itself by this name for its helpers, because its own folder of programs comes first only for those.
  writeFileSync(join(bin, 'git'), `#!/bin/sh\necho "$@" >> ${journal}\nenv > ${journal}.env-$1\nexec ${real} "$@"\n`)
  chmodSync(join(bin, 'git'), 0o755)
  try {
    const mirror = reopen({ environment: { PATH: `${bin}:${process.env['PATH']}` } })
    await mirror.fetch([MAIN])
    await mirror.read(main, Object.keys(many))
    await mirror.changed(main, main)
    const secrets = [TOKEN, Buffer.from(`x-access-token:${TOKEN}`).toString('base64')]
    const journalled = readFileSync(journal, 'utf8')
    assert.match(journalled, /^fetch .*--stdin/m)
    const given = (verb: string) =>
      secrets.some((secret) => readFileSync(`${journal}.env-${verb}`, 'utf8').includes(secret))
    assert.equal(given('fetch'), true)
    assert.deepEqual(['init', 'ls-tree', 'cat-file', 'diff-tree', 'for-each-ref'].filter(given), [])
    for (const secret of secrets) {
      assert.ok(!journalled.includes(secret))
      assert.equal(grep(secret, folder), '')
    }
  } finally {
    rmSync(bin, { recursive: true })
  }
})

scene(
  'a token that the server no longer accepts is replaced, and the fetch is repeated',
  async ({ server, folder }) => {
    const main = server.author.push('main', { a: '1' })
    const refused: (string | undefined)[] = []
    const token = async (old?: string): Promise<string> => {
      refused.push(old)
      return old === undefined ? 'ghs_old' : TOKEN
    }
    const environment = { PATH: process.env['PATH'] ?? '' }
    const mirror = openMirror({ folder, url: server.url, token, log: QUIET, environment })
    assert.deepEqual(await mirror.fetch([MAIN]), new Map([[MAIN, main]]))
    assert.deepEqual(await mirror.read(main, ['a']), new Map([['a', '1']]))
    assert.deepEqual(refused, [undefined, 'ghs_old', undefined, 'ghs_old'])
  },
)

scene('what the server forbids is a refusal, and is not tried again', async ({ server, mirror }) => {
  server.author.push('main', { a: '1' })
  server.behaviour = 'forbid'
  await assert.rejects(mirror.fetch([MAIN]), (error) => {
    assert.ok(error instanceof GitHubRefused)
    assert.deepEqual([error.refusal.action, error.refusal.cause], ['read', 'permission'])
    return true
  })
  assert.equal(server.conversations(), 1)
})

scene('a 403 despite the permission is temporary, like an outage', async ({ server, folder }) => {
  const main = server.author.push('main', { a: '1' })
  server.behaviour = 'forbid'
  const environment = { PATH: process.env['PATH'] ?? '' }
  const access = { token: async () => TOKEN, mayRead: async () => true }
  const mirror = openMirror({ folder, url: server.url, ...access, log: QUIET, environment })
  await assert.rejects(mirror.fetch([MAIN]), (error) => {
    assert.ok(error instanceof GitUnavailable)
    assert.match(error.message, /returned error: 403$/)
    return true
  })
  server.behaviour = 'serve'
  assert.deepEqual(await mirror.fetch([MAIN]), new Map([[MAIN, main]]))
})

scene('the message about a refused token does not contain it', async ({ server, reopen }) => {
  server.author.push('main', { a: '1' })
  const mirror = reopen({ token: 'ghs_wrong' })
  await assert.rejects(mirror.fetch([MAIN]), (error) => {
    assert.ok(error instanceof GitUnavailable)
    assert.match(error.message, /^git fetch: fatal: /)
    assert.doesNotMatch(error.message, /ghs_wrong|\/tmp/)
    return true
  })
})

scene('a redirect is not followed', async ({ server, mirror }) => {
  server.behaviour = 'redirect'
  await assert.rejects(mirror.fetch([MAIN]), GitUnavailable)
  assert.ok(server.requests.every((request) => request === 'GET info/refs'))
})

scene('on a machine without git, the message says so', async ({ reopen }) => {
  await assert.rejects(reopen({ environment: { PATH: '/nonexistent' } }).fetch([MAIN]), /is it installed/)
})

scene('locks of a killed git are removed when they are old, and respected while they are young', async (world) => {
  const { server, reopen, folder } = world
  server.author.push('main', { a: '1' })
  await reopen().fetch([MAIN])
  const [ref = ''] = readdirSync(join(folder, 'refs/perch/se'))
  const lock = join(folder, 'refs/perch/se', `${ref}.lock`)
  writeFileSync(lock, '')
  server.author.push('main', { a: '2' })
  await assert.rejects(reopen().fetch([MAIN]), /locked by another git/)
  const old = Date.now() / 1000 - 120
  utimesSync(lock, old, old)
  const main = server.author.push('main', { a: '3' })
  assert.equal((await reopen().fetch([MAIN])).get(MAIN), main)
  assert.equal(existsSync(lock), false)
})

scene('a damaged mirror is replaced', async ({ server, mirror, reopen, folder }) => {
  const main = server.author.push('main', many)
  await mirror.fetch([MAIN])
  await mirror.read(main, Object.keys(many))
  const packs = join(folder, 'objects/pack')
  for (const name of readdirSync(packs).filter((pack) => pack.endsWith('.pack'))) {
    chmodSync(join(packs, name), 0o644)
    writeFileSync(join(packs, name), 'not a pack')
  }
  const restarted = reopen()
  await assert.rejects(restarted.read(main, ['d/1.yaml']), GitUnavailable)
  assert.equal((await restarted.fetch([MAIN])).get(MAIN), main)
  assert.equal((await restarted.read(main, ['d/1.yaml'])).size, 1)
})

scene('half a mirror, or one whose refs point nowhere, is replaced', async ({ server, reopen, folder }) => {
  const main = server.author.push('main', many)
  await reopen().fetch([MAIN])
  rmSync(join(folder, 'objects/pack'), { recursive: true })
  const next = server.author.push('main', { a: '1' })
  const mirror = reopen()
  assert.equal((await mirror.fetch([MAIN])).get(MAIN), next)
  assert.equal((await mirror.read(next, ['a', 'd/1.yaml'])).size, 2)
  assert.deepEqual(await mirror.changed(main, next), ['a'])
  rmSync(join(folder, 'HEAD'))
  assert.equal((await reopen().fetch([MAIN])).get(MAIN), next)
})

scene('a mirror that git does not understand is replaced, but not while the server is down', async (world) => {
  const { server, reopen, folder } = world
  const main = server.author.push('main', many)
  await reopen().fetch([MAIN])
  writeFileSync(join(folder, 'config'), '[[[')
  server.behaviour = 'redirect'
  await assert.rejects(reopen().fetch([MAIN]), GitUnavailable)
  assert.equal(readFileSync(join(folder, 'config'), 'utf8'), '[[[')
  server.behaviour = 'serve'
  assert.equal((await reopen().fetch([MAIN])).get(MAIN), main)
  assert.equal((await reopen().entries(main)).length, 40)
})

scene('every fetch leaves a pack, and many packs are combined', async ({ server, mirror, folder }) => {
  let main = server.author.push('main', many)
  const packs = join(folder, 'objects/pack')
  const count = (): number => readdirSync(packs).filter((name) => name.endsWith('.pack')).length
  for (let round = 0; round < 4; round += 1) {
    main = server.author.push('main', { round: String(round) })
    await mirror.fetch([MAIN])
    assert.equal(count(), round + 1)
  }
  // The result of fifty more fetches, which would take most of the time of these tests.
  const [name = ''] = readdirSync(packs).filter((one) => one.endsWith('.pack'))
  for (let copy = 0; copy < 50; copy += 1) {
    const other = `pack-${String(copy).padStart(40, '0')}`
    for (const file of readdirSync(packs).filter((one) => one.startsWith(name.replace('.pack', '.'))))
      copyFileSync(join(packs, file), join(packs, file.replace(/^[^.]*/, other)))
  }
  main = server.author.push('main', { round: 'last' })
  await mirror.fetch([MAIN])
  // It happens when nobody waits. The next operation waits for it.
  await mirror.fetch([MAIN])
  assert.ok(count() < 10, String(count()))
  assert.equal((await mirror.read(main, ['round', 'd/3.yaml'])).size, 2)
})

test('a hanging git is killed with all processes that it started', async () => {
  const before = sleepers()
  const env = { PATH: process.env['PATH'] ?? '', GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }
  const ask = { title: 'git', env, folder: '/', timeoutMs: 300, maxBytes: 1000 }
  const hung = await runContained({ ...ask, command: ['git', '-c', 'alias.x=!sleep 4711 & sleep 4711', 'x'] })
  assert.deepEqual(hung, { end: 'timed-out' })
  assert.equal(sleepers(), before)
  const endless = await runContained({ ...ask, timeoutMs: 10_000, command: ['git', '-c', 'alias.x=!yes', 'x'] })
  assert.deepEqual(endless, { end: 'too-large' })
})

test('contents that are too large for one answer are read in parts, and a slow git is not started again', async () => {
  const failing = (problem: Error): Git => {
    const fail = async (): Promise<never> => {
      throw problem
    }
    return { folder: '', url: '', local: fail, remote: fail }
  }
  const shas = new Set(['a'.repeat(40)])
  assert.equal(await contentsOfFew(failing(new GitTooLarge('more than 24 MiB')), shas), undefined)
  await assert.rejects(contentsOfFew(failing(new GitTimedOut('too long')), shas), GitTimedOut)
  const git = openGit({ folder: tmpdir(), url: 'file:///x', token: async () => '' })
  const asked = git.local({ args: ['help', '-a'], maxBytes: 1024, isApart: true })
  await assert.rejects(asked, /^GitUnavailable: git help answered with more than 1 KiB/)
})

function sleepers(): number {
  const commands = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      } catch {
        return ''
      }
    })
  return commands.filter((command) => command === 'sleep\x004711\x00').length
}

function blobs(folder: string): number {
  const args = ['--git-dir', folder, 'cat-file', '--batch-all-objects', '--batch-check=%(objecttype)']
  return execFileSync('git', args, { encoding: 'utf8' })
    .split('\n')
    .filter((type) => type === 'blob').length
}

function grep(text: string, folder: string): string {
  try {
    return execFileSync('grep', ['-rla', text, folder], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
