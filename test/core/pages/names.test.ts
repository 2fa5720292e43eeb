/** How Perch reads names, paths, addresses and numbers that other people write: right ones, and ones that only look like them. */
import { test } from 'node:test'
import { imageNameOf, namesApart, tagOf } from '../../../src/core/arrival/version-behind.ts'
import { resolveArguments } from '../../../src/core/analysis-template/reading/arguments.ts'
import { wholeField } from '../../../src/core/analysis-template/reading/fields.ts'
import type { SpecProblem } from '../../../src/core/analysis-template/template-problem.ts'
import { loneReleases } from '../../../src/core/chart/lone-releases.ts'
import { inNamespace, nestedReleases } from '../../../src/core/chart/nested-releases.ts'
import { loneTemplates } from '../../../src/core/chart/lone-templates.ts'
import { isDeployerText } from '../../../src/core/chart/parent-releases.ts'
import { type ChartRelease, NO_OPTIONS } from '../../../src/core/chart/release.ts'
import { releaseBuild, unknownParameter, VALUES_OBJECT } from '../../../src/core/chart/release-build.ts'
import { renderedParts } from '../../../src/core/chart/rendered-parts.ts'
import { isPackedChart } from '../../../src/core/chart/packed.ts'
import { placeInChart } from '../../../src/core/chart/place-in-chart.ts'
import { localFolder } from '../../../src/core/chart/release-files.ts'
import { argoFields } from '../../../src/core/delivery/additions.ts'
import { liftsRestrictions } from '../../../src/core/delivery/argo/argo.ts'
import { withVariables } from '../../../src/core/delivery/variables.ts'
import type { RenderedObject } from '../../../src/core/diff/objects.ts'
import { pairObjects } from '../../../src/core/diff/pair.ts'
import { redact } from '../../../src/core/diff/redact.ts'
import { discoverEnvironments } from '../../../src/core/environment/discover-environments.ts'
import { bringingNamespaces } from '../../../src/core/finding/scene/bringers.ts'
import { newsAfter } from '../../../src/core/flagger/canary-news.ts'
import { EventPayload } from '../../../src/core/flagger/hook.ts'
import { isDecisive, isDecisivePath } from '../../../src/core/layer/decisive.ts'
import { isPlainText } from '../../../src/core/manifest/edit/style.ts'
import { parseManifest } from '../../../src/core/manifest/parse.ts'
import { overrideMarker, overridesIn } from '../../../src/core/marker/override.ts'
import { argoRelease } from '../../../src/core/delivery/argo/argo-release.ts'
import { folderOf, isDeployed, isHere } from '../../../src/core/delivery/delivery-source.ts'
import { filledText, normalized } from '../../../src/core/delivery/generators/params.ts'
import { settingsIgnored } from '../../../src/core/delivery/ignored/ignored-fields.ts'
import { jqPaths } from '../../../src/core/delivery/ignored/jq-paths.ts'
import { substituteText, variablesIn } from '../../../src/core/delivery/substitute.ts'
import { formsOf, looksSecret } from '../../../src/core/diff/secret-values.ts'
import { isEncrypted, tellsSecret } from '../../../src/core/diff/secret-texts.ts'
import { failurePlace } from '../../../src/core/environment/failure-place.ts'
import { readKustomization } from '../../../src/core/environment/kustomization.ts'
import { looksLikeObjects } from '../../../src/core/environment/plain.ts'
import { mentionsTraffic } from '../../../src/core/environment/traffic-text.ts'
import { locate, treeOf } from '../../../src/core/environment/tree.ts'
import { isForSome } from '../../../src/core/exposure/match.ts'
import { selectsObject } from '../../../src/core/layer/selector.ts'
import { variableIn } from '../../../src/core/layer/variable-weights.ts'
import { holdsBytes } from '../../../src/core/manifest/bytes.ts'
import { isDefinition, splitPieces } from '../../../src/core/manifest/pieces.ts'
import { isOfKind, nameInTitle } from '../../../src/core/manifest/identity.ts'
import { pointerPath } from '../../../src/core/manifest/json-pointer.ts'
import { kubernetesNumber } from '../../../src/core/manifest/yaml/number.ts'
import { answeredIn, saysClosed } from '../../../src/core/marker/comment.ts'
import { ticksIn } from '../../../src/core/marker/dashboard.ts'
import { scalar } from '../../../src/core/message/onboarding/proposed-environments.ts'
import { withShare } from '../../../src/core/message/pull-request/pull-request.ts'
import { crdFiles } from '../../../src/core/policy/crds.ts'
import { fieldPath } from '../../../src/core/policy/field-path.ts'
import { isLinted, withoutDirectives } from '../../../src/core/policy/lint.ts'
import { schemasFrom } from '../../../src/core/policy/schemas.ts'
import { readAnswer } from '../../../src/core/policy/server-answer.ts'
import { readArgoCdReport } from '../../../src/core/report/argocd.ts'
import { readFluxEvent } from '../../../src/core/report/flux.ts'
import { ObjectName } from '../../../src/core/report/report.ts'
import { branchPart } from '../../../src/core/rollout/branch.ts'
import { versionCalled } from '../../../src/core/traffic/blue-green.ts'
import { sample, snapshotOf, targetOf, virtualService } from '../samples.ts'
import { assertPage, made } from './page.ts'

const SHA = '0123456789abcdef0123456789abcdef01234567'

const file = (path: string) => ({ path, type: 'file' }) as const

