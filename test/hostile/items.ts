/** Repositories with one trick each, and the required results. */

/** A text, bytes that are not text, or an entry in Git that is not a file. */
export type Content = string | Uint8Array | Special

type Special = { readonly git: 'symlink' | 'submodule' }

export interface Item {
  readonly what: string
  readonly files: Readonly<Record<string, Content>>
  /** `code file:line` of each problem. `harmless`: it renders, and nothing of it does harm in Perch's posts. */
  readonly expect: readonly string[] | 'harmless'
}

const K = 'overlays/production/kustomization.yaml'
const OBJECT = 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { key: value }\n'

/** A kustomization whose second line is the trick. */
function line(text: string): string {
  return `resources: [object.yaml]\n${text}\n`
}

function production(kustomization: string, more: Item['files'] = {}): Item['files'] {
  return { [K]: kustomization, 'overlays/production/object.yaml': OBJECT, ...more }
}

/** `port`: a port on which the test listens. */
export function hostileItems(port: number): readonly Item[] {
  return [...remotes(port), ...ways(), ...programs(port), ...yaml(), ...sizes(), ...names()]
}

const FIELDS = [
  'resources',
  'bases',
  'components',
  'crds',
  'configurations',
  'generators',
  'transformers',
  'validators',
]

function remotes(port: number): readonly Item[] {
  const addresses = [
    `http://127.0.0.1:${port}/x.yaml`,
    `https://127.0.0.1:${port}/repo.git//base?ref=main`,
    `git::http://127.0.0.1:${port}/repo`,
    `ssh://git@127.0.0.1:${port}/repo.git`,
    `git@127.0.0.1:${port}/repo.git`,
    `HTTP://127.0.0.1:${port}/x.yaml`,
    `http://169.254.169.254/latest/meta-data`,
    'github.com/kubernetes-sigs/kustomize//examples/helloWorld?timeout=120s',
    'file:///etc/passwd',
    `//127.0.0.1:${port}/x.yaml`,
  ]
  const everywhere = addresses.map((address): Item => {
    const code = address.startsWith('//') ? 'absolute' : 'remote'
    return {
      what: `a resource at ${address}`,
      files: production(`resources:\n  - ${address}\n`),
      expect: [`${code} ${K}:2`],
    }
  })
  const fields = FIELDS.slice(1).map((field): Item => {
    const files = production(line(`${field}: ["http://127.0.0.1:${port}/x.yaml"]`))
    return { what: `${field} from the network`, files, expect: [`remote ${K}:2`] }
  })
  const holders = [
    `patches: [{ path: "http://127.0.0.1:${port}/p.yaml" }]`,
    `patchesStrategicMerge: ["http://127.0.0.1:${port}/p.yaml"]`,
    `patchesJson6902: [{ target: { version: v1, kind: ConfigMap, name: a }, path: "http://127.0.0.1:${port}/p.yaml" }]`,
    `replacements: [{ path: "http://127.0.0.1:${port}/r.yaml" }]`,
    `openapi: { path: "http://127.0.0.1:${port}/s.json" }`,
    `configMapGenerator: [{ name: x, files: ["http://127.0.0.1:${port}/f"] }]`,
    `secretGenerator: [{ name: x, envs: ["http://127.0.0.1:${port}/e"] }]`,
  ].map((field): Item => {
    return { what: `an address in ${field.split(':')[0]}`, files: production(line(field)), expect: [`remote ${K}:2`] }
  })
  return [...everywhere, ...fields, ...holders]
}

function ways(): readonly Item[] {
  const entries: readonly [string, string, string][] = [
    ['an absolute path', '/etc/passwd', 'absolute'],
    ['a path above the repository', '../../../../etc/passwd', 'outside'],
    ['a path that goes up and comes back', '../../../../../gitops/x.yaml', 'outside'],
    ['a file that is a link', 'link.yaml', 'symlink'],
    ['a file behind a folder that is a link', 'linked/x.yaml', 'symlink'],
    ['a file in a submodule', 'module/x.yaml', 'submodule'],
    ['a device', '/dev/stdin', 'absolute'],
    ['the process itself', '/proc/self/environ', 'absolute'],
  ]
  const links = {
    'overlays/production/link.yaml': { git: 'symlink' },
    'overlays/production/linked': { git: 'symlink' },
    'overlays/production/module': { git: 'submodule' },
  } as const
  const resources = entries.map(([what, entry, code]): Item => {
    return {
      what: `${what} as a resource`,
      files: production(`resources:\n  - ${entry}\n`, links),
      expect: [`${code} ${K}:2`],
    }
  })
  const generators = entries.slice(0, 4).map(([what, entry, code]): Item => {
    const files = production(line(`configMapGenerator: [{ name: x, files: ["key=${entry}"] }]`), links)
    return { what: `${what} in a generator`, files, expect: [`${code} ${K}:2`] }
  })
  return [
    ...resources,
    ...generators,
    { what: 'a kustomization that is a link', files: { [K]: { git: 'symlink' } }, expect: [`symlink ${K}:1`] },
    {
      what: 'a base that includes itself',
      files: production('resources: [object.yaml, ../production]\n'),
      expect: [`cycle ${K}:1`],
    },
  ]
}

