/** The size of a pull request in webhooks, counted without git, equals git's count. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { changeSize, commonLines } from '../../src/sandbox/git/change-size.ts'
import { diff } from '../../src/sandbox/git/history.ts'
import { type FileChange, writeCommit } from '../../src/sandbox/git/objects.ts'
import { type BareRepository, findGit, initBare } from '../../src/sandbox/git/run.ts'
import { SEED, tellSeed } from '../drawn.ts'
import { randomFrom } from '../stories/random.ts'

const WHO = { name: 'alice', email: 'alice@localhost', at: 0 }

function commit(bare: BareRepository, parent: string | undefined, files: Readonly<Record<string, FileChange>>): string {
  const draft = { parent, files: new Map(Object.entries(files)), keepsModes: true, message: 'x\n' }
  return writeCommit(bare, { ...draft, author: WHO, committer: WHO })
}

function aRepository(t: { after(work: () => void): void }): BareRepository {
  const folder = mkdtempSync(join(tmpdir(), 'perch-size-'))
  t.after(() => rmSync(folder, { recursive: true }))
  return initBare(findGit(folder), join(folder, 'bare'), 'main')
}

test('the number of unchanged lines in random texts equals git’s, wherever git is not asked', (t) => {
  tellSeed(t)
  const random = randomFrom(SEED)
  const lines = (kinds: number): string[] =>
    Array.from({ length: Math.floor(random() * 30) }, () => `${Math.floor(random() * kinds)}\n`)
  const texts = Array.from({ length: 200 }, (_, index) => {
    const kinds = 2 + (index % 40)
    const old = lines(kinds)
    const young = index % 2 === 0 ? lines(kinds) : old.flatMap((line) => (random() < 0.2 ? lines(3) : [line]))
    return { path: `file-${index}`, old, young }
  })
  const bare = aRepository(t)
  const side = (which: 'old' | 'young') => Object.fromEntries(texts.map((one) => [one.path, one[which].join('')]))
  const before = commit(bare, undefined, side('old'))
  const counted = new Map(diff(bare, before, commit(bare, before, side('young'))).map((file) => [file.path, file]))
  let known = 0
  for (const { path, old, young } of texts) {
    const kept = commonLines(old, young)
    if (kept === undefined) continue
    known += 1
    const { additions = 0, deletions = 0 } = counted.get(path) ?? {}
    assert.deepEqual([young.length - kept, old.length - kept], [additions, deletions], path)
  }
  assert.ok(known > 50, `only ${known} were counted without git`)
})

test('added, removed, renamed and binary files, and those that lose the last line break, count like in git', (t) => {
  const bare = aRepository(t)
  const start = { 'a.yaml': 'a\nb\nc\n', 'b.yaml': 'x\ny', link: { mode: '120000', contents: 'a.yaml' } as const }
  const first = commit(bare, undefined, start)
  const changes: readonly Readonly<Record<string, FileChange>>[] = [
    { 'a.yaml': 'a\nB\nc\nd\n' },
    { 'a.yaml': 'a\nb\nc' },
    { 'b.yaml': 'x\ny\n', 'c.yaml': 'new\n' },
    { 'a.yaml': null },
    { 'a.yaml': null, 'moved.yaml': 'a\nb\nc\n' },
    { 'b.yaml': Buffer.from('x\0\ny') },
    { link: { mode: '120000', contents: 'b.yaml' } },
    { 'd.yaml': '' },
    { sub: { submodule: '1'.repeat(40) } },
  ]
  for (const change of changes) {
    const then = commit(bare, first, change)
    const files = diff(bare, first, then)
    const sum = (key: 'additions' | 'deletions') => files.reduce((all, file) => all + file[key], 0)
    const expected = { files: files.length, additions: sum('additions'), deletions: sum('deletions') }
    assert.deepEqual(changeSize(bare, first, then), expected, JSON.stringify(change))
  }
  assert.deepEqual(changeSize(bare, undefined, first), { files: 3, additions: 6, deletions: 0 })
})
