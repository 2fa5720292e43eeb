import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { openWorktree } from '../../../src/adapters/checkout/worktree.ts'
import { openCheckout } from '../../../src/adapters/git/checkout.ts'
import { type Checkout, WORK_TREE } from '../../../src/ports/checkout.ts'
import { git } from './git-http.ts'
import { QUIET } from '../../quiet-log.ts'

const home = mkdtempSync(join(tmpdir(), 'perch-git-checkout-'))
after(() => rmSync(home, { recursive: true, force: true }))
const environment = { PATH: process.env['PATH'] ?? '' }

interface World {
  readonly dir: string
  readonly checkout: Checkout
  readonly write: (files: Readonly<Record<string, string>>) => void
  readonly commit: (files: Readonly<Record<string, string>>) => string
}

function put(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true })
    writeFileSync(join(dir, path), text)
  }
}

function repository(): Omit<World, 'checkout'> {
  const dir = mkdtempSync(join(home, 'r-'))
  git(dir, 'init', '-q', '-b', 'main', '.')
  const write: World['write'] = (files) => put(dir, files)
  const commit: World['commit'] = (files) => {
    write(files)
    git(dir, 'add', '-A')
    git(dir, 'commit', '-q', '-m', 'c')
    return git(dir, 'rev-parse', 'HEAD')
  }
  return { dir, write, commit }
}

const opened = (folder: string) => openCheckout({ folder, openWorktree, log: QUIET, environment })

/** Opens a repository after `make`, runs a play, and checks that no byte of `.git` has changed. */
function scene(
  sentence: string,
  make: (world: Omit<World, 'checkout'>) => void,
  play: (world: World) => Promise<void>,
) {
  test(sentence, async () => {
    const made = repository()
    make(made)
    const before = fingerprint(join(made.dir, '.git'))
    const checkout = await opened(made.dir)
    assert.ok(checkout !== undefined)
    try {
      await play({ ...made, checkout })
      assert.deepEqual(fingerprint(join(made.dir, '.git')), before)
    } finally {
      await checkout.close()
    }
  })
}

function fingerprint(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return new Map(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path, createHash('sha1').update(readFileSync(path)).digest('hex')]
    }),
  )
}

