/** Many refs, which somebody may create to block Perch. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { openMirror } from '../../../src/adapters/git/mirror.ts'
import { type Mirror, READABLE_BELOW } from '../../../src/ports/mirror.ts'
import { originOf } from '../../contracts/mirror.ts'
import { type GitHttp, openGitHttp, TOKEN } from './git-http.ts'
import { QUIET } from '../../quiet-log.ts'

const MAIN = 'refs/heads/main'
const STOPS = 'refs/heads/perch/*'

interface World {
  readonly server: GitHttp
  readonly reopen: () => Mirror
  /** The number of files in which git keeps refs. */
  readonly written: () => number
  /** Creates or removes branches on the server. All point to one commit. */
  readonly branches: (verb: 'create' | 'delete', names: readonly string[], sha: string) => void
}

function scene(sentence: string, play: (world: World) => Promise<void>): void {
  test(sentence, async () => {
    const server = await openGitHttp()
    const home = mkdtempSync(join(tmpdir(), 'perch-crowd-'))
    const folder = join(home, '42.git')
    const environment = { PATH: process.env['PATH'] ?? '' }
    const branches: World['branches'] = (verb, names, sha) => {
      const input = names.map((name) => `${verb} refs/heads/${name} ${sha}`.trimEnd() + '\n').join('')
      execFileSync('git', ['update-ref', '--stdin'], { cwd: originOf(server.author), input })
      execFileSync('git', ['pack-refs', '--all'], { cwd: originOf(server.author) })
    }
    try {
      await play({
        server,
        reopen: () => openMirror({ folder, url: server.url, token: async () => TOKEN, log: QUIET, environment }),
        written: () =>
          readdirSync(join(folder, 'refs'), { withFileTypes: true, recursive: true }).filter((one) => one.isFile())
            .length,
        branches,
      })
    } finally {
      await server.close()
      rmSync(home, { recursive: true, force: true })
    }
  })
}

function crowd(name: (index: number) => string): readonly string[] {
  return Array.from({ length: 1_200 }, (_, index) => name(index))
}

scene('of many refs below a name, all are listed and only the first are fetched', async (world) => {
  const { server, reopen, written, branches } = world
  const main = server.author.push('main', { a: '1' })
  const stop = server.author.push('perch/freeze/production', { 'README.md': 'frozen\n' })
  const many = crowd((index) => `perch/hold/x/${index}`)
  branches('create', many, main)
  for (const mirror of [reopen(), reopen()]) {
    const found = await mirror.fetch([MAIN, STOPS, 'refs/heads/not-there'])
    assert.equal(found.size, 1_202)
    assert.deepEqual([found.get(MAIN), found.get('refs/heads/perch/freeze/production')], [main, stop])
    assert.equal(found.get('refs/heads/perch/hold/x/1199'), main)
    assert.equal((await mirror.read(stop, ['README.md'])).get('README.md'), 'frozen\n')
    assert.ok(written() <= READABLE_BELOW + 1, String(written()))
  }
  const mirror = reopen()
  const next = server.author.push('main', { a: '2' })
  server.requests.length = 0
  assert.equal((await mirror.fetch([MAIN, STOPS])).get(MAIN), next)
  assert.equal(server.conversations(), 2, 'the list, and what is needed')
  server.requests.length = 0
  assert.deepEqual(await mirror.fetch([MAIN]), new Map([[MAIN, next]]))
  assert.equal(server.conversations(), 1, 'nothing else is crowded')

  branches('delete', ['perch/freeze/production', ...many.slice(2)], '')
  const left = many.slice(0, 2).map((name) => `refs/heads/${name}`)
  assert.deepEqual([...(await mirror.fetch([STOPS])).keys()], left)
  server.requests.length = 0
  assert.deepEqual([...(await mirror.fetch([STOPS])).keys()], left)
  assert.equal(server.conversations(), 1, 'the crowd is gone')
  branches('delete', many.slice(0, 2), '')
  assert.deepEqual(await mirror.fetch([STOPS]), new Map())
})

scene('the first of many refs can be read, each at the commit that the fetch returned', async (world) => {
  const { server, reopen, branches } = world
  const main = server.author.push('main', { a: '1' })
  branches(
    'create',
    crowd((index) => `perch/z/${index}`),
    main,
  )
  const own = Array.from({ length: 5 }, (_, index) => server.author.push(`perch/a/${index}`, { a: `own ${index}` }))
  const mirror = reopen()
  const found = [...(await mirror.fetch([STOPS])).values()]
  assert.deepEqual(found.slice(0, 5), own)
  for (const sha of new Set(found.slice(0, READABLE_BELOW))) assert.equal((await mirror.read(sha, ['a'])).size, 1)
})

scene('many names similar to that of a branch do not keep the branch from being fetched alone', async (world) => {
  const { server, reopen, written, branches } = world
  const main = server.author.push('main', { a: '1' })
  const many = crowd((index) => `mai-${index}-n`)
  branches('create', many, main)
  const mirror = reopen()
  assert.deepEqual(await mirror.fetch([MAIN, STOPS]), new Map([[MAIN, main]]))
  assert.equal(written(), 1)
  const next = server.author.push('main', { a: '2' })
  server.requests.length = 0
  assert.deepEqual(await mirror.fetch([MAIN]), new Map([[MAIN, next]]))
  assert.equal(server.conversations(), 2)
  branches('delete', ['main'], '')
  assert.deepEqual(await mirror.fetch([MAIN]), new Map())
})
