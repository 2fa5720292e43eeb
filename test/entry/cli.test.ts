import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { BLUE_GREEN_SUBSETS, blueGreenRoute } from '../blue-green.ts'
import { needsKustomize } from '../tools.ts'
import { checkout, perch, type Printed } from './perch.ts'
import { gitops, VS, weightsIn } from '../stories/world.ts'

function perchProcess(...words: string[]): Printed {
  const done = spawnSync(process.execPath, ['src/entry/cli.ts', ...words], { encoding: 'utf8' })
  return { code: done.status, out: done.stdout, err: done.stderr }
}

test('the program prints the output of its commands, and exits with their code', async () => {
  const dir = checkout(gitops())
  for (const words of [['status', '--dir', dir], ['validate', '--dir', dir], ['set', '25', '--dir', dir], ['dance']]) {
    const found = perchProcess(...words)
    assert.deepEqual(found, await perch(...words))
    assert.ok(!found.out.includes('\u001B'), 'no colour in a pipe')
  }
})

test('perch set edits the one file in place, prints what changed and exits 0', async () => {
  const dir = checkout(gitops())
  const set = await perch('set', '25', 'api-service', '--env', 'production', '--dir', dir)
  assert.deepEqual([set.code, set.err], [0, ''])
  assert.match(
    set.out,
    /^production\/api-service: canary 0% → 25%\nRendered before and after: nothing but this route changes\.\nwrote overlays\/\S+\.yaml\n\n--- a\/overlays/,
  )
  assert.equal(weightsIn(readFileSync(join(dir, VS), 'utf8')), '75/25')
  assert.match((await perch('set', '25', '--env', 'production', '--dir', dir)).out, /nothing changed/)
})

test('perch switch sends all traffic to a version; a dry run only tells', async () => {
  const file = 'apps/route.yaml'
  const dir = checkout({ [file]: blueGreenRoute('blue', 'green'), 'apps/subsets.yaml': BLUE_GREEN_SUBSETS })
  const dry = await perch('switch', 'green', 'web', '--dir', dir, '--dry-run')
  assert.match(
    dry.out,
    /^default\/web: blue → green\nRendered before and after: nothing but this route changes\.\nwould write apps\/route\.yaml\n\n--- a\/apps/,
  )
  assert.equal(readFileSync(join(dir, file), 'utf8'), blueGreenRoute('blue', 'green'))
  const { out } = await perch('switch', 'green', 'web', '--dir', dir)
  assert.equal(out, dry.out.replace('would write', 'wrote'))
  assert.equal(readFileSync(join(dir, file), 'utf8'), blueGreenRoute('green', 'blue'))
  assert.match((await perch('switch', 'green', '--dir', dir)).out, /nothing changed/)
  assert.match((await perch('status', '--dir', dir)).out, /^default\/web {2}active green, idle blue\n/)
  assert.match((await perch('set', '25', '--dir', dir)).err, /\/switch blue/)
  assert.equal((await perch('switch', '--dir', dir)).code, 2)
})

test('perch status shows the state of every rollout, for people and for machines', async () => {
  const dir = checkout(gitops(undefined, [95, 5]))
  assert.match(
    (await perch('status', '--dir', dir)).out,
    /production\/api-service {2}canary 5%, stable v1, canary v2\n {2}VirtualService default\/api-service in overlays/,
  )
  const found: unknown = JSON.parse((await perch('status', '--json', '--env', 'staging', '--dir', dir)).out)
  assert.ok(Array.isArray(found) && found.length === 1)
  assert.deepEqual([found[0].environment, found[0].canary, found[0].phase], ['staging', 5, 'stepping'])
})

test('a folder without any environment is refused by every command, and never green', async () => {
  const dir = checkout({ 'README.md': 'Nothing to deploy\n' })
  for (const words of [['status'], ['validate'], ['set', '25'], ['diff']]) {
    const done = await perch(...words, '--dir', dir)
    assert.deepEqual([done.code, done.out], [1, ''], words.join(' '))
    assert.match(done.err, /^perch: [A-Z].*\.\n$/)
  }
  assert.match((await perch('validate', '--dir', dir)).err, /There is no environment here/)
})

