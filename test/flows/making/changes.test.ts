/** The result of a wish in many kinds of files: new texts with their proof, or the refusal. */
import { test } from 'node:test'
import assert from 'node:assert/strict'
import { diffLines } from 'diff'
import { Config } from '../../../src/core/config/schema.ts'
import { intend } from '../../../src/core/rollout/intend.ts'
import { withRenderedTargets } from '../../../src/flows/judgement/rendered-targets.ts'
import { makeChange } from '../../../src/flows/making/make-change.ts'
import { loadSnapshot } from '../../../src/flows/repository/load.ts'
import type { Renderer } from '../../../src/ports/renderer.ts'
import { BASE, CHART, SCHEMA } from '../../memory/builds.ts'
import { memoryGitHub } from '../../memory/github/github.ts'
import { memoryMirror } from '../../memory/mirror.ts'
import { memoryRenderer } from '../../memory/renderer.ts'
import { assertPage } from '../page.ts'

type Files = Readonly<Record<string, string>>

/** The changed lines of the new texts with the proof, or the refusal. At the end, what was built for it. */
async function made(files: Files, environment: string | undefined, percent = 25): Promise<string> {
  const mirror = memoryMirror(memoryGitHub({ clock: { now: () => 0 }, files }))
  const treeish = (await mirror.fetch(['refs/heads/main'])).get('refs/heads/main') ?? assert.fail('no branch')
  let builds = 0
  const own = memoryRenderer()
  const renderer: Renderer = {
    ...own,
    render: async (texts, source) => {
      builds += 1
      return own.render(texts, source)
    },
  }
  const context = { mirror, renderer }
  const written = await loadSnapshot(context, treeish, { config: Config.parse({}) })
  const snapshot = await withRenderedTargets(context, { treeish, snapshot: written })
  const wish = { kind: 'share', percent, environment, service: undefined } as const
  const change = intend({ snapshot, base: undefined, changed: [] }, wish)
  if (!change.ok) return `not meant: ${JSON.stringify(change.error)}\n`
  builds = 0
  const done = await makeChange(context, { treeish, snapshot, pull: 12 }, change.value)
  if (!done.ok) return `refused: ${JSON.stringify(done.error)}\n${builds} builds\n`
  const texts = [...done.value.files].map(
    ([path, text]) =>
      `${path}\n${diffLines(files[path] ?? '', text)
        .flatMap(({ added, removed, value }) =>
          added || removed
            ? value
                .trimEnd()
                .split('\n')
                .map((line) => `${added ? '+' : '-'} ${line}\n`)
            : [],
        )
        .join('')}`,
  )
  return `${texts.join('')}proof: ${JSON.stringify(done.value.proof)}\n${builds} builds\n`
}

function application(
  name: string,
  path = 'charts/web',
  helm = `, helm: { releaseName: web, valueFiles: [values-${name}.yaml] }`,
): string {
  return `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: ${name}, namespace: argocd }
spec:
  destination: { namespace: ${name}, server: https://kubernetes.default.svc }
  source: { path: ${path}${helm} }
`
}

const OVERLAYS: Files = {
  ...BASE,
  'staging/kustomization.yaml': 'resources: [../base]\n',
  'production/kustomization.yaml': 'resources: [../base]\n',
}

const RELEASES: Files = {
  ...CHART,
  'apps/staging.yaml': application('staging'),
  'apps/production.yaml': application('production'),
  'charts/web/values-staging.yaml': 'canary: { weight: 0 }\n',
  'charts/web/values-production.yaml': 'replicas: 0\ncanary: { weight: 0 }\n',
}

const FOLDERS: Files = Object.fromEntries(
  ['staging', 'production'].flatMap((name) => [
    [`apps/${name}.yaml`, application(name, name, '')],
    [`${name}/route.yaml`, BASE['base/route.yaml']],
    [`${name}/subsets.yaml`, BASE['base/subsets.yaml']],
  ]),
)

const ROUTE = 'charts/web/templates/virtualservice.yaml'
const DATA = BASE['base/route.yaml']
const PATCHED = DATA.replace('weight: 100', 'weight: 90').replace('weight: 0', 'weight: 10')
const indented = DATA.split('\n')
  .map((line) => `    ${line}`.trimEnd())
  .join('\n')
const LIST = `apiVersion: v1\nkind: List\nitems:\n  -\n${indented}`
const PATCH = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: web }
spec:
  http:
    - route:
        - destination: { host: web, subset: stable }
          weight: 90
        - destination: { host: web, subset: canary }
          weight: 10
