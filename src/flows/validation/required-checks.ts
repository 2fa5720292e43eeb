import { CONFIG_FILE, placeOfKey, readConfig } from '../../core/config/read.ts'
import type { Config } from '../../core/config/schema.ts'
import type {
  CrdSettings,
  DryRunSettings,
  PolicyConfig,
  SchemaSettings,
  Validator,
} from '../../core/config/validators.ts'
import type { Problem } from '../../core/problem/problem.ts'
import type { Location } from '../../core/manifest/parse.ts'
import { lintSettingsIn } from '../../core/policy/lint.ts'
import { crdFiles, crdsFrom } from '../../core/policy/crds.ts'
import { type Policy, policyFiles, policyFrom } from '../../core/policy/policy.ts'
import type { Failure, Fault, ToolName } from '../../core/policy/remark.ts'
import { schemaFiles, schemasFrom } from '../../core/policy/schemas.ts'
import { failureProblems, type ToolRequest } from '../../core/problem/tools.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Sha } from '../../core/rollout/facts.ts'
import type { KubeconformSchemas, RepositoryCrds } from '../../ports/validators.ts'
import type { RepositoryContext } from '../repository/repository-context.ts'
import type { FileSource } from '../repository/load.ts'

type Needs = FileSource & Pick<RepositoryContext, 'validators'>

/** The validators that the base branch requires, ready to run. Those that cannot run are already problems. */
export interface RequiredChecks {
  readonly policy: Policy | undefined
  readonly schemas: KubeconformSchemas | undefined
  readonly crds: RepositoryCrds | undefined
  readonly istioctl: { readonly ignore: readonly string[] } | undefined
  readonly dryRun: DryRunSettings | undefined
  /** yamllint's configuration, by path. */
  readonly lint: ReadonlyMap<string, string> | undefined
  /** The name and version of each validator. */
  readonly titles: ReadonlyMap<ToolName, string>
  /** The places in the config that require them. */
  readonly places: { readonly policy: Location; readonly validators: Location }
  readonly problems: readonly Problem[]
}

export interface RequiredChecksSource {
  /** The commit or tree that contains the config and the files that it names. */
  readonly treeish: Sha
  readonly config: Pick<Config, 'policy' | 'validators'>
  readonly side: ToolRequest['side']
}

/** Reads which validators a config requires, and checks whether they can run. */
export async function loadRequiredChecks(
  context: Needs,
  { treeish, config, side }: RequiredChecksSource,
): Promise<RequiredChecks> {
  const text = (await context.mirror.read(treeish, [CONFIG_FILE])).get(CONFIG_FILE)
  const places = { policy: placeOfKey(text, 'policy'), validators: placeOfKey(text, 'validators') }
  const { policy, validators } = config
  const isAsked = policy !== undefined || validators.length > 0
  const installed = isAsked ? await context.validators.tools() : new Map<ToolName, string>()
  const from: CheckLoader = {
    context,
    treeish,
    installed,
    asked: (tool) => ({ tool, side, place: placeFor(places, tool) }),
  }
  const parts = await partsOf(from, config)
  return {
    policy: parts.opa?.value,
    schemas: parts.kubeconform?.value,
    crds: parts['kubectl-validate']?.value,
    istioctl: parts.istioctl?.value,
    dryRun: parts['dry-run']?.value,
    lint: parts.yamllint?.value,
    titles: new Map([...installed].filter(([tool]) => parts[tool] !== undefined)),
    places,
    problems: Object.values(parts).flatMap((one) => one?.problems ?? []),
  }
}

/** The place in the config that requires a tool. */
export function placeFor(places: RequiredChecks['places'], tool: ToolName): Location {
  return tool === 'opa' ? places.policy : places.validators
}

interface CheckLoader {
  readonly context: Needs
  readonly treeish: Sha
  readonly installed: ReadonlyMap<ToolName, string>
  readonly asked: (tool: ToolName) => ToolRequest
}

interface CheckPart<T> {
  readonly value?: T
  readonly problems: readonly Problem[]
}

/** The inputs of each validator that the config requires. */
async function partsOf(from: CheckLoader, { policy, validators }: RequiredChecksSource['config']) {
  const { kubeconform, istioctl, yamllint, 'kubectl-validate': kubectlValidate, 'dry-run': dryRun } = byName(validators)
  return {
    opa: policy && (await part(from, 'opa', () => loadPolicy(from, policy))),
    kubeconform: kubeconform && (await part(from, 'kubeconform', () => loadSchemas(from, kubeconform))),
    'kubectl-validate':
      kubectlValidate && (await part(from, 'kubectl-validate', () => loadCrds(from, kubectlValidate))),
    istioctl: istioctl && (await part(from, 'istioctl', async () => ok(istioctl))),
    'dry-run': dryRun && (await part(from, 'dry-run', async () => ok(dryRun))),
    yamllint: yamllint && (await part(from, 'yamllint', async () => ok(await loadLintSettings(from)))),
  }
}

/** The inputs of one validator, or why it cannot run. */
async function part<T>(
  { context, installed, asked }: CheckLoader,
  tool: ToolName,
  load: () => Promise<Result<T, Failure>>,
): Promise<CheckPart<T>> {
  const loaded = installed.has(tool) ? await load() : err(await context.validators.absence(tool))
  return loaded.ok ? { value: loaded.value, problems: [] } : { problems: failureProblems(loaded.error, asked(tool)) }
}