function programs(port: number): readonly Item[] {
  const fn = (key: string, value: string): string =>
    `apiVersion: x/v1\nkind: Run\nmetadata:\n  name: run\n  annotations:\n    ${key}: |\n      ${value}\n`
  const plugin = 'overlays/production/plugin.yaml'
  const withPlugin = (field: string, text: string): Item['files'] =>
    production(line(`${field}: [plugin.yaml]`), { [plugin]: text })
  return [
    {
      what: 'a Helm chart',
      files: production(line(`helmCharts: [{ name: x, repo: "http://127.0.0.1:${port}" }]`)),
      expect: [`helm ${K}:2`],
    },
    {
      what: 'charts above the repository',
      files: production(line('helmGlobals: { chartHome: ../../.. }\nhelmCharts: [{ name: x }]')),
      expect: [`outside ${K}:3`],
    },
    {
      what: "Helm's own settings",
      files: production(line('helmGlobals: { configHome: ../../.. }')),
      expect: [`unknown-field ${K}:2`],
    },
    {
      what: 'a chart by a field in other capitals',
      files: production(line('helmCharts: [{ name: x, Repo: "http://127.0.0.1:1" }]')),
      expect: [`unknown-field ${K}:2`, `helm ${K}:2`],
    },
    {
      what: 'the old Helm field',
      files: production(line('helmChartInflationGenerator: [{ chartName: x }]')),
      expect: [`plugin ${K}:2`],
    },
    {
      what: 'an exec function',
      files: withPlugin('generators', fn('config.kubernetes.io/function', 'exec: { path: ./run.sh }')),
      expect: [`plugin ${plugin}:6`],
    },
    {
      what: 'a container function under its old name',
      files: withPlugin('transformers', fn('config.k8s.io/function', 'container: { image: evil }')),
      expect: [`plugin ${plugin}:6`],
    },
    {
      what: 'a starlark function',
      files: withPlugin(
        'validators',
        fn('config.kubernetes.io/function', `starlark: { url: "http://127.0.0.1:${port}" }`),
      ),
      expect: [`plugin ${plugin}:6`],
    },
    {
      what: 'a plugin of its own kind',
      files: withPlugin('generators', 'apiVersion: evil.example.com/v1\nkind: Run\nmetadata: { name: x }\n'),
      expect: [`plugin ${plugin}:1`],
    },
    {
      what: 'a plugin in a list',
      files: withPlugin(
        'generators',
        'apiVersion: v1\nkind: List\nitems:\n  - apiVersion: evil.example.com/v1\n    kind: Run\n',
      ),
      expect: [`plugin ${plugin}:4`],
    },
    {
      what: 'a plugin written into the kustomization',
      files: production(line('generators: ["{apiVersion: evil.example.com/v1, kind: Run, metadata: {name: x}}"]')),
      expect: [`plugin ${K}:2`],
    },
  ]
}

function bomb(): string {
  const levels = Array.from(
    { length: 9 },
    (_, level) => `l${level + 1}: &l${level + 1} [${Array(9).fill(`*l${level}`).join()}]`,
  )
  return `l0: &l0 [x,x,x,x,x,x,x,x,x]\n${levels.join('\n')}\n`
}