test('the readings of paths are on a page that somebody has approved', () => {
  const tree = treeOf(['base/a.yaml', 'overlays/eu/kustomization.yaml', 'user@host/a', 'a.git/b'].map(file))
  const chart = 'charts/web'
  const values = { from: 'file', path: 'prod.yaml', isOptional: false, place: { file: 'app.yaml', line: 1 } } as const
  const templates = new Map(
    ['templates/a.yaml', 'templates/x', 'charts/db/crds/b.yaml'].map((at) => [`${chart}/${at}`, '']),
  )
  const line = (): number => 1
  const application = { file: 'app.yaml', document: 0, name: 'web', namespace: undefined, isTemplated: false, line }
  const where = (said: string): unknown => {
    const files = ['eu/kustomization.yaml', 'eu/a.yaml', 'base/b.YML', 'base/c.txt']
    const broken = 'a: [\n'
    const texts = new Map([
      [
        'eu/kustomization.yaml',
        'patches:\n- patch: |-\n    - op: test\n      path: /spec/x\n- target: { name: api }\n',
      ],
      ['eu/a.yaml', 'kind: Service\napiVersion: v1\nmetadata: { name: web }\n'],
      ['base/b.YML', `kind: A\napiVersion: v1\nmetadata: { name: b }\n---\n${said.includes('broken') ? broken : ''}`],
      ['base/c.txt', broken],
    ])
    return failurePlace({ root: 'eu', files }, texts, said)
  }
  assertPage('names-paths.md', {
    'an entry of a kustomization in overlays/eu': made(
      [
        '../../base/a.yaml',
        '../../base',
        '.',
        '',
        '..',
        '../..',
        '../../..',
        '/base',
        'missing.yaml',
        'https://x.org/a',
        'git::x',
        'GIT::x',
        'a+b.c-d::x',
        '::x',
        'x/git::y',
        'gh:a/b',
        'GH:a/b',
        'xgh:a/b',
        'user@host:a',
        '@host:a',
        'user@:a',
        'a/user@host:b',
        '../../user@host/a',
        'github.com/a/b',
        'GitHub.com/a/b',
        'www.github.com:a',
        'x.github.com/a',
        'a?ref=1',
        'a?REF=1',
        'a&timeout=1',
        'a?other=1',
        '../../a.git//b',
        '../../a.GIT//b',
        '../../a.git?x',
        '../../a.git/b',
      ],
      (entry) => {
        const found = locate(tree, 'overlays/eu', entry)
        return found.type === 'refused' ? found.code : `${found.type} ${found.path}`
      },
    ),
    'values files of a chart': made(
      [
        'values.yaml',
        'values-prod.yaml',
        'values.prod.yml',
        'values_prod.yaml',
        'values-.yaml',
        'values-dev.yaml',
        'values-prod.yaml.gotmpl',
        'my-values-prod.yaml',
        'prod-values.yaml',
        'prod.values.yml',
        '-values.yaml',
        'x/prod-values.yaml',
        'prod-values.yaml.bak',
        'values/prod.yaml',
        'values/values-prod.yaml',
        'env/prod.yaml',
        'envs/prod.yml',
        'environments/prod.yaml',
        'x/envs/prod.yaml',
        'envs/prod.yaml.bak',
        'envs/.yaml',
        'envs/prod/values.yaml',
        'x/envs/prod/values.yaml',
        'envs/prod/values.yaml.bak',
        'envs//values.yaml',
        'environment/prod.yaml',
      ],
      (name) =>
        loneReleases([chart], { paths: [`${chart}/${name}`], taken: new Set(['dev']) }).map(
          ({ environment, values: own }) => (own.length === 0 ? 'none' : environment),
        ),
    ),
    'files for a validator in crds': made(['crds', './crds/', '', 'x', 'crds/deep', 'crds/b.yaml'], (folder) =>
      crdFiles(
        [
          ...['crds/b.yaml', 'crds/a.YML', 'crds/deep/c.yaml', 'crds/d.json', 'crdsx/e.yaml', 'f.yaml'].map(file),
          { path: 'crds/link.yaml', type: 'symlink' },
        ],
        folder,
      ),
    ),
    'a packed chart': made(
      ['charts/a.tgz', 'x/charts/a.tgz', 'xcharts/a.tgz', 'charts/a.tgz.prov', 'charts/.tgz', 'charts/a/b.tgz'],
      isPackedChart,
    ),
    'the place of an error of helm': made(
      [
        'web/templates/a.yaml:12:4',
        'parse error on web/templates/a.yaml',
        '/templates/a.yaml',
        'web/templates/a.yaml:',
        'x-1.y/charts/db/crds/b.yaml:3',
        'web/charts//crds/b.yaml',
        'web/templates/.yaml',
        'web/templates/a.',
        'web/templates/a.yaml.',
        'web/templates/x:2',
        'web/templates/missing.yaml:1',
        "values don't meet the specifications of the schema(s)",
        '',
      ],
      (said) => {
        const found = placeInChart({ chart, values: [values] }, said, templates)
        return `${found.file}:${found.line}`
      },
    ),
    'the place of an error of kustomize': made(
      [
        "accumulating resources from 'a.yaml': broken yaml: line 3",
        "accumulating resources from 'gone.yaml': yaml",
        "merging resources from 'a.yaml'",
        'in File: a.yaml',
        'in File:a.yaml',
        "accumulating resources from ''",
        "recursed accumulation of path 'base': accumulating resources from 'b.YML': broken",
        "recursed accumulation of path 'base': accumulating resources from 'b.YML': broken YAML: yaml: line 7",
        "recursed accumulation of path 'base': accumulating resources from 'c.txt': YAML: line 3",
        "recursed accumulation of path 'base': accumulating resources from 'c.txt': yaml: line 3",
        "recursed accumulation of path '': in File: a.yaml",
        'missing path: /spec/x',
        "error for path: '/spec/x': gone",
        'path: /',
        'no matches for Id Service.v1.[noGrp]/web.[noNs]; failed',
        'Service.v1/web.shop: twice',
        'Service.v1/web.shop_x',
        'service.v1/web.[noNs]',
        'S.v1/web.[noNs]',
        'Service./web.[noNs]',
        'Service.v1/api.eu',
        'Service.v1/.[noNs]',
        'unable to find "target"',
        "unable to find 'ab'",
        'no clue',
      ],
      where,
    ),
    'the folder of a dependency': made(
      ['file://../db', 'file://db', 'file:///db', 'file://', 'https://x', 'x-file://db', 'file://../../..', ''],
      (repository) => localFolder(chart, repository),
    ),
    'a values file of an Application': made(
      [
        'prod.yaml',
        '../prod.yaml',
        '/values/prod.yaml',
        '../../../prod.yaml',
        '$values/prod.yaml',
        '$other/prod.yaml',
        '$values',
        '$/prod.yaml',
        'x$values/prod.yaml',
        '$values/a\nb',
        '$ARGOCD_APP_NAME.yaml',
        '{{ x }}.yaml',
        'https://x/a.yaml',
        'S3://x/a.yaml',
        'a://x',
        '1a://x',
        'x/a://b',
      ],
      (entry) => {
        const source = { path: chart, helm: { valueFiles: [entry] } }
        const at = ['spec', 'source']
        const [found] = argoRelease({ application, source, overrides: [], at, refs: new Set(['values']) }).values
        return found?.from === 'file' ? found.path : found?.from
      },
    ),
    'a path of a deployer': made(['a/b', './a//b/', '.', '', 'a/../b', 'a/{{x}}', 'a/${x}'], folderOf),
    'a file of bytes': made(['a.png', 'a.PNG', 'a.tgz', 'a.gz', 'a.png.yaml', 'png', 'a.woff2'], holdsBytes),
    'a file for yamllint': made(['a.yaml', 'a.YML', 'a.yaml.j2', '.yamllint', '.yamllint.yaml', 'yaml'], isLinted),
    'a text that looks like an object': made(
      [
        'apiVersion: v1\nkind: A',
        'x: 1\nkind: A\napiVersion: v1',
        'apiVersion: v1',
        'kind: A',
        'a:\n  apiVersion: v1\nkind: A',
        'apiVersion: v1\na:\n  kind: A',
        'apiVersion: v1\nkind: {{ x }}',
      ],
      looksLikeObjects,
    ),
    'a part of a branch': made(['a', 'A9', 'a/b', 'a.b', 'a+b_c-d', 'a b', 'é', '👩'], branchPart),
  })
})