/**
 * The validators that a pull request would require after its merge; undefined if they stay the same. The pull request itself is
 * judged by the old ones. The new ones are tried too, because a policy that does not compile would block everybody after the
 * merge.
 */
export async function requiredChecksAfter(
  context: Needs,
  { head, changed, config }: { readonly head: Sha; readonly changed: readonly string[]; readonly config: Config },
): Promise<RequiredChecks | undefined> {
  const isConfigNew = changed.includes(CONFIG_FILE)
  const next = isConfigNew ? readConfig((await context.mirror.read(head, [CONFIG_FILE])).get(CONFIG_FILE)) : ok(config)
  if (!next.ok) return undefined
  const { policy, validators } = next.value
  const isSame = JSON.stringify([policy, validators]) === JSON.stringify([config.policy, config.validators])
  const { kubeconform, 'kubectl-validate': kubectlValidate } = byName(validators)
  const folders = [policy?.path, policy?.data, kubeconform?.schemas, kubectlValidate?.crds].filter(
    (at) => at !== undefined,
  )
  const isTouched = changed.some((path) => folders.some((folder) => isBelow(path, folder)))
  if (isSame && !isTouched) return undefined
  return loadRequiredChecks(context, { treeish: head, config: next.value, side: 'head' })
}

export interface RepairedChecks {
  readonly requiredChecks: RequiredChecks
  /** Problems of files that are broken on the base branch and repaired in the pull request. */
  readonly repaired: readonly Problem[]
}

/**
 * A file that is broken on the base branch cannot judge any pull request, and would block its own repair. If the pull request
 * repairs it, its version is used.
 */
export function withRepairs(base: RequiredChecks, next: RequiredChecks | undefined): RepairedChecks {
  if (next === undefined || base.problems.length === 0 || next.problems.length > 0)
    return { requiredChecks: base, repaired: [] }
  const { policy = next.policy, schemas = next.schemas, crds = next.crds } = base
  const { istioctl = next.istioctl, dryRun = next.dryRun, lint = next.lint } = base
  const requiredChecks = { ...base, policy, schemas, crds, istioctl, dryRun, lint, titles: next.titles, problems: [] }
  return { requiredChecks, repaired: base.problems }
}

function isBelow(path: string, folder: string): boolean {
  const steps = folder.split('/').filter((step) => step !== '' && step !== '.')
  return steps.every((step, index) => path.split('/')[index] === step)
}

interface ValidatorsByName {
  readonly kubeconform?: SchemaSettings
  readonly 'kubectl-validate'?: CrdSettings
  readonly istioctl?: Extract<Validator, { name: 'istioctl' }>
  readonly 'dry-run'?: DryRunSettings
  readonly yamllint?: Extract<Validator, { name: 'yamllint' }>
}

function byName(validators: readonly Validator[]): ValidatorsByName {
  return Object.fromEntries(validators.map((validator) => [validator.name, validator]))
}

async function loadPolicy({ context, treeish }: CheckLoader, config: PolicyConfig): Promise<Result<Policy, Failure>> {
  const files = policyFiles(await context.mirror.entries(treeish), config)
  if (!files.ok) return notValid(files.error)
  const texts = await context.mirror.read(treeish, [...files.value.modules, ...files.value.data])
  const policy = policyFrom(files.value, texts, config)
  if (!policy.ok) return notValid(policy.error)
  const failure = await context.validators.compile(policy.value)
  return failure === undefined ? policy : err(failure)
}

async function loadSchemas(
  { context, treeish }: CheckLoader,
  settings: SchemaSettings,
): Promise<Result<KubeconformSchemas, Failure>> {
  const { schemas } = settings
  if (schemas === undefined) return ok({ ...settings, texts: new Map() })
  const paths = schemaFiles(await context.mirror.entries(treeish), schemas)
  const read = schemasFrom(paths, await context.mirror.read(treeish, paths), schemas)
  return read.ok ? ok({ ...settings, texts: read.value }) : notValid(read.error)
}

async function loadCrds(
  { context, treeish }: CheckLoader,
  settings: CrdSettings,
): Promise<Result<RepositoryCrds, Failure>> {
  const paths = settings.crds === undefined ? [] : crdFiles(await context.mirror.entries(treeish), settings.crds)
  const read = settings.crds === undefined ? ok([]) : crdsFrom(paths, await context.mirror.read(treeish, paths))
  if (!read.ok) return notValid(read.error)
  const crds = { ...settings, texts: read.value }
  const failure = await context.validators.define(crds)
  return failure === undefined ? ok(crds) : err(failure)
}

async function loadLintSettings({ context, treeish }: CheckLoader): Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, string>()
  for (;;) {
    const wanted = lintSettingsIn(known).filter((path) => !known.has(path))
    const read = await context.mirror.read(treeish, wanted)
    if (read.size === 0) return known
    for (const [path, text] of read) known.set(path, text)
  }
}

function notValid(faults: readonly Fault[]): Result<never, Failure> {
  return err({ code: 'not-valid', faults })
}
