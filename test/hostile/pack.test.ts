/**
 * Malicious pull requests: each is refused or harmless, within the time limit, with the code that reviews all pull requests.
 * Afterwards no process and no folder is left, and nobody has tried to reach the network, on which the test listens.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openRenderer } from '../../src/adapters/kustomize/renderer.ts'
import { openSchemas } from '../../src/adapters/schemas/schemas.ts'
import { findTool } from '../../src/adapters/kustomize/tool.ts'
import { memoryValidators } from '../memory/validators.ts'
import { validateReport } from '../../src/core/message/check/checks.ts'
import { summaryPages } from '../../src/core/message/comment/summary.ts'
import type { Review } from '../../src/core/gate/review.ts'
import { compareTrees } from '../../src/flows/judgement/judge-merge.ts'
import type { FileSource } from '../../src/flows/repository/load.ts'
import { type Content, hostileItems, type Item } from './items.ts'
import { QUIET } from '../quiet-log.ts'

// A separate folder, so that builds of other tests are not taken for leftovers.
process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'perch-hostile-'))
after(() => rmSync(tmpdir(), { recursive: true, force: true }))

const PATH = process.env['PATH'] ?? ''
/** A harmless build takes a fraction of a second. A review must end even if none of its builds does. */
const LIMIT_MS = 30_000
const tool = await findTool('kustomize', { path: PATH })
const skip = typeof tool === 'string' ? 'neither kustomize nor kubectl is installed' : false

let server: Server
let connections = 0
let port = 0

before(async () => {
  server = createServer((socket) => {
    connections += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

after(() => server.close())

const SAFE = { 'overlays/production/kustomization.yaml': 'resources: []\n' }

/** A repository without git: two trees by name. */
function filesOf(head: Item['files']): FileSource {
  const tree = (name: string): Readonly<Record<string, Content>> => (name === 'head' ? head : SAFE)
  const typeOf = (content: Content): 'file' | 'symlink' | 'submodule' =>
    typeof content === 'object' && 'git' in content ? content.git : 'file'
  return {
    mirror: {
      entries: async (name) => Object.entries(tree(name)).map(([path, content]) => ({ path, type: typeOf(content) })),
      read: async (name, paths) =>
        new Map(
          paths.flatMap((path) => {
            const content = tree(name)[path]
            return typeof content === 'string' ? [[path, content] as const] : []
          }),
        ),
    },
  }
}

async function reviewOf(item: Item): Promise<Review> {
  const renderer = openRenderer({ log: QUIET, path: PATH, timeoutMs: 5_000 })
  const context = { ...filesOf(item.files), renderer, schemas: openSchemas(), validators: memoryValidators() }
  const { review } = await compareTrees(context, { base: 'base', head: 'head', changed: 'all' })
  return review
}

function problemsOf(review: Review): readonly string[] {
  return [...new Set(review.problems.map(({ code, file, line }) => `${code} ${file}:${line}`))]
}

/** Child processes of this test that still run kustomize. */
function leftovers(): readonly string[] {
  const running = readdirSync('/proc').filter(
    (pid) => /^\d+$/.test(pid) && commandOf(pid).includes(join(tmpdir(), 'perch-render-')),
  )
  return [...running, ...readdirSync(tmpdir()).filter((name) => name.startsWith('perch-render-'))]
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const count = hostileItems(0).length
for (let index = 0; index < count; index += 1) {
  test(`hostile: ${hostileItems(0)[index]?.what}`, { skip }, async () => {
    const item = hostileItems(port)[index]
    assert.ok(item)
    const started = performance.now()
    const review = await reviewOf(item)
    const took = performance.now() - started
    assert.ok(took < LIMIT_MS, `took ${took} ms`)
    const found = problemsOf(review)
    if (item.expect === 'harmless') assert.deepEqual(found, [])
    else {
      assert.equal(found.length, item.expect.length, found.join('\n'))
      for (const [place, wanted] of item.expect.entries()) {
        const [codes = '', where] = wanted.split(' ')
        const fits = codes.split('|').map((code) => `${code} ${where}`)
        assert.ok(fits.includes(found[place] ?? ''), `${found[place]} instead of ${wanted}`)
      }
      assert.equal(validateReport(review).conclusion, 'failure')
    }
    isHarmless(review)
    assert.equal(connections, 0, 'somebody was called')
    assert.deepEqual(leftovers(), [])
  })
}

/** Perch's posts have one marker, no mention, and no text that looks different from what it is. */
function isHarmless(review: Review): void {
  const report = validateReport(review)
  const { comment, text = '' } = summaryPages(review)
  for (const posted of [comment, text, report.summary, report.text ?? '', report.title]) {
    const outside = posted.replaceAll(/(`{3,})[\s\S]*?\n\1(?=\n|$)|(`+)[^`][\s\S]*?\2/g, '')
    assert.doesNotMatch(outside, /@acme/, 'a live mention')
    assert.doesNotMatch(posted, /[\u202A-\u202E\u2066-\u2069]/, 'a bidi character')
    assert.ok(!outside.includes('<script'), 'HTML of theirs')
    assert.ok(posted.length <= 65_535)
  }
  assert.equal(comment.split('<!-- perch:').length - 1 - (comment.match(/[+-].*<!-- perch:/g)?.length ?? 0), 1)
}

test('whatever still reaches kustomize has no network, if the machine can take it away', { skip }, async (t) => {
  if (typeof tool === 'string' || !tool.walls.isOffline)
    return t.skip('optional: this machine lets nobody make a network namespace')
  const renderer = openRenderer({ log: QUIET, path: PATH, timeoutMs: 8_000 })
  const items = hostileItems(port).filter(({ what }) => what.startsWith('a resource at'))
  for (const { files } of items) {
    const texts = new Map(
      Object.entries(files).flatMap(([path, text]) => (typeof text === 'string' ? [[path, text] as const] : [])),
    )
    const rendered = await renderer.render(texts, { kind: 'kustomize', root: 'overlays/production' })
    assert.equal(rendered.ok, false)
  }
  assert.equal(connections, 0, 'somebody was called')
  assert.deepEqual(leftovers(), [])
})
