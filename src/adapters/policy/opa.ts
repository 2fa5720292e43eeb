/**
 * Evaluates policies with OPA as a child process. The policies come from the base branch, but may still be careless. Their rules
 * cannot reach the network, the environment or the machine's state, because the functions for that are removed (capabilities).
 * The sandbox limits time, memory and output.
 */
import type { Policy } from '../../core/policy/policy.ts'
import type { ToolResult, Failure, ObjectRemark } from '../../core/policy/remark.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Rendering } from '../../ports/validators.ts'
import type { ProgramKind } from '../process-sandbox/installed.ts'
import { digestOf, keeper } from '../process-sandbox/keep.ts'
import {
  BUNDLE,
  type Bundle,
  bundleFiles,
  CAPABILITIES,
  faultsOf,
  looseFiles,
  type Module,
  moduleAt,
  modulesOf,
  type OpaError,
} from './opa-bundle.ts'
import { queryOf, remarksIn, type Rules, rulesIn } from './opa-rules.ts'
import { aBreaker, type Breaker, type Program } from './program.ts'
import { OpaCapabilities, OpaDependencies, OpaErrors, OpaInspection, OpaResult } from './schema.ts'

export const OPA: ProgramKind = {
  name: 'opa',
  versionArgs: ['version'],
  // Before 1.0, OPA had other flags, and could not load both versions of Rego at once.
  versionIn: (said) => /^Version: v?([1-9]\S*)/m.exec(said)?.[1],
  wants: '1.0 or newer',
}

export interface Opa {
  compile(policy: Policy): Promise<Failure | undefined>
  judge(policy: Policy, rendering: Rendering): Promise<ToolResult<ObjectRemark>>
}

interface Ready {
  readonly bundle: Bundle
  readonly rules: Rules
  /** A policy that does not finish for one environment will not finish for the next thousand either. */
  readonly breaker: Breaker
}

type Readiness = Result<Ready, Failure>

export function openOpa(program: Program): Opa {
  // The result depends only on the policies' text, and the policies of the base branch are needed again and again.
  const once = keeper<Readiness>({ maxEntries: 50, maxSize: 50, sizeOf: (ready) => (isLasting(ready) ? 1 : undefined) })
  const prepared = async (policy: Policy): Promise<Readiness> => {
    const words = [(await program.title()) ?? '', JSON.stringify([policy.data, policy.packages])]
    return once(digestOf(policy.modules, ...words), () => prepare(program, policy))
  }
  return {
    async compile(policy) {
      const ready = await prepared(policy)
      return ready.ok ? undefined : ready.error
    },
    async judge(policy, rendering) {
      const ready = await prepared(policy)
      return ready.ok ? evaluate(program, ready.value, rendering) : { ok: false, failure: ready.error }
    },
  }
}

function isLasting(ready: Readiness): boolean {
  return ready.ok || ready.error.code === 'not-valid'
}

async function prepare(program: Program, policy: Policy): Promise<Readiness> {
  const modules = modulesOf(policy)
  const capabilities = await capabilitiesOf(program)
  if (!capabilities.ok) return capabilities
  const old = await oldOnes(program, modules)
  if (!old.ok) return old
  const loose = { modules, data: policy.data, capabilities: capabilities.value }
  const bundle = await compiled(program, { ...loose, old: old.value })
  if (!bundle.ok) return bundle
  const rules = await findRules(program, bundle.value, policy.packages)
  if (!rules.ok) return rules
  // A misspelled rule name would let everything pass.
  const none = { file: modules[0]?.path, line: 1, code: 'no-rules', text: '' } as const
  if (rules.value.judging.length === 0) return err({ code: 'not-valid', faults: [none] })
  return ok({ bundle: bundle.value, rules: rules.value, breaker: aBreaker() })
}

/**
 * The functions that OPA calls non-deterministic but that use only their arguments and the clock. The other ones reach the
 * network (http.send, net.lookup_ip_addr) or the machine (opa.runtime), or return random values (rand, uuid).
 */
const KEPT = new Set(['time.now_ns', 'io.jwt.decode_verify', 'json.match_schema', 'json.verify_schema'])

async function capabilitiesOf(program: Program): Promise<Result<string, Failure>> {
  const output = await program.run({ files: new Map(), args: ['capabilities', '--current'], codes: [0] })
  if (!output.ok) return err(output.failure)
  const capabilities = OpaCapabilities.safeParse(output.stdout)
  if (!capabilities.success) return err(notUnderstood('opa capabilities'))
  const builtins = capabilities.data.builtins.filter(
    ({ name, nondeterministic }) => nondeterministic !== true || KEPT.has(name),
  )
  // No hosts are allowed, because schemas that policies pass to builtins may refer to other addresses.
  return ok(JSON.stringify({ ...capabilities.data, builtins, allow_net: [] }))
}

/** The modules that are invalid in the Rego of OPA 1.0, but valid in the older one. */
async function oldOnes(program: Program, modules: readonly Module[]): Promise<Result<ReadonlySet<Module>, Failure>> {
  const now = await parseErrors(program, modules, '--v1-compatible')
  if (!now.ok) return now
  const candidates = modules.filter((module) => now.value.some((error) => moduleAt(modules, error) === module))
  if (candidates.length === 0) return ok(new Set())
  const then = await parseErrors(program, candidates, '--v0-compatible')
  if (!then.ok) return then
  const broken = candidates.filter((module) => then.value.some((error) => moduleAt(candidates, error) === module))
  if (broken.length === 0) return ok(new Set(candidates))
  const faults = broken.flatMap((module) => {
    const errors = isNew(module) ? now.value : then.value
    return faultsOf(
      modules,
      errors.filter((error) => moduleAt(modules, error)?.path === module.path),
    ).slice(0, 1)
  })
  return err({ code: 'not-valid', faults })
}