test('every command refuses a missing environment, and lists the existing ones', async () => {
  const dir = checkout(gitops())
  for (const words of [['status'], ['validate'], ['set', '25']]) {
    const done = await perch(...words, '--env', 'prod', '--dir', dir)
    assert.deepEqual([done.code, done.out], [1, ''], words.join(' '))
    assert.match(done.err, /prod/)
    assert.match(done.err, /production/)
    assert.match(done.err, /staging/)
  }
})

test('a repository with more YAML than Perch keeps is read if the large files do not concern traffic', async () => {
  const old = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: old}\ndata:\n  text: |\n${'    what was released before\n'.repeat(37_000)}`
  const released = Object.fromEntries(
    Array.from({ length: 66 }, (_, index) => [`released/v${index}.yaml`, `# ${index}\n${old}`]),
  )
  const dir = checkout({ ...gitops(), ...released })
  const author = ['-c', 'core.compression=0', '-c', 'user.name=x', '-c', 'user.email=x@example.com']
  for (const words of [
    ['init', '-q'],
    ['add', '-A'],
    ['commit', '-qm', 'all'],
  ])
    execFileSync('git', [...author, ...words], { cwd: dir })
  const set = await perch('set', '25', 'api-service', '--env', 'production', '--dir', dir)
  assert.deepEqual([set.code, set.err], [0, ''])
  const validated = await perch('validate', '--dir', dir)
  assert.equal(validated.code, 0, validated.out + validated.err)
})

test('perch status shows the actual share, and the reason if it is unexpected', async () => {
  const { [VS]: text = '' } = gitops()
  const surprising = text.replace(/weight: 100.*\n/, '\n').replace('weight: 0', 'weight: 10')
  const dir = checkout({ 'vs.yaml': surprising })
  const told = await perch('status', '--dir', dir)
  assert.match(
    told.out,
    /rule main \(line \d+\): stable 0%, canary 100%\n {4}stable: It has no weight, which counts as 0 among several destinations of a VirtualService/,
  )
  const [found]: { rules: { destinations: { reason: string | null }[] }[] }[] = JSON.parse(
    (await perch('status', '--json', '--dir', dir)).out,
  )
  assert.equal(found?.rules[0]?.destinations[0]?.reason, 'missing-is-zero')
})

/** A checkout with one commit. */
function repository(files: Readonly<Record<string, string>> = gitops()): string {
  const dir = checkout(files)
  git(dir, 'init', '-q', '-b', 'main', '.')
  commit(dir)
  return dir
}

function commit(dir: string): void {
  git(dir, 'add', '-A')
  git(dir, '-c', 'user.name=a', '-c', 'user.email=a@example.com', 'commit', '-q', '-m', 'c')
}

function git(dir: string, ...args: string[]): void {
  execFileSync('git', args, { cwd: dir, env: { PATH: process.env['PATH'], HOME: dir } })
}

function edit(dir: string, path: string, change: (text: string) => string): void {
  writeFileSync(join(dir, path), change(readFileSync(join(dir, path), 'utf8')))
}

test('perch diff prints traffic first and then every hunk, between HEAD and the files', needsKustomize, async () => {
  const dir = repository()
  const still = await perch('diff', '--dir', dir)
  assert.deepEqual(still, { code: 0, out: 'The rendered environments do not change.\n', err: '' })
  assert.equal((await perch('set', '25', '--env', 'production', '--dir', dir)).code, 0)
  const found = await perch('diff', '--dir', join(dir, 'overlays', 'staging'))
  assert.deepEqual([found.code, found.err], [0, ''])
  assert.match(
    found.out,
    /^production\/api-service main: 100\/0 → 75\/25 \(stable\/canary\)\n\n=== production: VirtualService api-service changed \(\+\d+ −\d+\)\n {4}api-service main: .*\n@@ /,
  )
  assert.match(found.out, /^- +weight: 100\n\+ +weight: 75$/m)
  assert.ok(!found.out.includes('\u001B'), 'no colour in a pipe')
  assert.match((await perch('diff', '--env', 'staging', '--dir', dir)).out, /^The rendered environments do not change/)
})

