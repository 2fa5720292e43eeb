import { type RenderedObject } from '../../core/diff/objects.ts'
import { isOfKind } from '../../core/manifest/identity.ts'
import { atField, fieldPath } from '../../core/policy/field-path.ts'
import type { Failure, Fault, ObjectRemark, ToolResult } from '../../core/policy/remark.ts'
import { err, ok, type Result } from '../../core/result.ts'
import type { Rendering, RepositoryCrds } from '../../ports/validators.ts'
import type { ProgramKind } from '../process-sandbox/installed.ts'
import { objectAt, objectFiles, OBJECTS } from './objects.ts'
import type { Program } from './program.ts'
import { KubectlValidateResult } from './schema.ts'

export const KUBECTL_VALIDATE: ProgramKind = {
  name: 'kubectl-validate',
  versionArgs: ['--help'],
  // The program cannot print its own version.
  versionIn: (said) => (said.includes('--local-crds') ? '' : undefined),
  wants: '0.0.4 or newer',
}

const REPOSITORY = 'crds'
const APPLIED = 'applied'

/**
 * For versions that it does not contain, the program fetches schemas from GitHub. If the sandbox cannot block the network, this
 * proxy does, because nothing listens on port 0.
 */
const NO_NETWORK = { HTTPS_PROXY: 'http://127.0.0.1:0' }

/** Reading an object takes up to 10 ms, and a run has 15 s at most. */
const OBJECTS_IN_A_RUN = 400

/** A valid object, so that a run with nothing else to check still reads the CRDs and the version's schemas. */
const PROBE = new Map([['probe.yaml', '{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"probe"}}']])

interface Run {
  readonly files: ReadonlyMap<string, string>
  readonly args: readonly string[]
  readonly crdFolders: readonly string[]
  readonly kubernetes: string | undefined
}

type Statuses = ReturnType<typeof KubectlValidateResult.parse>
type Status = NonNullable<Statuses[string]>[number]

/**
 * Why CRDs or the version cannot be used; undefined if they can. Each CRD is first checked as an API server would, because a
 * broken CRD makes the program panic.
 */
export async function define(
  program: Program,
  crds: RepositoryCrds,
  folders: readonly string[],
): Promise<Failure | undefined> {
  const files = filesIn(
    REPOSITORY,
    crds.texts.map(({ text }) => text),
  )
  const args = [...files.keys(), ...PROBE.keys()]
  const said = await ask(program, {
    files: new Map([...files, ...PROBE]),
    args,
    crdFolders: folders,
    kubernetes: crds.kubernetes,
  })
  if (!said.ok) return said.error
  const faults = [...files.keys()].flatMap((path, index): readonly Fault[] => {
    const [text] = (said.value[path] ?? []).flatMap(textsOf)
    const crd = crds.texts[index]
    return text === undefined || crd === undefined ? [] : [{ file: crd.file, line: crd.line, code: 'said', text }]
  })
  return faults.length === 0 ? undefined : { code: 'not-valid', faults }
}

interface Question {
  readonly rendering: Rendering
  readonly crds: RepositoryCrds
  readonly applied: readonly RenderedObject[]
  /** CRD folders on this machine. */
  readonly folders: readonly string[]
}

/** What an API server would refuse, and what has no schema. */
export async function admit(
  program: Program,
  { rendering, crds, applied, folders }: Question,
): Promise<ToolResult<ObjectRemark>> {
  const asked = rendering.objects
    .map((object, index) => ({ object, index }))
    .filter(({ object }) => !crds.ignore.some((written) => isOfKind(object, written)))
  if (asked.length === 0) return { ok: true, remarks: [] }
  const defined = await validCrds(program, applied)
  if (!defined.ok) return { ok: false, failure: defined.error }
  const repository = filesIn(
    REPOSITORY,
    crds.texts.map(({ text }) => text),
  )
  const environment = filesIn(APPLIED, defined.value)
  // If two folders define a kind, the later one counts. What the environment has applied is closest to what the API server has,
  // so it comes last.
  const crdFolders = [
    ...folders,
    ...(repository.size === 0 ? [] : [REPOSITORY]),
    ...(environment.size === 0 ? [] : [APPLIED]),
  ]
  const parts = Array.from({ length: Math.ceil(asked.length / OBJECTS_IN_A_RUN) }, (_, part) =>
    asked.slice(part * OBJECTS_IN_A_RUN, (part + 1) * OBJECTS_IN_A_RUN),
  )
  const answers = await Promise.all(
    parts.map(async (part) => {
      const files = objectFiles(part.map(({ object }) => object))
      const run = { args: [OBJECTS], crdFolders, kubernetes: crds.kubernetes }
      const said = await ask(program, { ...run, files: new Map([...files, ...repository, ...environment]) })
      return said.ok ? ok(remarksIn(said.value, part)) : said
    }),
  )
  const failed = answers.find((answer) => !answer.ok)
  if (failed !== undefined && !failed.ok) return { ok: false, failure: failed.error }
  return { ok: true, remarks: answers.flatMap((answer) => (answer.ok ? answer.value : [])) }
}

