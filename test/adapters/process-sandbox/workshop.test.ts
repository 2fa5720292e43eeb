import assert from 'node:assert/strict'
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { afterEach, test } from 'node:test'
import { inWorkshop } from '../../../src/adapters/process-sandbox/workshop.ts'

const chosen = process.env['TMPDIR']

afterEach(() => {
  process.env['TMPDIR'] = chosen
})

/** The folder in which files are built if `TMPDIR` is not set. */
function placeOf(files: ReadonlyMap<string, string>): Promise<string> {
  delete process.env['TMPDIR']
  return inWorkshop(files, async ({ top }) => top)
}

function roomInMemory(): number {
  try {
    const { bavail, bsize } = statfsSync('/dev/shm')
    return bavail * bsize
  } catch {
    return 0
  }
}

test('a small environment is built in memory, where the machine has such a folder', async () => {
  const place = await placeOf(new Map([['kustomization.yaml', 'resources: []']]))
  assert.ok(place.startsWith(roomInMemory() > 2 ** 20 ? '/dev/shm/perch-render-' : '/tmp/perch-render-'), place)
})

test('an environment that is too large for memory is built on the disk', async () => {
  const text = 'x'.repeat(2 ** 28)
  const count = Math.ceil(roomInMemory() / text.length) + 1
  const files = new Map(Array.from({ length: count }, (_, index) => [`${index}.yaml`, text]))
  assert.match(await placeOf(files), /^\/tmp\/perch-render-/)
})

test('environments are built in TMPDIR', async () => {
  process.env['TMPDIR'] = chosen
  assert.ok((await inWorkshop(new Map(), async ({ top }) => top)).startsWith(tmpdir()))
})
