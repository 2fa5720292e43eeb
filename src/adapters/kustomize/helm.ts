/** Renders a release with the machine's own helm, in the same sandbox, and with empty settings folders. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HelmBuild, RenderResult } from '../../ports/renderer.ts'
import { runContained } from '../process-sandbox/run.ts'
import { fill, inWorkshop, isPlain, type Workshop } from '../process-sandbox/workshop.ts'
import { GO, type BuildLimits, resultOf } from './outcome.ts'
import type { Tool } from './tool.ts'

/**
 * A chart may ask whether the cluster knows a kind before it uses it. These are the kinds of a cluster that uses Perch. Without
 * this list, helm would know only the kinds of Kubernetes itself.
 */
const API_VERSIONS = [
  ...['v1', 'v1beta1', 'v1alpha3'].flatMap((version) => {
    const kinds = ['VirtualService', 'DestinationRule', 'Gateway', 'ServiceEntry', 'Sidecar', 'WorkloadEntry']
    return [`networking.istio.io/${version}`, ...kinds.map((kind) => `networking.istio.io/${version}/${kind}`)]
  }),
  ...['v1', 'v1beta1'].flatMap((version) => {
    const kinds = ['Gateway', 'GatewayClass', 'HTTPRoute', 'GRPCRoute', 'ReferenceGrant']
    return [
      `gateway.networking.k8s.io/${version}`,
      ...kinds.map((kind) => `gateway.networking.k8s.io/${version}/${kind}`),
    ]
  }),
  'gateway.networking.k8s.io/v1alpha2',
  'gateway.networking.k8s.io/v1alpha2/TLSRoute',
  'gateway.networking.k8s.io/v1alpha2/TCPRoute',
  // Deployers, whose objects a chart may contain.
  'argoproj.io/v1alpha1',
  ...['Application', 'ApplicationSet', 'AppProject'].map((kind) => `argoproj.io/v1alpha1/${kind}`),
  'helm.toolkit.fluxcd.io/v2',
  'helm.toolkit.fluxcd.io/v2/HelmRelease',
  'kustomize.toolkit.fluxcd.io/v1',
  'kustomize.toolkit.fluxcd.io/v1/Kustomization',
]

/**
 * The version of the cluster if the deployer's object names none. Charts often require a minimum version, and rarely a maximum.
 * By default, helm would use the version that it was built with, which is v1.20 if `go install` built it.
 */
const KUBE_VERSION = '1.35.0'

/** Renders one release from exactly these files. */
export function buildRelease(
  tool: Tool,
  { files, source }: { readonly files: ReadonlyMap<string, string>; readonly source: HelmBuild },
  limits: BuildLimits,
): Promise<RenderResult> {
  return inWorkshop(files, async (workshop) => {
    const { chart } = source
    const named = [chart, ...source.values.flatMap((one) => ('path' in one ? [one.path] : []))]
    const odd = named.find((path) => path !== '' && !isPlain(path)) ?? (await fill(workshop, files))
    if (odd !== undefined) return { ok: false, code: 'build-failed', detail: `no file can be at ${odd.slice(0, 200)}` }
    const values = await valuesFiles(workshop, source)
    const [program = tool.command[0], ...args] = [...tool.walls.prefix(workshop), ...tool.command]
    const finished = await runContained({
      title: 'helm template',
      // With full paths and `=`, no name can become an option or an address.
      command: [program, ...args, ...argumentsOf(source, values), '--', source.release, join(workshop.files, chart)],
      folder: workshop.files,
      env: { ...homesIn(workshop), LC_ALL: 'C', ...GO },
      ...limits,
    })
    const result = resultOf(finished, { folder: workshop.files, files })
    return result.ok || result.code !== 'tool-missing' ? result : { ...result, code: 'helm-missing' }
  })
}

function homesIn({ home }: Workshop): Readonly<Record<string, string>> {
  return {
    PATH: home,
    HOME: home,
    KUBECONFIG: join(home, 'kubeconfig'),
    HELM_CACHE_HOME: join(home, 'cache'),
    HELM_CONFIG_HOME: join(home, 'config'),
    HELM_DATA_HOME: join(home, 'data'),
    HELM_PLUGINS: join(home, 'plugins'),
    HELM_REPOSITORY_CACHE: join(home, 'repositories'),
    HELM_REPOSITORY_CONFIG: join(home, 'repositories.yaml'),
    HELM_REGISTRY_CONFIG: join(home, 'registry.json'),
  }
}

/** The full paths of the values files, in order. Inline values become files outside of the folder that charts can name. */
async function valuesFiles({ top, files }: Workshop, { values }: HelmBuild): Promise<readonly string[]> {
  const folder = join(top, 'values')
  await mkdir(folder)
  return Promise.all(
    values.map(async (source, index) => {
      if ('path' in source) return join(files, source.path)
      const path = join(folder, `${String(index)}.yaml`)
      await writeFile(path, source.text, { flag: 'wx' })
      return path
    }),
  )
}

function argumentsOf({ namespace, settings, options }: HelmBuild, values: readonly string[]): readonly string[] {
  return [
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    // One flag for each, so that a comma in a folder's name does not split the list.
    ...values.map((path) => `--values=${csv(path)}`),
    ...settings.map(({ name, value, isText }) => `--set${isText ? '-string' : ''}=${name}=${settingText(value)}`),
    ...(options.skipsCrds ? ['--skip-crds'] : ['--include-crds']),
    ...(options.skipsTests ? ['--skip-tests'] : []),
    ...(options.skipsSchema ? ['--skip-schema-validation'] : []),
    `--kube-version=${options.kubeVersion ?? KUBE_VERSION}`,
    ...[...API_VERSIONS, ...options.apiVersions].map((version) => `--api-versions=${csv(version)}`),
  ]
}

/** One entry of a list that helm parses as a line of CSV. */
function csv(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** Escapes commas, because a comma starts another setting unless the value is a list. */
function settingText(value: string): string {
  return value.startsWith('{') ? value : value.replaceAll(/(?<!\\),/g, '\\,')
}
