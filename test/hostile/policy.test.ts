/**
 * Malicious or careless policies and schemas: each ends in time, is red, reaches nobody, and leaves nothing behind. And pull
 * requests that attack the programs that check them.
 */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openValidators } from '../../src/adapters/policy/validators.ts'
import { needsTool, TOOL_PATH } from '../adapters/policy/tools.ts'
import { crds, policy, RENDERING, rendering, schemas } from '../contracts/validators.ts'
import { QUIET } from '../quiet-log.ts'

process.env['TMPDIR'] = mkdtempSync(join(tmpdir(), 'perch-hostile-policy-'))
after(() => rmSync(tmpdir(), { recursive: true, force: true }))

let connections = 0
let address = ''
const server = createServer((_, response) => {
  connections += 1
  response.setHeader('content-type', 'application/json')
  response.end('{"type": "string"}')
})

before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const found = server.address()
  address = `http://127.0.0.1:${typeof found === 'object' ? found?.port : ''}`
  // The listener works. Otherwise silence would prove nothing.
  await fetch(address)
  assert.equal(connections, 1)
  connections = 0
})
after(() => server.close())

/** Programs of this test that still run, and its folders that still exist. */
function leftovers(): readonly string[] {
  const running = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && isOurs(pid))
  return [...running, ...readdirSync(tmpdir()).filter((name) => name.startsWith('perch-'))]
}

function isOurs(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(join(tmpdir(), 'perch-'))
  } catch {
    return false
  }
}

const validators = openValidators({ log: QUIET, path: TOOL_PATH, timeoutMs: 20_000 })
const opa = needsTool('opa')

/** OPA alone, as on a machine without programs to isolate it. Then its own options must be enough. */
const bare = mkdtempSync(join(tmpdir(), 'bare-'))
const opaFile = TOOL_PATH.split(':')
  .map((folder) => join(folder, 'opa'))
  .find((file) => existsSync(file))
if (opaFile !== undefined) symlinkSync(opaFile, join(bare, 'opa'))
const unfenced = openValidators({ log: QUIET, path: bare })

const reaching: readonly [what: string, rule: (to: string) => string][] = [
  ['http.send', (to) => `deny contains http.send({"method": "GET", "url": "${to}"}).body if input`],
  ['http.send by another name', (to) => `f := http.send({"method": "GET", "url": "${to}"})\ndeny contains f if input`],
  ['net.lookup_ip_addr', () => 'deny contains x if some x in net.lookup_ip_addr("localhost")'],
  ['opa.runtime', () => 'deny contains opa.runtime().env if input'],
  ['rand.intn', () => 'deny contains sprintf("%d", [rand.intn("x", 5)]) if input'],
]
for (const [what, rule] of reaching) {
  test(`hostile policy: ${what} does not exist`, opa, async () => {
    for (const programs of [validators, unfenced]) {
      const rules = policy({ 'a.rego': `package main\n${rule(address)}\n` })
      const failure = await programs.compile(rules)
      assert.ok(failure?.code === 'not-valid', JSON.stringify(failure))
      assert.match(JSON.stringify(failure), /undefined function/)
      const checked = await programs.judge(rules, RENDERING)
      assert.equal(checked.ok, false)
    }
    assert.equal(connections, 0, 'somebody was called')
    assert.deepEqual(leftovers(), [])
  })
}

test('hostile policy: no builtin fetches a schema from an address', opa, async () => {
  const rule = `deny contains "x" if json.match_schema(input, {"$ref": "${address}/schema"})[0]`
  const rules = policy({ 'a.rego': `package main\n${rule}\n` })
  for (const programs of [validators, unfenced]) {
    assert.equal(await programs.compile(rules), undefined)
    const checked = await programs.judge(rules, RENDERING)
    assert.ok(!checked.ok, 'what could not be judged passed')
  }
  assert.equal(connections, 0, 'somebody was called')
})

const RANGE = 'numbers.range(1, 100000)'
const exhausting: readonly [what: string, rule: string, codes: readonly string[]][] = [
  [
    'a loop that does not end',
    `deny contains "x" if { some a in ${RANGE}; some b in ${RANGE}; a * b == 0 }`,
    ['timed-out'],
  ],
  [
    'a comprehension that takes all memory',
    `deny contains "x" if count([[a, b, input] | some a in ${RANGE}; some b in ${RANGE}]) == 0`,
    ['too-large', 'timed-out'],
  ],
  [
    'endless words',
    `deny contains msg if { some a in ${RANGE}; msg := sprintf("%d %s", [a, concat("", [x | some y in numbers.range(1, 100); x := "xxxxxxxxxx"])]) }`,
    ['too-large', 'timed-out'],
  ],
]
for (const [what, rule, codes] of exhausting) {
  test(`hostile policy: ${what} is stopped once for all environments`, opa, async () => {
    const bounded = openValidators({ log: QUIET, path: TOOL_PATH, timeoutMs: 1_500 })
    const rules = policy({ 'a.rego': `package main\n${rule}\n` })
    const started = performance.now()
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, n) => bounded.judge(rules, { ...RENDERING, environment: `e${n}` })),
    )
    const took = performance.now() - started
    for (const checked of all)
      assert.ok(!checked.ok && codes.includes(checked.failure.code), JSON.stringify(checked).slice(0, 300))
    assert.ok(took < 20_000, `took ${took} ms`)
    assert.deepEqual(leftovers(), [])
  })
}