test('the readings of names and addresses are on a page that somebody has approved', () => {
  assertPage('names-addresses.md', {
    'the repository shop/web': made(
      [
        '',
        'https://github.com/shop/web',
        'https://github.com/shop/web.git',
        'https://github.com/shop/web.git//',
        'git@github.com:web',
        'https://github.com/shop/WEB/',
        'https://github.com/shop/web.gitx',
        'https://github.com/shop/w.giteb',
        'https://github.com/shop/xweb',
        'https://x/{{repo}}',
        'https://x/${repo}',
      ],
      (url) => isHere(url, { repository: 'web' }),
    ),
    'a revision that follows merges': made(
      [
        '',
        'HEAD',
        'main',
        SHA,
        SHA.slice(1),
        `${SHA}0`,
        `x${SHA}`,
        'refs/tags/v1',
        'refs/heads/main',
        'refs/tags/',
        '1.2',
        'v1.2.3',
        '1.2.x',
        '1.*',
        '~1.2.3',
        '>= 1.2',
        '1',
        'release-1.2',
        '1.2.3.4',
        '1.2-rc.1',
        '1.2+b',
        '1.2rc',
        '.2',
        '1.',
        '{{branch}}',
        'x/1.2',
      ],
      (revision) => isDeployed(revision, {}),
    ),
    'the tag of an image': made(
      [
        'web',
        'web:1',
        'web:',
        'r:5000/web',
        'r:5000/web:1',
        `web@sha256:${SHA}`,
        `web:1@sha256:${SHA}`,
        'web:1:2',
        'a/b:1/c',
      ],
      (image) => [tagOf(image), imageNameOf(image)],
    ),
    'images of two versions': made(
      [
        [['web:1'], ['web:2']],
        [
          ['web:1', 'log:1'],
          ['web:2', 'log:2'],
        ],
        [
          ['log:1', 'web:1'],
          ['log:1', 'web:2'],
        ],
        [['web:1'], ['web:1']],
        [['web:1@sha256:a'], ['web:1@sha256:b']],
        [['a/web:1'], ['b/web:1']],
        [['web:1'], []],
      ],
      ([one = [], other = []]) => namesApart({ images: one }, { images: other }),
    ),
    'versions of a blue-green route': made(
      [
        ['blue', 'green'],
        ['web-blue', 'web-green'],
        ['blue-1', 'green-2'],
        ['web-blue-1', 'web-green-1'],
        ['v1', 'v2'],
        ['web', 'web-green'],
        ['a-b-c', 'a-c-c'],
      ],
      ([one = '', other = '']) => {
        const places = [one, other].map(
          (subset) => `{ destination: { host: web, subset: ${subset} }, weight: ${subset === one ? 100 : 0} }`,
        )
        const text = `apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: web }\nspec:\n  hosts: [web]\n  http: [{ route: [${places.join(', ')}] }]\n`
        const { route } = targetOf(
          { 'vs.yaml': text },
          { services: { web: { strategy: 'blue-green', versions: [one, other] } } },
        )
        const { blueGreen } = route.names
        if (blueGreen === undefined) return undefined
        const called = ['green', 'web-green', 'v2', other].map((name) => versionCalled(blueGreen, name)?.written)
        return [blueGreen.active.name, blueGreen.idle.name, ...called]
      },
    ),
    'an image of an Application': made(
      [
        'web',
        'web:1',
        'web:',
        'web@sha256:1',
        'web:1@sha256:1',
        'web=r:5000/x:1',
        'web=*:1',
        'web=x:*',
        '=x:1',
        'r:5000/web',
      ],
      (image) => argoFields({ images: [image] }),
    ),
    'a name in the form of a Kubernetes name': made(
      ['web', 'Web_1', '-a-', '..a..', 'a.-.b', '-.', 'é', 'x'.repeat(260)],
      normalized,
    ),
    'a name of an object': made(
      ['a', 'A', 'a.b_c-d', '-a', 'a-', 'a b', '', 'a'.repeat(253), 'a'.repeat(254)],
      (name) => ObjectName.safeParse(name).success,
    ),
    'a commit that Argo CD names': made(
      [SHA, SHA.slice(1), `${SHA}0`, `x${SHA.slice(1)}`, SHA.toUpperCase(), null],
      (commit) => {
        const at = '2026-01-01T00:00:00Z'
        return readArgoCdReport({ app: 'web', commit, phase: 'Succeeded', health: 'Healthy', at }).code
      },
    ),
    'a revision that Flux names': made(
      [SHA, `main@sha1:${SHA}`, `main/${SHA}`, `${SHA}0`, `x${SHA}`, `main@sha1:${SHA}x`, 'main', ''],
      (revision) =>
        readFluxEvent({
          severity: 'info',
          reason: 'ReconciliationSucceeded',
          timestamp: '2026-01-01T00:00:00Z',
          reportingController: 'kustomize-controller',
          metadata: { revision },
          involvedObject: { apiVersion: 'a/v1', kind: 'Kustomization', namespace: 'flux', name: 'web' },
        }).code,
    ),
    'a header that people decide by': made(
      [
        'user',
        'x-user',
        ':path',
        'x-forwarded-for',
        'x-forwarder',
        'accept',
        'my-accept',
        'cookie',
        'if-match',
        'from',
        'range',
      ],
      (header) => isForSome([{ on: `header:${header}`, how: 'exact', text: 'a' }]),
    ),
    'a schema that reaches out': made(
      [
        'a.json',
        'a.json#/b',
        '#/b',
        'a/../b.json',
        '/a.json',
        'https://x/a',
        'HTTPS://x/a',
        'x-a+b.c:d',
        'a/b:c',
        'a%2e',
        'a b',
        'a\\b',
        '..',
        'a..b',
      ],
      (address) => {
        const found = schemasFrom(['s/a.json'], new Map([['s/a.json', JSON.stringify({ $ref: address })]]), 's')
        return found.ok ? [...found.value.keys()] : found.error.map(({ code }) => code)
      },
    ),
    'a dialect of a schema': made(
      [
        'http://json-schema.org/draft-07/schema#',
        'https://json-schema.org/draft/2020-12/schema',
        'http://json-schema.org/schema',
        'http://json-schema.org/draft-03/schema#',
        'xhttp://json-schema.org/schema',
        'http://json-schema.org/schema#x',
        'https://json-schema.org/draft/20-12/schema',
      ],
      (dialect) => schemasFrom(['a.json'], new Map([['a.json', JSON.stringify({ $schema: dialect })]]), '').ok,
    ),
    'a field that an API server names': made(
      [
        'spec.http[0].route',
        '.spec.a',
        'metadata.labels[example.com/team]',
        'ports[port=80].name',
        'a[]',
        '',
        '<nil>',
        'a[0x].b',
        'a.1.b',
        'a[10]',
        'a[x1]',
      ],
      fieldPath,
    ),
    'a JSON pointer': made(['/a/0', '/a/01', '/a/-', '/a/x1', '/a/1x', '/a~1b/~0', '', '/'], pointerPath),
  })
})

