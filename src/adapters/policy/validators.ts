/** Combines the validator programs and the dry runs against an API server. */
import { TOOLS, type ToolName } from '../../core/policy/remark.ts'
import type { Log } from '../../ports/log.ts'
import type { Validators } from '../../ports/validators.ts'
import { openDryRuns } from './dry-run/dry-run.ts'
import { analyze, ISTIOCTL } from './istioctl.ts'
import { fit, KUBECONFORM } from './kubeconform.ts'
import { admit, define, KUBECTL_VALIDATE } from './kubectl-validate.ts'
import { OPA, openOpa } from './opa.ts'
import { openPrograms, type Program, type ProgramOptions } from './program.ts'
import { lint, YAMLLINT } from './yamllint.ts'

export interface ValidatorOptions extends ProgramOptions {
  readonly log: Log
  /** Folders of this machine with JSON schemas for kubeconform. */
  readonly schemas?: readonly string[]
  /** Folders of this machine with CustomResourceDefinitions for kubectl-validate. */
  readonly crds?: readonly string[]
  /** The full path of the kubeconfig for dry runs. */
  readonly dryRunKubeconfig?: string | undefined
}

type Programs = Readonly<Record<Exclude<ToolName, 'dry-run'>, Program>>

type Titled = Readonly<Record<ToolName, Pick<Program, 'title' | 'absence'>>>

export function openValidators(options: ValidatorOptions): Validators {
  const folders = options.schemas ?? []
  const crdFolders = options.crds ?? []
  const program = openPrograms({ ...options, reads: [...folders, ...crdFolders] })
  const programs: Programs = {
    opa: program(OPA),
    yamllint: program(YAMLLINT),
    kubeconform: program(KUBECONFORM),
    'kubectl-validate': program(KUBECTL_VALIDATE),
    istioctl: program(ISTIOCTL),
  }
  const { yamllint, kubeconform, istioctl, 'kubectl-validate': kubectlValidate } = programs
  const opa = openOpa(programs.opa)
  const dryRuns = openDryRuns({ kubeconfig: options.dryRunKubeconfig, log: options.log })
  const all: Titled = { ...programs, 'dry-run': dryRuns }
  return {
    tools: () => toolsOf(all),
    absence: (tool) => all[tool].absence(),
    compile: (policy) => opa.compile(policy),
    judge: (policy, rendering) => opa.judge(policy, rendering),
    lint: (files, settings) => lint(yamllint, files, settings),
    fit: (rendering, schemas) => fit(kubeconform, { rendering, schemas, folders }),
    define: (crds) => define(kubectlValidate, crds, crdFolders),
    admit: (rendering, crds, applied) => admit(kubectlValidate, { rendering, crds, applied, folders: crdFolders }),
    analyze: (rendering) => analyze(istioctl, rendering),
    dryRun: (objects, question) => dryRuns.dryRun(objects, question),
  }
}

async function toolsOf(all: Titled): Promise<ReadonlyMap<ToolName, string>> {
  const titles = await Promise.all(TOOLS.map(async (name) => [name, await all[name].title()] as const))
  return new Map(titles.flatMap(([name, title]) => (title === undefined ? [] : [[name, title] as const])))
}