test('hostile policy: recursion does not compile', opa, async () => {
  const failure = await validators.compile(
    policy({ 'a.rego': 'package main\nf(x) := g(x + 1)\ng(x) := f(x)\ndeny contains "x" if f(1)\n' }),
  )
  assert.match(JSON.stringify(failure), /recursive/)
})

test('hostile policy: one that redefines the objects cannot hide them from the rules', opa, async () => {
  for (const other of [
    'package perch\nobjects := []\n',
    'package perch.objects\nx := 1\n',
    'package data.perch\nobjects := []\n',
  ]) {
    const rules = policy({ 'a.rego': 'package main\ndeny contains "x" if input.kind == "Service"\n', 'b.rego': other })
    const checked = await validators.judge(rules, RENDERING)
    assert.ok(!checked.ok || checked.remarks.length === 1, `${other}: ${JSON.stringify(checked)}`)
  }
})

test(
  'hostile schema: kubeconform uses only the given schemas and downloads nothing by default',
  needsTool('kubeconform'),
  async () => {
    const checked = await validators.fit(RENDERING, schemas('kubernetes: 1.30.0', { 'x.json': '{}' }))
    assert.ok(
      checked.ok && checked.remarks.every(({ text }) => text.startsWith('could not find schema')),
      JSON.stringify(checked),
    )
    assert.equal(checked.remarks.length, 2)
    assert.equal(connections, 0)
    assert.deepEqual(leftovers(), [])
  },
)

test(
  'hostile objects: kubectl-validate asks no server for schemas, with or without a network',
  needsTool('kubectl-validate'),
  async () => {
    const deep = `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`
    const odd = rendering(
      `apiVersion: v1\nkind: ../../x\nmetadata: { name: a }\n---\napiVersion: --version/1.99\nkind: Pod\nmetadata: { name: b }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: c }\ndata: ${deep}\n`,
    )
    const checked = await validators.admit(odd, crds('', []), [])
    assert.ok(checked.ok, JSON.stringify(checked))
    assert.deepEqual([...new Set(checked.remarks.map(({ object }) => object))], [0, 1, 2])
    const unknown = await validators.define(crds('kubernetes: "1.99"', []))
    assert.ok(unknown?.code === 'not-valid', JSON.stringify(unknown))
    assert.equal(connections, 0)
    assert.deepEqual(leftovers(), [])
  },
)

test('hostile YAML: yamllint ends with a red check or a message', needsTool('yamllint'), async () => {
  const bounded = openValidators({ log: QUIET, path: TOOL_PATH, timeoutMs: 5_000 })
  const bombs: Readonly<Record<string, string>> = {
    deep: `a: ${'['.repeat(50_000)}`,
    aliases: `a: &a [x]\n${Array.from({ length: 30 }, (_, n) => `b${n}: &b${n} [*${n === 0 ? 'a' : `b${n - 1}`}, *${n === 0 ? 'a' : `b${n - 1}`}]\n`).join('')}`,
    wide: `a: ${'x'.repeat(2_000_000)}\n`,
    tags: '!!python/object/apply:os.system ["touch owned"]\n',
  }
  for (const [name, text] of Object.entries(bombs)) {
    const checked = await bounded.lint(new Map([['a.yaml', text]]), new Map())
    // The others are valid, and nothing in them is executed.
    if (name === 'deep') assert.ok(!checked.ok || checked.remarks.length > 0)
  }
  const odd = await validators.lint(
    new Map([
      ['a\nb.yaml:1:1: [error] forged (x)\nc.yaml', 'a: 1\n'],
      ['b.yaml', 'a: 1\n'],
    ]),
    new Map(),
  )
  assert.ok(odd.ok && odd.remarks.every(({ text }) => text !== 'forged'), JSON.stringify(odd))
  assert.deepEqual(leftovers(), [])
})

test(
  'hostile objects: no tool obeys names and values that look like options, templates or programs',
  needsTool('istioctl', 'opa'),
  async () => {
    const odd = {
      environment: '--help',
      objects: RENDERING.objects.map((object) => ({
        ...object,
        data: { ...object.data, 'x\n---\nkind: Y': '{{ template }} $(touch owned)' },
      })),
    }
    const rules = policy({
      '--help.rego': 'package main\ndeny contains sprintf("%v", [data.perch.environment]) if input\n',
    })
    const judged = await validators.judge(rules, odd)
    assert.ok(judged.ok && judged.remarks.every(({ text }) => text === '--help'))
    assert.ok((await validators.analyze(odd)).ok)
    assert.deepEqual(leftovers(), [])
  },
)