test('the readings of texts in files are on a page that somebody has approved', () => {
  const status = (message: string) => ({ message, reason: '', kind: '', name: '', causes: [] })
  const params = { a: { b: 'x', list: ['l0', 'l1'], 'k k': 1, '': 'empty' }, 'a.b': 'flat', n: 5, yes: true, o: {} }
  const any = { group: undefined, version: undefined, kind: undefined, namespace: undefined, hasLabels: false }
  const identity = { group: 'apps', version: 'v1', kind: 'Deployment', names: ['web'], namespaces: ['shop'] }
  const moved = { target: sample(95, 5), from: 5, to: 50, version: undefined, finishes: false, verdicts: [] }
  assertPage('names-texts.md', {
    'a number of Kubernetes': made(
      [
        '0',
        '1',
        '-1',
        '+1',
        '0144',
        '08',
        '0o17',
        '0O17',
        '00',
        '0x64',
        '0x100',
        '0X1f',
        '-0x1',
        '0b11',
        '0b12',
        '0x',
        '0b',
        '0o',
        '1_000',
        '1__0',
        '.5',
        '5.',
        '5.0',
        '-.5',
        '.',
        '1e3',
        '1E3',
        '1e',
        '1e+',
        '1e-3',
        '.5e3',
        '5.e3',
        'e3',
        '1x',
        'x1',
        '-',
        '',
        '1 ',
        '1-2',
        '1.2.3',
        '0x1.8',
        '9007199254740993',
        '100',
        '_1',
        '1_',
      ],
      (text) => {
        const value = kubernetesNumber(text)
        return typeof value === 'bigint' ? `${value}n` : value
      },
    ),
    'variables of Flux': made(
      [
        '${a}',
        'x${a}y',
        '$a',
        '$$',
        '$${a}',
        '${b}',
        '${}',
        '${a',
        '${a b}',
        '${ a}',
        '${#a}',
        '${#}',
        '${a:=d}',
        '${b:=d}',
        '${b:-d}',
        '${b=d}',
        '${a:1}',
        '${a:1:2}',
        '${a:-2}',
        '${a:9}',
        '${empty:0}',
        '${empty:=d}',
        '${u:1}',
        '${a^}',
        '${a^^}',
        '${a,}',
        '${a,,}',
        '${a/l/x}',
        '${a:x}',
        '${a:1:x}',
        '${unknown}',
        '${b:=${a}}',
      ],
      (text) => {
        const known: Readonly<Record<string, string>> = { a: 'value', b: '', empty: '', u: 'ümlaut' }
        return [substituteText(text, (name) => known[name]), variablesIn(text)]
      },
    ),
    'a weight that is a variable': made(
      ['${w}', '${w:=5}', '${w=5}', '${w:-5}', '${w:=}', '${w:=x}', 'x${w}', '${w}x', '${}', '${w:=5}0', '5'],
      variableIn,
    ),
    'a template of an ApplicationSet': made(
      [
        '{{a.b}}',
        '{{ a.b }}',
        '{{-a.b-}}',
        '{{}}',
        '{{n}}',
        '{{yes}}',
        '{{o}}',
        '{{missing}}',
        '{{a.b}}-{{n}}',
        '{{ {a} }}',
      ],
      (text) => filledText(text, params, false),
    ),
    'a Go template of an ApplicationSet': made(
      [
        '{{.a.b}}',
        '{{ .a.b }}',
        '{{- .a.b -}}',
        '{{a.b}}',
        '{{.}}',
        '{{x.a.b}}',
        '{{.a.b | upper}}',
        '{{.n}}',
        '{{.o}}',
        '{{index .a.list 1}}',
        '{{index .a.list 9}}',
        '{{index .a "k k"}}',
        '{{index .a ""}}',
        '{{index .a "b"}}',
        '{{index  .a  "b"}}',
        '{{index .a}}',
        '{{index.a "b"}}',
        '{{index . "n"}}',
        '{{xindex .a "b"}}',
        '{{index .a "b" x}}',
        '{{index .a "list" 0}}',
        '{{index .a"b"}}',
      ],
      (text) => filledText(text, params, true),
    ),
    'a path of jq': made(
      [
        '.spec.a',
        '.spec["a"]',
        '.spec[""]',
        '.spec.a ',
        '.list[0]',
        '.list[-1]',
        '.list[0.5]',
        '.list[]',
        '.list[] | select(.n == 1)',
        '.list[] | select(.n == 1.)',
        '.list[]|select(.n==1.5)',
        '."a"',
        '.a b',
        '.é',
        '',
      ],
      (expression) => jqPaths(expression, { spec: { a: 1, '': 2 }, list: [{ n: 1 }, { n: 1.5 }], a: 3 }),
    ),
    'a setting of Argo CD': made(
      [
        'all',
        'apps_Deployment',
        'networking.istio.io_VirtualService',
        '_Service',
        'apps_',
        'Deployment',
        'a_b_C',
        'allx',
      ].flatMap((name) => [
        `resource.customizations.ignoreDifferences.${name}`,
        `x.resource.customizations.ignoreDifferences.${name}`,
      ]),
      (key) =>
        settingsIgnored([`data:\n  ${key}: |\n    jsonPointers: [/spec]\n`]).map(({ group, kind }) => [group, kind]),
    ),
    'a selector of kustomize': made(
      [
        'web',
        'we',
        '^web$',
        'w.*',
        'w.+',
        'w.b',
        'web|api',
        '(web)',
        '[web]',
        'w\\.b',
        'w{3}',
        '',
        '^',
        '$',
        'x^web',
        'web$x',
      ],
      (name) => selectsObject({ ...any, name }, identity),
    ),
    'a text that mentions traffic': made(
      [
        'kind: VirtualService',
        'kind:VirtualService',
        '"kind":"HTTPRoute"',
        'kind: !t VirtualService',
        'kind: &a VirtualService',
        'kind: ! Canary',
        'kind: |\n  VirtualService',
        'kind: >-\n  VirtualService',
        'kind: >2\n  VirtualService',
        'kind: *a',
        'kind: VirtualServiceList',
        'kind: VirtualServices',
        'kind: VirtualService-x',
        'xkind: VirtualService',
        'kind: Service',
        'kind: Deployment',
        'kind: ConfigMap',
        "kind: 'DestinationRule'",
      ],
      mentionsTraffic,
    ),
    'a template tag in a kustomization': made(
      [
        '{{ x }}: [',
        '- {{ x }}: [',
        '-{{ x }}: [',
        '- - {{ x }}: [',
        'a: {{ x }} [',
        'a:{{ x }}: [',
        ': {{ x }} [',
        'a/b.c-d: e{{ x }} [',
        '{% x %}: [',
        '# {{ x }}\na: [',
        'a: "{{ x }}" [',
      ],
      (text) => readKustomization(text, 'kustomization.yaml').complaints.map(({ code, entry }) => `${code} ${entry}`),
    ),
    'objects of a chart with no namespace': made(
      [
        'Service',
        'ClusterRole',
        'XClusterRole',
        'Namespace',
        'Node',
        'NodeX',
        'StorageClass',
        'StorageClassX',
        'APIService',
        'XAPIService',
        'ValidatingAdmissionPolicyBinding',
        'PersistentVolume',
        'PersistentVolumeClaim',
      ],
      (kind) => inNamespace(`apiVersion: v1\nkind: ${kind}\nmetadata: { name: a }\n`, 'shop').includes('"shop"'),
    ),
    'a text that defines a kind': made(
      [
        'kind: CustomResourceDefinition',
        'a: 1\nkind: "CustomResourceDefinition"',
        'kind:CustomResourceDefinition',
        ' kind: CustomResourceDefinition',
        'kind: CustomResourceDefinitionList',
        'xkind: CustomResourceDefinition',
      ],
      (text) => isDefinition({ text }),
    ),
    'documents in a text': made(
      [
        'a\n---\nb',
        'a\n--- b',
        'a\n---b',
        'a\n ---\nb',
        '---\na',
        'a\n---\r\nb',
        '%YAML 1.2\n---\na',
        '\uFEFF%YAML 1.2\n---\na',
        'a: |\n  ---\n',
      ],
      (text) => splitPieces(text).map((piece) => piece.text),
    ),
    'an answer of an API server': made(
      [
        'admission webhook "x" denied the request: no',
        'the admission webhook "x" denied the request',
        "a ValidatingAdmissionPolicy 'p' with binding 'b' denied request: no",
        'admission webhook "x" does not support dry run',
        'admission webhook "" does not support dry run',
        'admission webhook "" denied the request: no',
        "ValidatingAdmissionPolicy '' with binding '' denied request",
        'an admission webhook "x" does not support dry run',
        'the dryRun feature is disabled',
        'the dryRun beta feature is disabled',
        'forbidden: User "a" cannot patch resource "b"',
        'x.y "web" is forbidden: User "a\\"b" cannot patch resource "b"',
        'web is forbidden: User "" cannot get path "/a"',
        'not forbidden: User "a" cannot patch resource x',
        'failed to create typed patch object (a; b): .spec.x: field not declared',
        'failed to create typed patch object (): errors:\n  .spec.x: a\n  .spec.y[0]: b',
        'failed to create typed patch object (a): no field',
        'it failed to create typed patch object (a): .spec.x: y',
        'failed to create typed patch object (a): errors: .x: y',
        'failed to create typed patch object (a): spec.x: y',
        '',
      ],
      (message) =>
        [403, 500].map((code) => {
          const said = readAnswer(code, status(message))
          return said.type === 'refused' ? said.faults.map(({ text, path }) => [text.length, path]) : said
        }),
    ),
    'an object of a kind': ['Secret', 'Secret ', 'SECRET', 'SecretStore'].flatMap((kind) =>
      made(['Secret', 'secret', '/Secret', 'a.b/Secret', 'A.B/Secret', 'c/Secret', 'a.b/'], (written) => [
        kind,
        isOfKind({ group: 'a.b', kind }, written),
        isOfKind({ group: '', kind }, written),
      ]),
    ),
    'a directive of yamllint': made(
      ['# yamllint disable', '#yamllint x', '#  YAMLLINT x', '# yamllintx', 'yamllint x'],
      withoutDirectives,
    ),
    'other forms of a secret': made(
      [
        "a*b!c(d)~e'f",
        'a b/c+d=e',
        '"quoted-1"',
        "'quoted-2",
        'aGVsbG8td29ybGQ=',
        'aGVsbG8t\nd29ybGQ=',
        'user: pass-w0rd\nkey=v4lue-x\n',
        '-----BEGIN KEY-----\nMIIabc123\n-----END KEY-----',
        '-----BEGIN KEY-----x\nMIIabc123',
        'two words: pass-w0rd',
        'x-----BEGIN KEY-----\nMIIabc123',
        '----------\nabc-123-x',
        'a: ü-1<&>',
      ],
      formsOf,
    ),
    'a part that looks secret': made(
      ['short', 'only words here', 'my-host.example', 'ONLY-WORDS', 'p4ssw0rd', 'abc123', ''],
      looksSecret,
    ),
    'an encrypted value': made(
      [
        'ENC[AES256_GCM,data:abc,iv:x]',
        'ENC[,data:x]',
        'ENC[AES256_GCM,data:]',
        'xENC[A,data:x]',
        'ENC[A,data:x]x',
        'ENC[a,data:x]',
        'ENC[A,x]',
      ],
      isEncrypted,
    ),
    'a text that tells of a secret': made(
      [
        'kind: Secret',
        'KIND: SECRET',
        '"kind":"Secret"',
        '\\"kind\\": \\"SecretList\\"',
        'kind: SecretStore',
        'kind:\n  Secret',
        'kind: ',
        'data: { kind: Secret }',
        'kind: Listing data',
        'data: kind: SecretListx',
      ],
      (text) => tellsSecret(`data\n${text}`, []),
    ),
    'a comment by Perch': made(
      [
        '<!-- perch:answer:12 -->\nx',
        'x <!-- perch:answer:12 -->',
        '<!-- perch:answer: -->',
        '<!-- perch:answer:12-->',
        'Closed: x',
        '<!-- a --> Closed: x',
        '<!-- a -->Closed: x',
        'Not Closed: x',
        'x\nClosed: y',
        '<!-- > -->\nClosed: x',
        '<!--  --> Closed: x',
      ],
      (body) => [answeredIn(body), saysClosed(body)],
    ),
    'a title of a step whose share changed': made(
      [
        'Canary prod/web: 5% → 25%',
        'Canary prod/web: 5% → 25% (again)',
        'Canary prod/web: % → 25%',
        'Canary prod/web: 5% → %',
        'My Canary prod/web: 5% → 25%',
      ],
      (title) => withShare({ title, body: '' }, [moved]).title,
    ),
    'a body of a step whose share changed': made(
      [
        'Raises the canary `v2` of `web` from 5% to **25%** of the traffic.',
        'a\nRaises the canary `v2` of `web` from 5% to **25%** of the traffic.\nb',
        'It Raises the canary `v2` of `web` from 5% to **25%** of the traffic.',
        ' the canary `v2` of `web` from 5% to **25%** of the traffic.',
        'Raises the canary `v2` of `web` from % to **25%** of the traffic.',
        'Raises the canary `v2` of `web` from 5% to **%** of the traffic.',
        'Raises the canary `v2` of `web` from 5% to **25%** of the traffic. Really.',
        'The plan: **5%** → 25%.',
        'a\nThe plan: **5%** → 25%.\nb',
        'I like The plan: **5%** → 25%.',
        'The plan: wait. Then go',
        'The plan: .',
      ],
      (body) => withShare({ title: '', body }, [moved]).body,
    ),
    'a body of a step whose share became lower': made(
      ['Raises the canary `v2` of `web` from 5% to **25%** of the traffic.', 'Lowers the traffic.'],
      (body) => withShare({ title: '', body }, [{ ...moved, from: 50, to: 5 }]).body,
    ),
    'boxes of the dashboard': made(
      [
        '- [x] <!-- perch:look:all -->',
        '- [X] <!-- perch:look:all -->',
        '* [x] <!-- perch:look:all -->',
        '  - [x] <!-- perch:look:all -->',
        '- [ ] <!-- perch:look:all -->',
        'a - [x] <!-- perch:look:all -->',
        '- [x] <!-- perch:look: -->',
        '- [x] <!-- perch:look:%5B -->',
      ],
      (body) => ticksIn(body),
    ),
    'a scalar in a proposed config': made(['a', 'a/b.c-d', 'a b', '', 'a:', '1', 'true', 'a"b'], scalar),
  })
})