function yaml(): readonly Item[] {
  const object = 'overlays/production/object.yaml'
  return [
    {
      what: 'an alias bomb as kustomization',
      files: production(`${bomb()}resources: [object.yaml]\n`),
      expect: [`unparsable ${K}:6`],
    },
    {
      what: 'a field twice',
      files: production('resources: [object.yaml]\nresources: []\n'),
      expect: [`unparsable ${K}:2`],
    },
    {
      what: 'a field in other capitals',
      files: production(line('Patches: [{ path: ../../../x }]')),
      expect: [`unknown-field ${K}:2`],
    },
    {
      what: 'two documents',
      files: production('resources: [object.yaml]\n---\nresources: [/etc/passwd]\n'),
      expect: [`unparsable ${K}:1`],
    },
    {
      what: 'a line break that only YAML 1.1 knows',
      files: production('resources: [object.yaml] # \u0085bases: [/etc]\n'),
      expect: [`unparsable ${K}:1`],
    },
    {
      what: 'a tag that makes bytes',
      files: production('resources: [!!binary L2V0Yy9wYXNzd2Q=]\n'),
      expect: [`unparsable ${K}:1`],
    },
    {
      what: 'a tag that makes objects',
      files: production('resources: !!python/object/apply:os.system [ls]\n'),
      expect: [`unparsable ${K}:1`],
    },
    {
      what: '100,000 brackets',
      files: production(`resources: ${'['.repeat(100_000)}\n`),
      expect: [`unparsable ${K}:1`],
    },
    {
      what: 'a kustomization that is not text',
      files: { [K]: new Uint8Array([0, 1, 2, 255]) },
      expect: [`not-text ${K}:1`],
    },
    {
      what: 'an alias bomb in a resource',
      files: production('resources: [object.yaml]\n', { [object]: `${OBJECT}---\n${bomb()}kind: VirtualService\n` }),
      expect: [`alias-bomb ${object}:11`],
    },
    {
      what: 'an alias bomb that is not about traffic',
      files: production('resources: [object.yaml]\n', {
        [object]: `${OBJECT}---\n${bomb()}apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\n`,
      }),
      expect: [`alias-bomb ${object}:11`],
    },
    {
      what: 'an alias bomb as a patch',
      files: production('resources: [object.yaml]\npatches: [{ path: patch.yaml }]\n', {
        'overlays/production/patch.yaml': `${bomb()}apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\n`,
      }),
      expect: ['alias-bomb overlays/production/patch.yaml:6'],
    },
    {
      what: 'a resource with very deep nesting',
      files: production('resources: [object.yaml]\n', { [object]: `${OBJECT}---\na: ${'{a: '.repeat(20_000)}` }),
      expect: [`build-failed ${object}:6`],
    },
  ]
}

function sizes(): readonly Item[] {
  const many = Object.fromEntries(
    Array.from({ length: 10_100 }, (_, index) => [`overlays/production/r${index}.yaml`, OBJECT]),
  )
  const diamond: Record<string, Content> = { 'd0/kustomization.yaml': 'resources: [o.yaml]\n', 'd0/o.yaml': OBJECT }
  for (let level = 1; level <= 22; level += 1) {
    const below = level === 1 ? '../d0' : `../d${level - 1}`
    for (const side of ['a', 'b'])
      diamond[`d${level}/${side}/kustomization.yaml`] = `namePrefix: ${side}\nresources: [../${below}]\n`
    diamond[`d${level}/kustomization.yaml`] = 'resources: [a, b]\n'
  }
  return [
    {
      what: 'more files than a build may read',
      files: production(
        `resources: [${Object.keys(many)
          .map((path) => path.split('/')[2])
          .join(', ')}]\n`,
        many,
      ),
      expect: [`too-many-files ${K}:1`],
    },
    {
      what: '30 MB in one file',
      files: production('resources: [object.yaml]\n', {
        'overlays/production/object.yaml': `${OBJECT}  # ${'x'.repeat(30_000_000)}\n`,
      }),
      expect: ['too-large overlays/production:1'],
    },
    {
      what: 'a diamond of 22 levels, each twice the one below',
      files: diamond,
      expect: ['timed-out|too-large|build-failed d22/kustomization.yaml:1'],
    },
  ]
}

function names(): readonly Item[] {
  const rude = '"@acme/everyone ``` <!-- perch:answer:1 --> <script> \u202Egnp.exe | x"'
  return [
    {
      what: 'a name full of mentions, fences, markers and bidi characters',
      files: production('resources: [object.yaml]\n', {
        'overlays/production/object.yaml': `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, annotations: { note: ${rude} } }\ndata: { key: ${rude} }\n`,
      }),
      expect: 'harmless',
    },
    {
      what: 'file names with options, quotes and spaces',
      files: {
        'overlays/pro duction/kustomization.yaml': "resources: ['--enable-helm.yaml', 'a\"b.yaml']\n",
        'overlays/pro duction/--enable-helm.yaml': OBJECT,
        'overlays/pro duction/a"b.yaml': OBJECT.replace('name: a', 'name: b'),
      },
      expect: 'harmless',
    },
    {
      what: 'a folder whose name is an option',
      files: { '--enable-helm/kustomization.yaml': 'resources: [o.yaml]\n', '--enable-helm/o.yaml': OBJECT },
      expect: 'harmless',
    },
  ]
}
