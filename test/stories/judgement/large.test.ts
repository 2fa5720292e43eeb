import assert from 'node:assert/strict'
import { test } from 'node:test'
import { aStory, checksOn, gitops, type Story, VS } from '../world.ts'

/** Pull requests that change more than fits on a page of GitHub, and pull requests that do not build. */

const NAMES = Array.from({ length: 20 }, (_, n) => `dashboard-${String(n).padStart(2, '0')}`)

/** A resource of about 8 kB, of which every line contains the word. */
function dashboard(name: string, word: string): string {
  const lines = Array.from({ length: 120 }, (_, n) => `  line-${n}: "${word} ${n} of a panel of ${name}"\n`)
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata:\n${lines.join('')}`
}

function large(word: string): Record<string, string> {
  const files: Record<string, string> = {}
  for (const [path, text] of Object.entries(gitops())) {
    files[path] = path.endsWith('base/kustomization.yaml') ? `${text}  - ../dashboards\n` : text
  }
  files['dashboards/kustomization.yaml'] = `resources: [${NAMES.map((name) => `${name}.yaml`).join(', ')}]\n`
  for (const name of NAMES) files[`dashboards/${name}.yaml`] = dashboard(name, word)
  const development = Object.entries(files).filter(([path]) => path.startsWith('overlays/staging/'))
  for (const [path, text] of development) files[path.replace('staging', 'development')] = text
  files['.github/canary.yml'] =
    'environments:\n  development: {path: overlays/development}\n  staging: {path: overlays/staging}\n  production: {path: overlays/production}\n'
  return files
}

async function reviewed(story: Story, pull: { readonly number: number; readonly head: { readonly sha: string } }) {
  await story.until('both checks', () => {
    const { validate, gate } = checksOn(story.repository(), pull.head.sha)
    return /success|failure/.test(validate) && /success|failure|action/.test(gate)
  })
  const check = story
    .repository()
    .checkRuns(pull.head.sha)
    .find(({ name }) => name === 'canary/validate')
  assert.ok(check !== undefined)
  return check
}

function titles(text: string): readonly string[] {
  return [...text.matchAll(/^`([A-Za-z]+ [\w/-]+)` (?:changed|added|removed) /gm)].map(([, title = '']) => title)
}

test('with sixty large resources in three environments, the comment and the check show what fits and say what is missing', async () => {
  const story = await aStory({ files: large('old') })
  const now = large('new')
  const files = Object.fromEntries(
    NAMES.map((name) => [`dashboards/${name}.yaml`, now[`dashboards/${name}.yaml`] ?? '']),
  )
  const vs = (now[VS] ?? '').replace('weight: 100', 'weight: 95').replace('weight: 0', 'weight: 5')
  const pull = story.person('alice').openPullRequest({ branch: 'large', title: 'large', files: { ...files, [VS]: vs } })
  const check = await reviewed(story, pull)
  const comment = await story.until('the comment', () => story.repository().comments(pull.number)[0]?.body)
  const text = check.text ?? ''
  assert.ok(comment.length <= 65_536 && text.length <= 65_535)

  const [first, second] = [titles(comment), titles(text)]
  // Environments by name, each with traffic first. Development and staging change in the same way and are shown once.
  const dashboards = NAMES.map((name) => `ConfigMap ${name}`)
  const all = [...dashboards, 'VirtualService api-service', ...dashboards]
  assert.deepEqual([...first, ...second], all.slice(0, first.length + second.length))
  assert.ok(first.length > 0 && second.length > 0)
  const said =
    /(\d+) of 41 resources shown, the next (\d+) in the check `canary\/validate`, all of it with `(perch diff \w+\.\.\.\w+)`/.exec(
      comment,
    )
  assert.deepEqual(said?.slice(1, 3).map(Number), [first.length, second.length])
  assert.ok(said?.[3] !== undefined && text.includes(said[3]))
  for (const page of [comment, text]) {
    assert.equal(page.match(/^```/gm)?.length, 2 * (titles(page).length + (page.match(/^```mermaid/gm)?.length ?? 0)))
    assert.equal(page.match(/<details>/g)?.length, page.match(/<\/details>/g)?.length)
  }
  assert.match(comment, /\| production `VirtualService default\/api-service` `main` \|/)
})

test('an environment that does not build is red on the line that causes it', async () => {
  const story = await aStory()
  const path = 'overlays/production/applications/api-service/patch.yaml'
  const kustomization = story.repository().file('overlays/production/kustomization.yaml') ?? ''
  const pull = story.person('alice').openPullRequest({
    branch: 'patch',
    title: 'patch',
    files: {
      'overlays/production/kustomization.yaml': `${kustomization}patches:\n  - path: applications/api-service/patch.yaml\n`,
      [path]:
        '# Raises the timeout.\n\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: api-servcie\n',
    },
  })
  const { conclusion, annotations, summary } = await reviewed(story, pull)
  assert.equal(conclusion, 'failure')
  assert.deepEqual(
    annotations.map(({ path: file, start_line }) => [file, start_line]),
    [[path, 3]],
  )
  assert.match(summary ?? '', /Environment `production` does not build: `no resource matches/)
  assert.doesNotMatch(summary ?? '', /No canary traffic changes/)
})

test('the comment says which environments the pull request removes and adds', async () => {
  const story = await aStory({ files: gitops('services: {api-service: {steps: [5, 25, 100]}}\n') })
  const files = gitops()
  const staging = Object.keys(files).filter((path) => path.startsWith('overlays/staging/'))
  const moved = staging.map((path) => [path.replace('staging', 'preview'), files[path] ?? ''])
  const pull = story.person('alice').openPullRequest({
    branch: 'move',
    title: 'move',
    files: { ...Object.fromEntries(moved), ...Object.fromEntries(staging.map((path) => [path, null])) },
  })
  const check = await reviewed(story, pull)
  const comment = await story.until('the comment', () => story.repository().comments(pull.number)[0]?.body)
  assert.equal(check.conclusion, 'success')
  assert.match(
    comment,
    /- Environment `preview` is new: 3 resources\.\n- Environment `staging` is removed: 3 resources\./,
  )
})