test('the readings of parts of files are on a page that somebody has approved', () => {
  const route = 'apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: { name: a }\n'
  const looseFiles = (line: string): readonly string[] => {
    const texts = new Map([['a/x.yaml', `${route}${line}\nspec: {}\n`]])
    const { environments } = discoverEnvironments({ entries: [...texts.keys()].map(file), texts })
    return environments.flatMap(({ files }) => files)
  }
  const release: ChartRelease = {
    chart: 'web',
    name: undefined,
    namespace: undefined,
    values: [],
    settings: [],
    isWithoutDefaults: false,
    options: NO_OPTIONS,
  }
  assertPage('names-files.md', {
    'a template that deploys': made(
      [
        'apiVersion: argoproj.io/v1alpha1\nkind: Application',
        'apiVersion: argoproj.io/v1alpha1\nkind:   ApplicationSet',
        '- apiVersion: "argoproj.io/v1"\n  kind: "Application"',
        'apiVersion:fluxcd.io/v1\nkind:HelmRelease',
        'apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease',
        'apiVersion: .fluxcd.io/v2\nkind: HelmRelease',
        'apiVersion: argoproj.io/v1\nkind: Applications',
        'apiVersion: argoproj.io/v1\nxkind: Application',
        'apiVersion: argoproj.io/v1\nnames: { kind: Application }',
        'xapiVersion: argoproj.io/v1\nkind: Application',
        'apiVersion: v1\nkind: Application',
      ],
      isDeployerText,
    ),
    'an object that values are taken from': made(
      ['kind: Secret', 'kind:Secret', '"kind" : "ConfigMap"', 'kind: Secrets', 'xkind: Secret', 'kind: SecretStore'],
      (text) => VALUES_OBJECT.test(text),
    ),
    'a template that nothing renders': made(
      [
        'kind: VirtualService\n{{ x }}',
        ' kind: VirtualService\n{{ x }}',
        'a: 1\nkind: GRPCRoute\n{{ x }}',
        'kind: VirtualServices\n{{ x }}',
        'kind: VirtualService',
      ],
      (text) => loneTemplates({ owners: new Map(), texts: new Map([['a.yaml', text]]) }).length,
    ),
    'the template of a rendered document': made(
      [
        '---\n# Source: web/templates/a.yaml\nkind: A\n',
        '---\n# Source: other/charts/db/templates/a.yaml\n',
        'a: 1 # Source: web/templates/a.yaml\n',
        '# Source: /templates/a.yaml\n',
        '# Source: web/\n',
        '# Source: web/a\n---\n# Source: web/b\n---\n# Source: web/a\n',
      ],
      (yaml) => [...renderedParts({ environment: 'eu', release, copies: [{ from: 'db', to: 'web/charts/db' }], yaml })],
    ),
    'the name of a release without one': made(
      ['web', 'charts/helm_chart', 'A--b__c', '-a-', '_a_', 'é', '', 'x'.repeat(54), `${'x'.repeat(52)}-y`],
      (chart) => releaseBuild({ ...release, chart }, [], new Map()).release,
    ),
    'a parameter that only a generator knows': made(
      ['{{ x }}', '{{}}', 'a-{{x}}-{{y}}', '{x}', '{{ {x} }}', ''],
      (name) => unknownParameter(releaseBuild({ ...release, name }, [], new Map()), release, new Map()),
    ),
    'the HelmRelease in the files that a render has': made(
      ['web', 'eu-web', 'web-admin', 'eu-web-admin-x', 'other'],
      (name) => {
        const spec = 'spec: { chart: { spec: { chart: ./web, sourceRef: { kind: GitRepository, name: a } } } }'
        const yaml = `apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: { name: ${name} }\n${spec}\n`
        const charts = ['web', 'web-admin', 'admin'].map((one) => {
          return { chart: 'web', copies: [], name: one, place: { file: `${one}.yaml`, line: 1 } }
        })
        return nestedReleases(yaml, charts, new Map()).map(({ nested }) => nested.place.file)
      },
    ),
    'options that let kustomize read anything': made(
      [
        'buildOptions: --load-restrictor LoadRestrictionsNone',
        'buildOptions: --load_restrictor=none',
        'buildOptions: "--LOAD-RESTRICTOR=\'loadrestrictionsnone\'"',
        'buildOptions: --load-restrictor nonex',
        'buildOptions: --load-restrictor LoadRestrictionsRootOnly',
        'options: --load-restrictor none',
      ],
      liftsRestrictions,
    ),
    'a name in a title': made(
      ['Application argocd/web', 'Application web', 'Application {{ .x }}', 'web'],
      nameInTitle,
    ),
    'a JSON pointer that decides': made(
      [
        '',
        '/',
        '/spec',
        '/specs',
        'x/spec',
        '/spec/http',
        '/spec/http/0',
        '/spec/http/-',
        '/spec/http/',
        '/spec/http/x',
        '/spec/http/0/route',
        '/spec/http/0/routes',
        '/spec/http/0/route/1/weight',
        '/spec/http/0/timeout',
        '/spec/hosts',
        '/spec/host',
        '/spec/subsets/0',
        '/metadata',
        '/metadata/annotations',
        '/metadata/annotations/a',
        '/metadata/annotations/perch.dev~1steps',
        '/metadata/labels',
        '/spec/http/0/match',
        '/spec/http/0/delegate/name',
        '/other',
        5,
      ],
      (path) => [isDecisive([{ op: 'replace', path }]), isDecisivePath(pointerPath(String(path)))],
    ),
    'an operation of a patch that decides': made(
      [
        { op: 'replace', path: '' },
        { op: 'replace', path: '/spec/http/0/match' },
        { op: 'replace', path: '/spec/http/0/match/0/uri' },
        { op: 'replace', path: '/spec/rules/0/matches' },
        { op: 'replace', path: '/spec/http/0/matched' },
        { op: 'replace', path: '/spec/http/0/timeout' },
        { op: 'replace', path: '/x/spec/http/0/match' },
        { op: 'move', path: '/spec/old', from: '/spec/http/0' },
        { op: 'copy', path: '/spec/old', from: '/spec/http/0' },
        { op: 'move', path: '/spec/http/0/route', from: '/spec/old' },
        { op: 'test', path: '/spec/http/0/route' },
      ],
      (operation) => isDecisive([operation]),
    ),
    'a file between placeholders': made(
      [
        'a: 1',
        '${A}',
        '  - ${A}',
        '- - ${}',
        'a: ${A}',
        '${A} b',
        '${A}  ',
        '{% if x %}',
        'b {% if x %}',
        '<% x %>',
        '<#if x>',
        '</#if>',
        '<if>',
        'a: %NAME%',
        '- a: %N%',
        '- %NAME%',
        ': %NAME%',
        'a: b%NAME%',
        'a: {name}-b',
        'a: {n}x',
        'a: {name}',
        'a: {name}, b',
        'x a: %NAME%',
      ],
      looseFiles,
    ),
    'a broken text that is a template': made(
      [
        '{{ x }}',
        '  {{ x }}',
        '- {{ x }}',
        '- - {{ x }}',
        'a: {{ x }} y',
        'a:{{ x }} y',
        ': {{ x }} y',
        'a: b {{ x }}',
        '# {{ x }}',
        'x {{ x }}',
      ],
      (line) => {
        const read = parseManifest('a.yaml', `${route}---\n${line}\na: [\n`)
        return read.ok ? undefined : read.error.code
      },
    ),
    'a text without quotes': made(
      ['a', 'a1', 'a/b.c-d_e', '1a', 'a b', ' a', 'a ', '', 'y', 'YES', 'yes1', 'xyes', 'Null', 'on', 'off-x', 'true'],
      isPlainText,
    ),
    'an override in an answer': made(
      [
        ['', ''],
        ['<!--', 'x <!--'],
        ['-->', '--> x'],
        [':bake:', ':Bake:'],
        [':bake:', '::'],
        [':bake:', ':other:'],
        [':alice:', '::'],
        ['too%20slow', ''],
        [':seal ', ': '],
        [':seal ', ':other '],
        [SHA, SHA.slice(1)],
      ],
      ([from = '', to = '']) => {
        const record = { gate: 'bake', by: 'alice', reason: 'too slow', sha: SHA, seal: 'seal' } as const
        const body = `<!-- perch:answer:1 -->\n${overrideMarker(record).replace(from, to)}\n`
        const author = { login: 'perch[bot]', isBot: true }
        const comment = { id: 1, author, isOurs: true, isEdited: false, body, createdAt: 0 }
        return overridesIn([comment], SHA, () => 'seal')
      },
    ),
    'a value in a broken file with a Secret': made(
      [
        'password: hunter2-x',
        'password:hunter2-x',
        'password=hunter2-x',
        'password: [hunter2-x, other-9-z]',
        'hunter2-x',
        'a: b: hunter2-x',
      ],
      (line) => redact('it said hunter2-x and other-9-z', new Map([['a.yaml', `kind: Secret\n${line}\n  a: [\n`]])),
    ),
    'a document that Flux leaves as it is': made(
      [
        'metadata:\n  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: disabled\na: ${a}\n',
        'metadata:\n  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: "disabled"\na: ${a}\n',
        'metadata:\n  annotations:\n    kustomize.toolkit.fluxcd.io/substitute: disabledx\na: ${a}\n',
        'metadata:\n  labels:\n      kustomize.toolkit.fluxcd.io/substitute: disabled\na: ${a}\n',
        'spec:\n  a:  kustomize.toolkit.fluxcd.io/substitute: disabled\na: ${a}\n',
      ],
      (yaml) => withVariables(yaml, { known: new Map([['a', 'x']]), isWhole: false, places: new Map() }),
    ),
    'groups whose objects may bring pods': made(
      [
        '',
        'apps',
        'networking.k8s.io',
        'istio.io',
        'networking.istio.io',
        'xistio.io',
        'istio.io.x',
        'a.b',
        'cert-manager.io',
      ],
      (group) => {
        const object = { group, kind: 'A', namespace: 'n', name: 'a', data: { spec: { targetNamespace: 't' } } }
        return [...bringingNamespaces([object], new Set())]
      },
    ),
    'the weight in a message of Flagger': made(
      [
        'Advance web.shop canary weight 20',
        'Advance web.shop canary weight 100',
        'Advance web.shop canary weight 101',
        'Advance  canary weight 20',
        'Advance web.shop canary weight 20!',
        'x Advance web.shop canary weight 20',
        'Advance web shop canary weight 20',
      ],
      (eventMessage) => newsAfter(undefined, eventOf({ eventMessage }), 0)?.weight,
    ),
    'a whole number in a template': made(['5', '-5', 'x5', '5x', '1234567890', '', 7, 1.5, undefined], (count) => {
      const problems: SpecProblem[] = []
      const number = wholeField({ data: { count }, place: 'metrics[0]', problems }, 'count', 0)
      return [number, problems.length]
    }),
    'a name that kustomize generates': made(
      ['settings-2456789bcd', 'settings-2456789bcd-x', 'settings-2456789bc', 'settings-2456789bca', '-2456789bcd'],
      (name) => {
        const objectNamed = (own: string): RenderedObject => {
          return { group: '', kind: 'ConfigMap', namespace: 'n', name: own, data: {} }
        }
        return pairObjects([objectNamed(name)], [objectNamed(name.replace('2456', '9999'))]).length
      },
    ),
    'a field that a replacement sets': made(
      [
        'spec',
        'spec.http',
        'spec.http.0',
        'spec.http.[name=main]',
        'spec.http.[name=]',
        'spec.http.',
        'spec.http.0.route',
        'spec.http.0.route.1',
        'spec.http.0.route.[destination.host=web]',
        'spec.http.0.route.',
        'spec.http.0.route.1.weight',
        'spec.http.0.route.1.weights',
        'spec.http.0.route.1.destination.host',
        'spec.http.0.match',
        'spec.rules.0.matches',
        'spec.http.0.match.0.uri.prefix',
        'spec.http.0.timeout',
        'spec.https.0',
        'metadata.name',
        'spec.hosts',
        'x.spec.http',
      ],
      (path) => {
        const target = `targets: [{ select: { kind: VirtualService }, fieldPaths: ['${path}'] }]`
        const { targets } = snapshotOf({
          'web.yaml': virtualService(95, 5),
          'kustomization.yaml': `resources: [web.yaml]\nreplacements: [{ source: { kind: ConfigMap }, ${target} }]\n`,
        })
        return targets.map(({ unclear }) => unclear?.why)
      },
    ),
    'a time that Flagger sends': made(
      ['1700000000000', '170000000', 'x1700000000', '1700000000x', '170000000000000'],
      (timestamp) => EventPayload.safeParse(eventOf({ timestamp })).success,
    ),
    'the variables in an argument': made(
      ['{{service}}', '{{ service  }}', '{{}}', '{{ }}', '{{other}}', 'a-{{service}}-b', '{service}', '{{ {x} }}'],
      (given) => argumentOf(given, 'web'),
    ),
    'a value for a variable in an argument': made(['web', 'a.b:c/d-e_f', 'a b', 'web"', '', ' a'], (service) =>
      argumentOf('{{service}}', service),
    ),
  })
})

function argumentOf(given: string, service: string): unknown {
  const none = {
    namespace: undefined,
    environment: undefined,
    canary: undefined,
    stable: undefined,
    version: undefined,
  }
  const found = resolveArguments([{ name: 'a' }], { args: { a: given }, values: { ...none, service } })
  return found.ok ? found.value.get('a') : found.error
}

function eventOf(more: object): EventPayload {
  return { name: 'web', namespace: 'shop', phase: 'Progressing', metadata: { key: 'x', ...more } }
}
