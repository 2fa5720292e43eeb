/** Lays out policies in the folder that OPA reads: under our own names, and each with its version of Rego. */
import type { JsonValue } from '../../core/manifest/data.ts'
import { OWN_DATA, type Policy } from '../../core/policy/policy.ts'
import type { Fault } from '../../core/policy/remark.ts'
import type { Rendering } from '../../ports/validators.ts'

export const BUNDLE = 'bundle'
export const CAPABILITIES = 'capabilities.json'

/** A module by its name in the bundle. */
export interface Module {
  readonly name: string
  readonly path: string
  readonly text: string
}

/**
 * Our own names ensure that every file is loaded, whatever it is called (`.hidden/x.rego`), and is not mistaken for something
 * else.
 */
export function modulesOf({ modules }: Policy): readonly Module[] {
  return [...modules].map(([path, text], index) => ({
    name: `policy/${String(index).padStart(4, '0')}.rego`,
    path,
    text,
  }))
}

/** The modules without their data, for inspecting them. */
export function looseFiles(modules: readonly Module[]): Map<string, string> {
  return new Map(modules.map(({ name, text }) => [`${BUNDLE}/${name}`, text]))
}

export interface Bundle {
  readonly modules: readonly Module[]
  /** The modules in the Rego of before OPA 1.0. Without a `rego.v1` import, nothing in a file tells its version. */
  readonly old: ReadonlySet<Module>
  readonly data: Policy['data']
  readonly capabilities: string
}

const NO_RENDERING: Rendering = { environment: '', objects: [] }

export function bundleFiles(
  { modules, old, data, capabilities }: Bundle,
  { environment, objects }: Rendering = NO_RENDERING,
): Map<string, string> {
  const versions = Object.fromEntries(modules.map((module) => [`/${module.name}`, old.has(module) ? 0 : 1]))
  const own: JsonValue = { environment, objects: objects.map((object) => object.data) }
  return new Map([
    ...looseFiles(modules),
    [`${BUNDLE}/.manifest`, JSON.stringify({ revision: '', rego_version: 1, file_rego_versions: versions })],
    [`${BUNDLE}/data.json`, JSON.stringify({ ...data, [OWN_DATA]: own })],
    [CAPABILITIES, capabilities],
  ])
}

export interface OpaError {
  readonly message: string
  readonly code: string
  readonly location?: { readonly file: string; readonly row: number } | undefined
}

export function moduleAt(modules: readonly Module[], { location }: OpaError): Module | undefined {
  return modules.find(({ name }) => `${BUNDLE}/${name}` === location?.file)
}

/** OPA's errors, with the repository's paths in place of ours. */
export function faultsOf(modules: readonly Module[], errors: readonly OpaError[]): readonly Fault[] {
  return errors.map((error) => {
    const module = moduleAt(modules, error)
    const text = modules.reduce((said, { name, path }) => said.replaceAll(`${BUNDLE}/${name}`, path), error.message)
    return { file: module?.path, line: error.location?.row ?? 1, code: 'said', text }
  })
}