test('an entry that Perch never renders is red if a change brings it or may move traffic next to it, and otherwise a note', async () => {
  const dir = checkout({
    ...gitops(),
    'shop/kustomization.yaml': 'resources:\n  - https://github.com/acme/base//web?ref=v1\n  - vs.yaml\n  - text.yaml\n',
    'shop/vs.yaml': gitops()[VS] ?? '',
    'shop/text.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata: {title: Shop}\n',
  })
  edit(dir, '.github/canary.yml', (text) => text.replace('environments:\n', 'environments:\n  shop: { path: shop }\n'))
  git(dir, 'init', '-q', '-b', 'main')
  commit(dir)
  const after = async (path: string, change: (text: string) => string): Promise<string> => {
    edit(dir, path, change)
    const { code, err } = await perch('diff', '--dir', dir)
    git(dir, 'checkout', '-q', '.')
    return `${code} ${/ remote /.test(err) ? 'remote' : '-'}`
  }
  assert.equal(await after('shop/text.yaml', (text) => text.replace('Shop', 'Our shop')), '0 -')
  assert.equal(await after('shop/kustomization.yaml', (text) => `${text}images: [{name: web, newTag: v2}]\n`), '0 -')
  assert.equal(await after('shop/kustomization.yaml', (text) => text.replace('ref=v1', 'ref=v2')), '1 remote')
  assert.equal(await after('shop/vs.yaml', (text) => text.replace('weight: 100', 'weight: 90')), '1 remote')
  // A file that is not text may contain anything.
  writeFileSync(join(dir, 'shop/text.yaml'), Buffer.from([0xff, 0xfe, 0x00]))
  assert.match((await perch('diff', '--dir', dir)).err, / remote /)
})

test('perch diff compares commits, and shows the changes of a merge', needsKustomize, async () => {
  const dir = repository()
  git(dir, 'checkout', '-q', '-b', 'topic')
  edit(dir, VS, (text) => text.replace('weight: 100', 'weight: 95').replace('weight: 0', 'weight: 5'))
  commit(dir)
  git(dir, 'checkout', '-q', 'main')
  edit(dir, 'base/service.yaml', (text) => text.replace('port: 80', 'port: 81'))
  commit(dir)
  const changed = async (...words: string[]): Promise<readonly string[]> => {
    const found = await perch('diff', ...words, '--json', '--dir', dir)
    assert.equal(found.code, 0, found.err)
    const { environments }: { environments: { name: string; resources: { kind: string; patch: string }[] }[] } =
      JSON.parse(found.out)
    return environments.flatMap(({ name, resources }) => resources.map(({ kind }) => `${name} ${kind}`))
  }
  const both = ['production VirtualService', 'production Service', 'staging Service']
  assert.deepEqual(await changed('main', 'topic'), both)
  assert.deepEqual(await changed('main..topic'), both)
  assert.deepEqual(await changed('main...topic'), ['production VirtualService'])
  assert.deepEqual(await changed('topic'), both, 'against the files')
  assert.deepEqual(await changed('HEAD'), [])
})