scene(
  'commits are read by name, and so are their differences',
  ({ dir, commit }) => {
    commit({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
    git(dir, 'tag', '-a', 'v1', '-m', 'v1')
    commit({ 'a.yaml': 'a: 2\n' })
  },
  async ({ dir, checkout }) => {
    const [old = '', now = ''] = await Promise.all(['v1', 'HEAD'].map((name) => checkout.resolve(name)))
    assert.equal(old, git(dir, 'rev-parse', 'HEAD~1'))
    assert.equal(await checkout.resolve('main'), now)
    assert.deepEqual(await checkout.changed(old, now), ['a.yaml'])
    assert.deepEqual(await checkout.read(old, ['a.yaml', 'c.yaml']), new Map([['a.yaml', 'a: 1\n']]))
    assert.deepEqual(await checkout.entries(now), [
      { path: 'a.yaml', type: 'file' },
      { path: 'b.yaml', type: 'file' },
    ])
    for (const name of ['nope', '', '--all', '-h', 'HEAD:a.yaml', '0'.repeat(40)])
      assert.equal(await checkout.resolve(name), undefined, name)
  },
)

scene(
  'the work tree has the files that git knows and new ones, without ignored files',
  ({ dir, commit, write }) => {
    commit({ 'same.yaml': 's: 1\n', 'edited.yaml': 'e: 1\n', 'deleted.yaml': 'd: 1\n', '.gitignore': 'out/\n*.log\n' })
    symlinkSync('same.yaml', join(dir, 'link'))
    commit({})
    write({ 'edited.yaml': 'e: 2\r\n', 'new/file.yaml': 'n: 1\n', 'out/rendered.yaml': 'r: 1\n', 'x.log': 'x' })
    rmSync(join(dir, 'deleted.yaml'))
  },
  async ({ checkout }) => {
    const head = (await checkout.resolve('HEAD')) ?? ''
    assert.deepEqual(await checkout.changed(head, WORK_TREE), ['deleted.yaml', 'edited.yaml', 'new/file.yaml'])
    assert.deepEqual((await checkout.entries(WORK_TREE)).map(({ path }) => path).sort(), [
      '.gitignore',
      'edited.yaml',
      'link',
      'new/file.yaml',
      'same.yaml',
    ])
    assert.deepEqual(await checkout.read(WORK_TREE, ['edited.yaml']), new Map([['edited.yaml', 'e: 2\r\n']]))
  },
)

scene(
  'a trial merge writes nothing into the repository',
  ({ dir, commit }) => {
    commit({ 'a.yaml': '1\n2\n3\n4\n5\n' })
    git(dir, 'checkout', '-q', '-b', 'topic')
    commit({ 'a.yaml': '1\n2\n3\n4\nfive\n' })
    git(dir, 'checkout', '-q', '-b', 'clash', 'main')
    commit({ 'a.yaml': 'uno\n2\n3\n4\n5\n' })
    git(dir, 'checkout', '-q', 'main')
    commit({ 'a.yaml': 'one\n2\n3\n4\n5\n' })
  },
  async ({ checkout }) => {
    const [main = '', topic = '', clash = ''] = await Promise.all(
      ['main', 'topic', 'clash'].map((n) => checkout.resolve(n)),
    )
    const merged = await checkout.merge(main, topic)
    assert.ok('tree' in merged)
    assert.deepEqual(await checkout.read(merged.tree, ['a.yaml']), new Map([['a.yaml', 'one\n2\n3\n4\nfive\n']]))
    assert.deepEqual(await checkout.merge(main, clash), { conflicts: ['a.yaml'] })
  },
)

scene(
  "nothing in the repository's configuration runs: no hook, monitor, filter, driver or remote",
  ({ dir, commit, write }) => {
    const trap = join(dir, '.git', 'trap.sh')
    commit({ 'a.yaml': '1\n', '.gitattributes': '*.yaml filter=trap merge=trap diff=trap\n' })
    git(dir, 'checkout', '-q', '-b', 'topic')
    commit({ 'a.yaml': '2\n' })
    git(dir, 'checkout', '-q', 'main')
    commit({ 'a.yaml': '3\n' })
    writeFileSync(trap, `#!/bin/sh\ntouch ${dir}/sprung\ncat\n`)
    chmodSync(trap, 0o755)
    for (const key of [
      'core.fsmonitor',
      'filter.trap.clean',
      'filter.trap.smudge',
      'merge.trap.driver',
      'diff.external',
      'core.sshCommand',
      'core.pager',
    ])
      git(dir, 'config', key, trap)
    git(dir, 'config', 'core.hooksPath', join(dir, '.git'))
    write({ 'a.yaml': '4\n' })
  },
  async ({ dir, checkout }) => {
    const [main = '', topic = ''] = await Promise.all(['main', 'topic'].map((name) => checkout.resolve(name)))
    assert.deepEqual(await checkout.changed(main, WORK_TREE), ['a.yaml'])
    assert.deepEqual(await checkout.merge(main, topic), { conflicts: ['a.yaml'] })
    assert.equal(existsSync(join(dir, 'sprung')), false)
  },
)

test('a folder below, and a linked work tree, lead to their own top', async () => {
  const { dir, commit } = repository()
  commit({ 'a/b/c.yaml': 'c: 1\n' })
  const linked = join(home, 'linked')
  git(dir, 'worktree', 'add', '-q', linked)
  writeFileSync(join(linked, 'new.yaml'), 'n: 1\n')
  for (const [folder, files] of [
    [join(dir, 'a', 'b'), ['a/b/c.yaml']],
    [linked, ['a/b/c.yaml', 'new.yaml']],
  ] as const) {
    const checkout = await opened(folder)
    assert.deepEqual((await checkout?.entries(WORK_TREE))?.map(({ path }) => path).sort(), files)
    assert.ok((await checkout?.resolve('HEAD')) !== undefined)
    await checkout?.close()
  }
})

test('a shallow clone is read as far as it goes, and a folder outside of a repository is reported', async () => {
  const { dir, commit } = repository()
  commit({ 'a.yaml': '1\n' })
  const first = git(dir, 'rev-parse', 'HEAD')
  commit({ 'a.yaml': '2\n' })
  const shallow = join(home, 'shallow')
  git(home, 'clone', '-q', '--depth=1', `file://${dir}`, shallow)
  const checkout = await opened(shallow)
  const head = (await checkout?.resolve('HEAD')) ?? ''
  assert.deepEqual(await checkout?.merge(head, head), { tree: git(dir, 'rev-parse', 'HEAD^{tree}') })
  assert.equal(await checkout?.resolve(first), undefined)
  await checkout?.close()
  const bare = join(home, 'bare.git')
  execFileSync('git', ['init', '-q', '--bare', bare])
  for (const folder of [mkdtempSync(join(home, 'plain-')), bare]) assert.equal(await opened(folder), undefined)
})

scene(
  'unchanged files are read from the commit, and changed ones from the work tree',
  ({ commit, write }) => {
    commit({ 'a.yaml': 'a: 1\n', 'b.yaml': 'b: 1\n' })
    write({ 'b.yaml': 'b: 2\n', 'new.yaml': 'c: 1\n' })
  },
  async ({ checkout }) => {
    const paths = ['a.yaml', 'b.yaml', 'new.yaml', 'none.yaml']
    const before = await checkout.read(WORK_TREE, paths)
    const head = await checkout.resolve('HEAD')
    assert.deepEqual(await checkout.changed(head ?? '', WORK_TREE), ['b.yaml', 'new.yaml'])
    const texts = await checkout.read(WORK_TREE, paths)
    assert.deepEqual(texts, before)
    assert.deepEqual([...texts.values()].toSorted(), ['a: 1\n', 'b: 2\n', 'c: 1\n'])
  },
)