`

const CASES: Readonly<Record<string, readonly [Files, string | undefined, number?]>> = {
  'a folder': [BASE, undefined],
  'a folder that is there already': [BASE, undefined, 0],
  'two folders, both': [FOLDERS, 'all'],
  'two folders, both, one with another share': [{ ...FOLDERS, 'staging/route.yaml': PATCHED }, 'all'],
  'two folders, both, one with the share already': [{ ...FOLDERS, 'staging/route.yaml': PATCHED }, 'all', 10],
  'two folders, both, one with the route twice': [{ ...FOLDERS, 'staging/again.yaml': DATA }, 'all'],
  'two folders, one, beside one with the route twice': [{ ...FOLDERS, 'staging/again.yaml': DATA }, 'production'],
  'a folder and a release, both': [
    { ...FOLDERS, ...CHART, 'apps/staging.yaml': application('staging', 'charts/web', ', helm: { releaseName: web }') },
    'all',
  ],
  'two overlays, both': [OVERLAYS, 'all'],
  'two overlays, one': [OVERLAYS, 'production'],
  'an overlay on an overlay': [
    { ...OVERLAYS, 'staging/kustomization.yaml': 'resources: [../production]\n' },
    'production',
  ],
  'an overlay on an overlay, both': [
    { ...OVERLAYS, 'staging/kustomization.yaml': 'resources: [../production]\n' },
    'all',
  ],
  'an overlay with a patch of its own': [
    {
      ...OVERLAYS,
      'production/kustomization.yaml': 'resources: [../base]\npatches: [{ path: share.yaml }]\n',
      'production/share.yaml': PATCH,
    },
    'production',
  ],
  'an overlay with a patch in its kustomization': [
    {
      ...OVERLAYS,
      'production/kustomization.yaml': `resources: [../base]\npatches:\n  - patch: |\n${PATCH.split('\n')
        .map((line) => `      ${line}`.trimEnd())
        .join('\n')}`,
    },
    'production',
  ],
  'an overlay with a patch of a name and no weights': [
    {
      ...OVERLAYS,
      'production/kustomization.yaml':
        'resources: [../base]\npatches: [{ path: hosts.yaml, target: { kind: VirtualService } }]\n',
      'production/hosts.yaml': 'kind: VirtualService\nmetadata: { name: web }\nspec: { hosts: [shop] }\n',
    },
    'production',
  ],
  'an overlay that does not build': [
    { ...OVERLAYS, 'production/kustomization.yaml': 'resources: [../base]\nimages: []\n' },
    'staging',
  ],
  'a base of an overlay that does not build': [
    { ...OVERLAYS, 'production/kustomization.yaml': 'resources: [../base]\nimages: []\n' },
    'all',
  ],
  'a base of an overlay with a base from the network': [
    { ...OVERLAYS, 'more/kustomization.yaml': 'resources: [../base, "https://github.com/acme/shop//deploy?ref=v1"]\n' },
    'all',
  ],
  'a route in a List': [{ ...BASE, 'base/route.yaml': LIST }, undefined],
  'a route in a List, for one of two overlays': [{ ...OVERLAYS, 'base/route.yaml': LIST }, 'production'],
  'a folder with the route twice': [
    {
      'apps/web.yaml': application('production', 'web', ''),
      'web/a.yaml': DATA,
      'web/b.yaml': DATA,
      'web/subsets.yaml': BASE['base/subsets.yaml'],
    },
    undefined,
  ],
  'a chart': [RELEASES, 'production'],
  'a chart, all its releases': [RELEASES, 'all'],
  'a chart whose releases share a number': [
    { ...RELEASES, 'charts/web/values-production.yaml': '{}\n', 'charts/web/values-staging.yaml': '{}\n' },
    'production',
  ],
  'a chart with one release, whose number is its own': [
    Object.fromEntries(
      Object.entries({ ...RELEASES, 'charts/web/values-production.yaml': '{}\n' }).filter(
        ([path]) => !path.includes('staging'),
      ),
    ),
    'production',
  ],
  'a chart whose number only one of its releases has': [
    { ...RELEASES, 'charts/web/values-production.yaml': '{}\n' },
    'production',
  ],
  'a chart with numbers in its template': [
    {
      ...RELEASES,
      [ROUTE]: CHART[ROUTE]
        .replace('{{ sub 100 .Values.canary.weight }}', '100')
        .replace('{{ .Values.canary.weight }}', '0'),
    },
    'production',
  ],
  'a chart whose template calculates with its number': [
    {
      ...RELEASES,
      [ROUTE]: CHART[ROUTE].replace('weight: {{ .Values.canary.weight }}', 'weight: {{ sub .Values.canary.weight 0 }}'),
    },
    'production',
  ],
  'a chart with a schema': [{ ...RELEASES, ...SCHEMA }, 'production'],
  'a chart whose schema takes small shares only': [
    { ...RELEASES, 'charts/web/values.schema.json': SCHEMA['charts/web/values.schema.json'].replaceAll('100', '10') },
    'production',
  ],
  'a chart with two numbers': [
    {
      ...RELEASES,
      [ROUTE]: CHART[ROUTE].replace('sub 100 .Values.canary.weight', '.Values.stable.weight'),
      'charts/web/values-production.yaml': 'limits: { cpu: 100 }\nstable: { weight: 100 }\ncanary: { weight: 0 }\n',
      'charts/web/values-staging.yaml': 'stable: { weight: 100 }\n',
    },
    'production',
  ],
  'a chart with values in its Application': [
    {
      ...RELEASES,
      'apps/production.yaml': application(
        'production',
        'charts/web',
        ', helm: { releaseName: web, valuesObject: { canary: { weight: 0 } } }',
      ),
    },
    'production',
  ],
  'a chart that an overlay is beside': [{ ...RELEASES, ...BASE }, 'production'],
}

test('a share in files of many kinds', async () => {
  const parts: string[] = []
  for (const [what, [files, environment, percent]] of Object.entries(CASES))
    parts.push(`## ${what}\n\n${await made(files, environment, percent)}`)
  assertPage(new URL('changes.md', import.meta.url), parts.join('\n'))
})