test('perch diff for machines has one format, and hides Secrets', needsKustomize, async () => {
  const dir = repository({
    ...gitops(),
    'overlays/staging/kustomization.yaml':
      'resources: [../../base]\nsecretGenerator: [{name: s, literals: [password=hunter22-old]}]\n',
  })
  edit(dir, 'overlays/staging/kustomization.yaml', (text) => text.replace('-old', '-new'))
  edit(dir, VS, (text) => text.replace('weight: 100', 'weight: 75').replace('weight: 0', 'weight: 25'))
  const { out, err } = await perch('diff', '--json', '--dir', dir)
  assert.doesNotMatch(out, /hunter22|aHVudGVy/)
  assert.equal(err, '')
  const found: Record<string, unknown> & { environments: Record<string, unknown>[] } = JSON.parse(out)
  assert.deepEqual(Object.keys(found), [
    'base',
    'head',
    'renderer',
    'validators',
    'traffic',
    'environments',
    'problems',
    'notes',
  ])
  assert.match(String(found['base']), /^[0-9a-f]{40}$/)
  assert.equal(found['head'], null)
  assert.deepEqual(found['traffic'], [
    {
      environment: 'production',
      route: 'VirtualService default/api-service',
      rule: 'main',
      before: [
        { name: 'stable', share: 100 },
        { name: 'canary', share: 0 },
      ],
      after: [
        { name: 'stable', share: 75, place: { file: VS, line: 24 } },
        { name: 'canary', share: 25, place: { file: VS, line: 28 } },
      ],
    },
  ])
  const [, staging] = found.environments
  const { resources, ...about } = staging ?? {}
  assert.deepEqual(about, { name: 'staging', change: 'changed', unknownBefore: null, hidden: 0 })
  assert.ok(Array.isArray(resources))
  const [secret] = resources
  assert.deepEqual([secret.kind, secret.change], ['Secret', 'changed'])
  assert.match(secret.patch, /^\+ {2}password: ••• \(changed\)$/m)
})

test(
  'an environment that does not build is not "nothing changes", and the config is that of the older side',
  needsKustomize,
  async () => {
    const dir = repository()
    edit(dir, 'overlays/staging/kustomization.yaml', (text) => `${text}patches:\n  - path: p.yaml\n`)
    writeFileSync(join(dir, 'overlays/staging/p.yaml'), 'apiVersion: v1\nkind: Service\nmetadata: {name: other}\n')
    // If it counted, it would hide the broken environment.
    edit(dir, '.github/canary.yml', () => 'environments: {production: {path: overlays/production}}\n')
    const found = await perch('diff', '--dir', dir)
    assert.deepEqual([found.code, found.out], [1, ''])
    assert.match(
      found.err,
      /^overlays\/staging\/p\.yaml:1: build-failed Environment staging does not build: no resource/,
    )
    const checked = await perch('validate', '--dir', dir)
    assert.deepEqual([checked.code, checked.out, checked.err], [1, found.err, ''])
  },
)

test('if only the old side does not build, the output says that everything counts as new', needsKustomize, async () => {
  const kustomization = 'overlays/staging/kustomization.yaml'
  const files = gitops()
  const dir = repository({
    ...files,
    [kustomization]: 'resources: [../../base]\npatches: [{path: p.yaml}]\n',
    'overlays/staging/p.yaml': 'apiVersion: v1\nkind: Service\nmetadata: {name: other}\n',
  })
  writeFileSync(join(dir, kustomization), files[kustomization] ?? '')
  const found = await perch('diff', '--dir', dir)
  assert.equal(found.code, 0, found.err)
  assert.match(
    found.out,
    /⚠️ Perch cannot compare environment staging with its state before: Environment staging does not build: .* All of it counts as new\./,
  )
})

