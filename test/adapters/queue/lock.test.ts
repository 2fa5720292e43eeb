import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, test } from 'node:test'
import { FolderInUse, lockFolder } from '../../../src/adapters/queue/folder-lock.ts'

const root = mkdtempSync(join(tmpdir(), 'perch-lock-'))
after(() => rmSync(root, { recursive: true, force: true }))

function newLock(): string {
  return join(mkdtempSync(join(root, 'data-')), 'queue.lock')
}

test('a lock held by a living process is refused in words that say what to do', async () => {
  const path = newLock()
  const lock = await lockFolder(path)
  await assert.rejects(lockFolder(path), (error: Error) => {
    assert.ok(error instanceof FolderInUse)
    assert.match(error.message, /queue\.lock is held by process \d+.*DATA_DIR.*DATABASE_URL/)
    return true
  })
  await lock.release()
  assert.equal(existsSync(path), false)
  await (await lockFolder(path)).release()
  assert.deepEqual(readdirSync(dirname(path)), [])
})

test('a lock of a process that is gone, a lock with a reused pid, and a half-written lock are taken over immediately', async () => {
  const path = newLock()
  const first = await lockFolder(path)
  const mine = JSON.parse(readFileSync(path, 'utf8'))
  await first.release()
  const gone = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => {
    gone.once('exit', resolve)
  })
  for (const left of [
    JSON.stringify({ ...mine, pid: gone.pid }),
    // In a container, the previous process may have had the same pid. Only the start time distinguishes them.
    JSON.stringify({ ...mine, started: '1' }),
    '{"pid":',
  ]) {
    writeFileSync(path, left)
    const start = performance.now()
    await (await lockFolder(path)).release()
    // Watching a lock takes ten seconds.
    assert.ok(performance.now() - start < 5_000)
  }
})

test('if several processes find the same stale lock, one of them gets it', async () => {
  const path = newLock()
  writeFileSync(path, '{}')
  const results = await Promise.allSettled([lockFolder(path), lockFolder(path), lockFolder(path)])
  const taken = results.filter(({ status }) => status === 'fulfilled')
  assert.equal(taken.length, 1)
})

test('a lock from another container is believed as long as it is touched, and taken over when it is not', async () => {
  const path = newLock()
  const text = JSON.stringify({ place: 'elsewhere', pid: 1, started: '1' })
  writeFileSync(path, text)
  const touch = setInterval(() => writeFileSync(path, text), 1_000)
  await assert.rejects(lockFolder(path), /another host or container/)
  clearInterval(touch)
  await (await lockFolder(path)).release()
})