function isNew({ text }: Module): boolean {
  // `contains(…)` is a function in both versions.
  return /^\s*import\s+rego\.v1|^[^#"`]*\b(?:if\s*\{|if\s+\w|contains\s+[^\s(])/m.test(text)
}

async function parseErrors(
  program: Program,
  modules: readonly Module[],
  version: '--v1-compatible' | '--v0-compatible',
): Promise<Result<readonly OpaError[], Failure>> {
  const args = ['check', '--format', 'json', '--max-errors', '0', version, BUNDLE]
  const errors = await errorsOf(program, looseFiles(modules), args)
  return errors.ok ? ok(errors.value.filter(({ code }) => code === 'rego_parse_error')) : errors
}

/**
 * Each version has functions and rules that the other lacks. If compiling a module fails for that reason, the module may be in
 * the older version.
 */
async function compiled(program: Program, bundle: Bundle): Promise<Result<Bundle, Failure>> {
  const first = await compileErrors(program, bundle)
  if (!first.ok || first.value.length === 0) return first.ok ? ok(bundle) : first
  const faults = err<Failure>({ code: 'not-valid', faults: faultsOf(bundle.modules, first.value) })
  const suspects = bundle.modules.filter(
    (module) => !isNew(module) && first.value.some((error) => moduleAt(bundle.modules, error) === module),
  )
  if (suspects.length === 0) return faults
  const other = { ...bundle, old: new Set([...bundle.old, ...suspects]) }
  const second = await compileErrors(program, other)
  return second.ok && second.value.length === 0 ? ok(other) : faults
}

function compileErrors(program: Program, bundle: Bundle): Promise<Result<readonly OpaError[], Failure>> {
  const args = ['check', '--format', 'json', '--max-errors', '0', '--capabilities', CAPABILITIES, '--bundle', BUNDLE]
  return errorsOf(program, bundleFiles(bundle), args)
}

async function errorsOf(
  program: Program,
  files: ReadonlyMap<string, string>,
  args: readonly string[],
): Promise<Result<readonly OpaError[], Failure>> {
  const output = await program.run({ files, args, codes: [0, 1, 2] })
  if (!output.ok) return err(output.failure)
  if (output.code === 0) return ok([])
  const errors = OpaErrors.safeParse(output.stderr)
  return errors.success ? ok(errors.data.errors) : err(notUnderstood('opa check'))
}

async function findRules(
  program: Program,
  bundle: Bundle,
  packages: readonly string[] | undefined,
): Promise<Result<Rules, Failure>> {
  const files = bundleFiles(bundle)
  const format = ['--format', 'json']
  const deps = await program.run({ files, args: ['deps', ...format, '--bundle', BUNDLE, 'data'], codes: [0] })
  if (!deps.ok) return err(deps.failure)
  const inspection = await program.run({ files, args: ['inspect', ...format, BUNDLE], codes: [0] })
  if (!inspection.ok) return err(inspection.failure)
  const documents = OpaDependencies.safeParse(deps.stdout)
  const known = OpaInspection.safeParse(inspection.stdout)
  if (!documents.success || !known.success) return err(notUnderstood('opa deps and opa inspect'))
  if (known.data.namespaces.some((name) => /^data\.perch\b/.test(name))) {
    const file = bundle.modules.find(({ text }) => /^\s*package\s+perch\b/m.test(text))?.path
    return err({ code: 'not-valid', faults: [{ file, line: 1, code: 'reserved', text: '' }] })
  }
  return ok(rulesIn(known.data.namespaces, documents.data.virtual, packages))
}

async function evaluate(program: Program, ready: Ready, rendering: Rendering): Promise<ToolResult<ObjectRemark>> {
  const { bundle, rules } = ready
  const output = await program.run({
    files: bundleFiles(bundle, rendering),
    // By default, a rule whose function fails is undefined. Then an object that could not be judged would pass.
    args: [
      'eval',
      '--format',
      'json',
      '--strict-builtin-errors',
      '--capabilities',
      CAPABILITIES,
      '--bundle',
      BUNDLE,
      '--stdin',
    ],
    codes: [0],
    input: queryOf(rules),
    breaker: ready.breaker,
  })
  if (!output.ok) {
    const errors = OpaErrors.safeParse(output.stdout)
    if (!errors.success) return { ok: false, failure: output.failure }
    return { ok: false, failure: { code: 'not-valid', faults: faultsOf(bundle.modules, errors.data.errors) } }
  }
  const result = OpaResult.safeParse(output.stdout)
  const remarks = result.success
    ? remarksIn(rules, result.data.result[0]?.bindings ?? {}, rendering.objects.length)
    : undefined
  return remarks === undefined ? { ok: false, failure: notUnderstood('opa eval') } : { ok: true, remarks }
}

function notUnderstood(command: string): Failure {
  return { code: 'failed', detail: `${command} answered something that Perch does not understand` }
}