/** The CRDs that an API server would accept. An API server contains no others. */
async function validCrds(
  program: Program,
  applied: readonly RenderedObject[],
): Promise<Result<readonly string[], Failure>> {
  const files = filesIn(
    APPLIED,
    applied
      .filter(({ group, kind }) => group === 'apiextensions.k8s.io' && kind === 'CustomResourceDefinition')
      .map(({ data }) => JSON.stringify(data)),
  )
  if (files.size === 0) return ok([])
  const said = await ask(program, { files, args: [APPLIED], crdFolders: [], kubernetes: undefined })
  if (!said.ok) return said
  return ok([...files].filter(([path]) => said.value[path]?.every(isSuccess) === true).map(([, text]) => text))
}

function filesIn(folder: string, texts: readonly string[]): ReadonlyMap<string, string> {
  return new Map(texts.map((text, index) => [`${folder}/${String(index).padStart(6, '0')}.yaml`, text]))
}

/** The program's answer, which has an entry for each file. */
async function ask(program: Program, { files, args, crdFolders, kubernetes }: Run): Promise<Result<Statuses, Failure>> {
  const output = await program.run({
    files,
    args: [
      '--output',
      'json',
      ...(kubernetes === undefined ? [] : ['--version', kubernetes]),
      ...crdFolders.flatMap((folder) => ['--local-crds', folder]),
      ...args,
    ],
    codes: [0, 1],
    env: NO_NETWORK,
  })
  if (!output.ok) return err(versionFailure(output.failure, kubernetes))
  const result = KubectlValidateResult.safeParse(output.stdout)
  const wanted = [...files.keys()].filter((path) => args.some((arg) => path === arg || path.startsWith(`${arg}/`)))
  if (!result.success || wanted.some((path) => (result.data[path] ?? []).length === 0))
    return err({ code: 'failed', detail: output.stderr.trim().slice(0, 2_000) })
  return ok(result.data)
}

function versionFailure(failure: Failure, kubernetes: string | undefined): Failure {
  if (kubernetes === undefined || failure.code === 'not-valid') return failure
  if (!failure.detail.includes("couldn't find hardcoded schemas for version")) return failure
  return { code: 'not-valid', faults: [{ file: undefined, line: 1, code: 'no-version', text: kubernetes }] }
}

function remarksIn(statuses: Statuses, asked: readonly { readonly index: number }[]): readonly ObjectRemark[] {
  return Object.entries(statuses).flatMap(([path, all]): readonly ObjectRemark[] => {
    const object = asked[objectAt(path) ?? -1]?.index
    return object === undefined ? [] : all.flatMap((status) => remarksOn(object, status))
  })
}

function isSuccess({ status }: Status): boolean {
  return status === 'Success'
}

function remarksOn(object: number, status: Status): readonly ObjectRemark[] {
  if (isSuccess(status)) return []
  const remark = { level: 'error', rule: '', object } as const
  if (isUnknownKind(status)) return [{ ...remark, text: 'there is no schema for this kind and version', path: [] }]
  const causes = status.details?.causes ?? []
  const texts = textsOf(status)
  return texts.map((text, index) => ({ ...remark, text, path: fieldPath(causes[index]?.field ?? '') }))
}

/** The program reports an unknown kind as an internal error. */
function isUnknownKind({ code, message }: Status): boolean {
  return (
    code === 500 &&
    /failed to retrieve validator: (?:failed to locate OpenAPI spec for GV|kind \S* not found in )/.test(message)
  )
}

/** One text for each cause. */
function textsOf(status: Status): readonly string[] {
  if (isSuccess(status)) return []
  const causes = status.details?.causes ?? []
  if (causes.length === 0) return [status.message]
  return causes.map(({ field, message }) => atField(field, message))
}