test('perch validate checks every environment, with a checkout and without', needsKustomize, async () => {
  const dir = repository()
  assert.deepEqual(await perch('validate', '--dir', dir), { code: 0, out: 'No problems in 2 environments.\n', err: '' })
  const plain = checkout(gitops())
  assert.deepEqual(await perch('validate', '--dir', plain), {
    code: 0,
    out: 'No problems in 2 environments.\n',
    err: '',
  })
  assert.equal((await perch('validate', '--env', 'staging', '--dir', plain)).out, 'No problems in 1 environment.\n')
  edit(plain, VS, (text) => `${text}  broken: [\n`)
  const broken = await perch('validate', '--dir', plain)
  assert.equal(broken.code, 1)
  assert.match(
    broken.out,
    /^overlays\/production\/applications\/api-service\/virtual-service\.yaml:\d+: not-yaml This file is not valid YAML/m,
  )
  const { checked, problems }: { checked: string[]; problems: { file: string; line: number; code: string }[] } =
    JSON.parse((await perch('validate', '--json', '--dir', plain)).out)
  assert.deepEqual(checked, ['production', 'staging'])
  assert.equal(problems[0]?.file, VS)
  edit(plain, VS, () => (gitops()[VS] ?? '').replace('weight: 0', 'weight: -1'))
  const negative = await perch('validate', '--dir', plain)
  assert.match(
    negative.out,
    /^\S+virtual-service\.yaml:\d+: IST0106 VirtualService api-service in production has the weight -1/m,
  )
  assert.match(
    (await perch('validate', '--json', '--dir', plain)).out,
    /"what": "VirtualService api-service in production has/,
  )
  edit(plain, '.github/canary.yml', () => 'stepz: 1\n')
  assert.match(
    (await perch('validate', '--dir', plain)).out,
    /^\.github\/canary\.yml:1: config The config is not valid/,
  )
})

test(
  'perch validate in a repository is red for a config that cannot be read, committed or not',
  needsKustomize,
  async () => {
    const broken = /^\.github\/canary\.yml:1: config The config is not valid/
    const files = gitops()
    for (const dir of [repository(), repository({ ...files, '.github/canary.yml': 'stepz: 1\n' })]) {
      writeFileSync(join(dir, '.github/canary.yml'), 'stepz: 1\n')
      const found = await perch('validate', '--dir', dir)
      assert.deepEqual([found.code, broken.test(found.out)], [1, true], found.out)
      // The way out is not blocked.
      writeFileSync(join(dir, '.github/canary.yml'), files['.github/canary.yml'] ?? '')
      assert.equal((await perch('validate', '--dir', dir)).code, 0)
    }
  },
)

test('what cannot be compared is refused with a reason', async () => {
  const dir = repository()
  assert.match((await perch('diff', '--dir', checkout(gitops()))).err, /^perch: There is nothing to compare with/)
  assert.match((await perch('diff', 'nope', '--dir', dir)).err, /^perch: There is no commit nope in this checkout/)
  assert.match(
    (await perch('validate', '--env', 'moon', '--dir', dir)).err,
    /no environment moon here\. Known here: production, staging/,
  )
  assert.match(
    (await perch('diff', '--env', 'moon', '--dir', dir)).err,
    /no environment moon here/,
    'also where nothing changes',
  )
  assert.equal(JSON.parse((await perch('diff', 'nope', '--json', '--dir', dir)).out).refused, 'no-such-commit')
})

test('a command that cannot be carried out exits 1 with the reason on stderr, and changes nothing', async () => {
  const files = gitops()
  const dir = checkout(files)
  const ambiguous = await perch('set', '25', '--dir', dir)
  assert.equal(ambiguous.code, 1)
  assert.match(ambiguous.err, /More than one rollout fits/)
  const unknown = await perch('set', '25', 'billing', '--dir', dir, '--json')
  assert.equal(unknown.code, 1)
  assert.equal(JSON.parse(unknown.out).refused, 'no-service')
  assert.equal(readFileSync(join(dir, VS), 'utf8'), files[VS])
})

test('a usage error exits 2 and shows the usage', async () => {
  for (const words of [
    ['dance'],
    ['set'],
    ['set', '250'],
    ['set', '25', '--force'],
    ['status', 'x'],
    ['diff', 'a', 'b', 'c'],
    ['diff', '--colour'],
    ['validate', '--dir', '/not/there'],
    ['set', '25', '--dir', '/not/there'],
    ['serve', 'x'],
    ['demo', '--fast'],
    ['demo', '--story', 'dance'],
  ]) {
    const done = await perch(...words)
    assert.equal(done.code, 2, words.join(' '))
    assert.match(done.err, /^perch: .+\n/, words.join(' '))
  }
  assert.equal((await perch('help')).code, 0)
})
