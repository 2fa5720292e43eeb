/** The contract of every `Mirror`. The caller provides a mirror of a repository to which the author writes. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Mirror } from '../../src/ports/mirror.ts'
import type { Author } from '../adapters/git/git-http.ts'

export interface MirrorWorld {
  readonly mirror: Mirror
  readonly author: Author
  close(): Promise<void>
}

const MAIN = 'refs/heads/main'

export function mirrorContract(name: string, open: () => Promise<MirrorWorld>): void {
  const scene = (sentence: string, play: (world: MirrorWorld) => Promise<void>) =>
    test(`${name}: ${sentence}`, async () => {
      const world = await open()
      try {
        await play(world)
      } finally {
        await world.close()
      }
    })

  scene('a fetched ref is answered with its commit, also after a force-push', async ({ mirror, author }) => {
    const first = author.push('main', { 'a.yaml': 'a: 1\n' })
    assert.deepEqual(await mirror.fetch([MAIN]), new Map([[MAIN, first]]))
    author.git('checkout', '-q', '--orphan', 'other')
    const second = author.push('main', { 'a.yaml': 'a: 2\n' })
    assert.deepEqual(await mirror.fetch([MAIN]), new Map([[MAIN, second]]))
    assert.deepEqual(await mirror.read(second, ['a.yaml']), new Map([['a.yaml', 'a: 2\n']]))
    assert.deepEqual(
      await mirror.read(first, ['a.yaml']),
      new Map([['a.yaml', 'a: 1\n']]),
      'the old commit stays readable',
    )
  })

  scene('of large files only those are kept that somebody wants, and small ones always', async ({ mirror, author }) => {
    const large = (word: string): string => `${word}\n`.repeat(60_000)
    const head = author.push('main', { 'a.yaml': large('wanted'), 'b.yaml': large('other'), 'c.yaml': 'small\n' })
    await mirror.fetch([MAIN])
    const texts = await mirror.read(head, ['a.yaml', 'b.yaml', 'c.yaml'], (path, text) => {
      assert.notEqual(path, 'c.yaml')
      return text.startsWith('wanted')
    })
    assert.deepEqual([...texts.keys()], ['a.yaml', 'c.yaml'])
    assert.deepEqual([...(await mirror.read(head, ['b.yaml'])).keys()], ['b.yaml'])
  })

  scene('a ref that the server lacks is absent, and the others are there', async ({ mirror, author }) => {
    const main = author.push('main', { a: '1' })
    const pull = author.push('refs/pull/7/head', { a: '2' })
    const refs = [MAIN, 'refs/heads/nope', 'refs/pull/7/head', 'refs/heads/mai']
    assert.deepEqual(
      await mirror.fetch(refs),
      new Map([
        [MAIN, main],
        ['refs/pull/7/head', pull],
      ]),
    )
    assert.deepEqual(await mirror.fetch(['refs/heads/nope']), new Map())
    assert.deepEqual(await mirror.fetch([]), new Map())
  })

  scene('no ref is in the way of another, however it is called', async ({ mirror, author }) => {
    const main = author.push('main', { a: '1' })
    // The name that a guessable ref would need, so that a file is where another ref needs a folder.
    const hash = createHash('sha256').update(MAIN).digest('hex').slice(0, 40)
    const nasty = [
      `maie/${hash}/xn`,
      'maie/n',
      'mai/n',
      'mai.n',
      'mai.lockn',
      `mai${'x'.repeat(230)}n`,
      'refs/heads/main',
      '-main',
      '--upload-pack=main',
      'Main',
      'mainn',
      'main-plan',
      'ma\u00A0in',
      'm\u3000ain',
      'maïn',
      '@',
      'HEAD',
      'perch',
    ]
    const heads = nasty.map((name) => `refs/heads/${name}`)
    author.git('push', '-q', 'origin', ...heads.map((head) => `${main}:${head}`))
    assert.deepEqual(await mirror.fetch([MAIN]), new Map([[MAIN, main]]))
    assert.deepEqual(
      [...(await mirror.fetch([...heads, MAIN, 'refs/heads/perch/*'])).keys()].sort(),
      [...heads, MAIN].sort(),
    )
    author.git('push', '-q', 'origin', ':refs/heads/perch')
    const lower = nasty.filter((one) => one !== '@').map((name) => `${main}:refs/heads/perch/${name}`)
    author.git('push', '-q', 'origin', ...lower)
    const below = await mirror.fetch(['refs/heads/perch', 'refs/heads/perch/*', MAIN])
    assert.equal(below.size, nasty.length)
    assert.equal(below.get(MAIN), main)
  })

  scene('every ref below a name is answered, and those that went away are not', async ({ mirror, author }) => {
    const main = author.push('main', { a: '1' })
    const first = author.push('perch/hold/production/api', { a: '2' })
    const second = author.push('perch/freeze/staging', { a: '3' })
    author.push('perching', { a: '4' })
    const refs = ['refs/heads/perch/*', MAIN]
    assert.deepEqual(
      await mirror.fetch(refs),
      new Map([
        [MAIN, main],
        ['refs/heads/perch/freeze/staging', second],
        ['refs/heads/perch/hold/production/api', first],
      ]),
    )
    author.git('push', '-q', originOf(author), ':refs/heads/perch/freeze/staging')
    assert.deepEqual([...(await mirror.fetch(refs)).keys()].sort(), [MAIN, 'refs/heads/perch/hold/production/api'])
    assert.deepEqual(await mirror.fetch(['refs/heads/none/*']), new Map())
  })

  scene('a branch that was deleted is absent from then on, and a branch below its name takes over', async (world) => {
    const { mirror, author } = world
    author.push('main', { a: '1' })
    author.push('canary', { a: '2' })
    assert.equal((await mirror.fetch(['refs/heads/canary'])).size, 1)
    author.git('push', '-q', originOf(author), ':refs/heads/canary')
    const below = author.push('canary/prod', { a: '3' })
    assert.deepEqual(
      await mirror.fetch(['refs/heads/canary', 'refs/heads/canary/prod']),
      new Map([['refs/heads/canary/prod', below]]),
    )
  })

  scene('a copy of a file under a name of bytes does not hide its text', async ({ mirror, author }) => {
    const main = author.push('main', { 'route.yaml': 'a: 1\n', 'charts/route.tgz': 'a: 1\n', 'route.bin': 'a: 1\n' })
    await mirror.fetch([MAIN])
    const paths = ['charts/route.tgz', 'route.bin', 'route.yaml']
    const texts = new Map([
      ['charts/route.tgz', 'YTogMQo='],
      ['route.bin', 'YTogMQo='],
      ['route.yaml', 'a: 1\n'],
    ])
    assert.deepEqual(await mirror.read(main, paths), texts)
    assert.deepEqual(await mirror.read(main, paths.toReversed()), texts)
  })

  scene(
    'texts keep byte order mark and line ends, named bytes are base64; what is not UTF-8, no file or not there is absent',
    async (world) => {
      const { mirror, author } = world
      const main = author.push('main', {
        'bom.yaml': '\uFEFFa: 1\r\nb: 2\r\n',
        'bytes.yaml': Buffer.from([0xff, 0xfe, 0x00]),
        'store.jks': Buffer.from([0xff, 0xfe, 0x00]),
        'empty.yaml': '',
        'deep/no newline.yaml': 'ü: 1',
      })
      await mirror.fetch([MAIN])
      const paths = [
        'bom.yaml',
        'bytes.yaml',
        'store.jks',
        'empty.yaml',
        'deep/no newline.yaml',
        'deep',
        'nope',
        '../main',
        '',
      ]
      assert.deepEqual(
        await mirror.read(main, paths),
        new Map([
          ['bom.yaml', '\uFEFFa: 1\r\nb: 2\r\n'],
          ['store.jks', '//4A'],
          ['empty.yaml', ''],
          ['deep/no newline.yaml', 'ü: 1'],
        ]),
      )
    },
  )

  scene('entries tell files from symlinks and submodules, and a symlink has no text', async ({ mirror, author }) => {
    const first = author.push('main', { 'a/b.yaml': 'b: 1\n' })
    author.git('update-index', '--add', '--cacheinfo', `120000,${author.git('rev-parse', 'HEAD:a/b.yaml')},link`)
    author.git('update-index', '--add', '--cacheinfo', `160000,${first},module`)
    author.git('commit', '-q', '-m', 'odd entries')
    author.git('push', '-q', originOf(author), 'HEAD:main')
    const main = author.git('rev-parse', 'HEAD')
    await mirror.fetch([MAIN])
    assert.deepEqual(await mirror.entries(main), [
      { path: 'a/b.yaml', type: 'file' },
      { path: 'link', type: 'symlink' },
      { path: 'module', type: 'submodule' },
    ])
    assert.deepEqual(await mirror.read(main, ['link', 'module']), new Map())
  })

  scene('the first commit stays the same, whatever is pushed and merged', async ({ mirror, author }) => {
    const root = author.push('main', { a: '1' })
    author.push('main', { a: '2' })
    author.git('checkout', '-q', '--orphan', 'elsewhere')
    author.git('commit', '-q', '-m', 'another beginning')
    author.git('checkout', '-q', 'main')
    author.git('merge', '-q', '--allow-unrelated-histories', '-s', 'ours', '-m', 'both', 'elsewhere')
    author.git('push', '-q', originOf(author), 'HEAD:main')
    const head = (await mirror.fetch([MAIN])).get(MAIN) ?? ''
    assert.equal(await mirror.first(head), root)
  })

  scene('changed names the paths that differ, a rename as both', async ({ mirror, author }) => {
    const before = author.push('main', { 'a b': '1\n2\n3\n', 'ü.yaml': 'x', keep: 'k' })
    const after = author.push('main', { 'a b': undefined, moved: '1\n2\n3\n', 'ü.yaml': 'y' })
    await mirror.fetch([MAIN])
    assert.deepEqual(await mirror.changed(before, after), ['a b', 'moved', 'ü.yaml'])
    assert.deepEqual(await mirror.changed(after, after), [])
  })

  scene('a merge gives a tree that can be read, or the paths in conflict', async ({ mirror, author }) => {
    const lines = Array.from({ length: 20 }, (_, line) => `line: ${line}\n`)
    const base = author.push('main', { f: lines.join(''), g: 'g\n' })
    const clean = author.push('clean', { f: lines.with(19, 'line: changed\n').join(''), other: 'o' }, { from: base })
    const clash = author.push('clash', { f: lines.with(1, 'line: theirs\n').join('') }, { from: base })
    const main = author.push('main', { f: lines.with(1, 'line: ours\n').join('') }, { from: base })
    await mirror.fetch([MAIN, 'refs/heads/clean', 'refs/heads/clash'])
    const merged = await mirror.merge(main, clean)
    assert.ok('tree' in merged)
    const both = lines.with(1, 'line: ours\n').with(19, 'line: changed\n').join('')
    assert.deepEqual(await mirror.read(merged.tree, ['f']), new Map([['f', both]]))
    assert.deepEqual(await mirror.changed(main, merged.tree), ['f', 'other'])
    assert.deepEqual(await mirror.merge(main, clash), { conflicts: ['f'] })
  })

  scene('branches without a common past have no tree and name no path', async ({ mirror, author }) => {
    const main = author.push('main', { a: '1' })
    author.git('checkout', '-q', '--orphan', 'stranger')
    const stranger = author.push('stranger', { a: '2' })
    await mirror.fetch([MAIN, 'refs/heads/stranger'])
    assert.deepEqual(await mirror.merge(main, stranger), { conflicts: [] })
  })

  scene('landings are the commits by first parent that changed a path, newest first', async ({ mirror, author }) => {
    const first = author.push('main', { 'vs.yaml': '1', 'a*': '1', ab: '1' })
    author.push('main', { other: '1' })
    author.push('topic', { 'vs.yaml': '2' }, { from: 'main' })
    author.git('checkout', '-q', 'main')
    author.git('merge', '-q', '--no-ff', '-m', 'merge topic', 'topic')
    const merge = author.git('rev-parse', 'HEAD')
    const tip = author.push('main', { ab: '2' })
    await mirror.fetch([MAIN])
    const shas = async (paths: string[], limit = 10) => (await mirror.landings(tip, paths, limit)).map(({ sha }) => sha)
    assert.deepEqual(await shas(['vs.yaml']), [merge, first])
    assert.deepEqual(await shas(['vs.yaml', 'ab'], 2), [tip, merge])
    assert.deepEqual(await shas(['a*']), [first], 'a star is a character')
    assert.deepEqual(await shas([]), [])
    const [landing] = await mirror.landings(tip, ['ab'], 1)
    assert.equal(landing?.time, Number(author.git('show', '-s', '--format=%ct', tip)) * 1000)
  })

  scene('ahead is what head has and base has not, newest first, with whole messages', async ({ mirror, author }) => {
    const base = author.push('main', { a: '1' })
    const one = author.push('topic', { a: '2' }, { from: base, message: 'one\n\nbody of one\n\nTrailer: x' })
    const two = author.push('topic', { a: '3' }, { message: 'two ü' })
    const main = author.push('main', { b: '1' }, { from: base })
    await mirror.fetch([MAIN, 'refs/heads/topic'])
    assert.deepEqual(await mirror.ahead(main, two), [
      { sha: two, message: 'two ü' },
      { sha: one, message: 'one\n\nbody of one\n\nTrailer: x' },
    ])
    assert.deepEqual(await mirror.ahead(main, main), [])
  })

  scene('a commit that was never fetched is an error, and so is what is no object name', async ({ mirror, author }) => {
    author.push('main', { a: '1' })
    await mirror.fetch([MAIN])
    const unknown = '0123456789012345678901234567890123456789'
    await assert.rejects(mirror.entries(unknown), { name: 'NotFetched' })
    await assert.rejects(mirror.landings(unknown, ['a'], 1), { name: 'NotFetched' })
    await assert.rejects(mirror.merge(unknown, unknown), { name: 'NotFetched' })
    await assert.rejects(mirror.entries('--output=/tmp/x'), TypeError)
    await assert.rejects(mirror.fetch(['--upload-pack=evil']), TypeError)
    await assert.rejects(mirror.fetch(['refs/heads/a:refs/heads/b']), TypeError)
  })

  scene('many calls at once get along', async ({ mirror, author }) => {
    const main = author.push('main', { a: '1', b: '2', c: '3' })
    const other = author.push('other', { d: '4' })
    await Promise.all(
      [MAIN, 'refs/heads/other', MAIN].map(async (ref) => {
        const sha = (await mirror.fetch([ref])).get(ref)
        assert.equal(sha, ref === MAIN ? main : other)
        const texts = await Promise.all(['a', 'b', 'c'].map((path) => mirror.read(main, [path]).catch(() => undefined)))
        if (ref === MAIN)
          assert.deepEqual(
            texts.map((found) => found?.size),
            [1, 1, 1],
          )
      }),
    )
  })
}

/** The repository to which the author pushes. */
export function originOf(author: Author): string {
  return author.git('config', 'remote.origin.url')
}
