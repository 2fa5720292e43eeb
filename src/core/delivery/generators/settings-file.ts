/** Settings files, JSON or YAML, that the git generator of an ApplicationSet reads. Each object in them gives one Application. */
import { isRecord, recordOf, textOf } from '../../manifest/data.ts'
import { readFileDocuments } from '../../manifest/yaml/documents.ts'
import { filledTemplate, type Params, paramsOf, pathParams } from './params.ts'

/** A file, and the parameters that its generator adds. */
export interface SettingsFile {
  readonly file: string
  /** `pathParamPrefix` */
  readonly prefix: string
  /** The generator's `values`, which may use the other parameters. */
  readonly values: unknown
}

/** The parameters of each object of a file. */
export function paramsInFile(
  { file, prefix, values }: SettingsFile,
  text: string | undefined,
  isGo: boolean,
): readonly Params[] {
  const read = text === undefined ? undefined : readFileDocuments(text, { budget: 100_000 })
  const data = read?.ok === true ? read.value[0]?.data : undefined
  const at = file.lastIndexOf('/')
  const own = pathParams({ folder: at === -1 ? '.' : file.slice(0, at), file: file.slice(at + 1) }, prefix, isGo)
  const all: readonly unknown[] = Array.isArray(data) ? data : [data]
  return all.filter(isRecord).map((one) => withValues({ ...paramsOf(one, isGo), ...own }, values, isGo))
}

/** Adds the `values` of a generator, with its other parameters filled in. */
export function withValues(params: Params, values: unknown, isGo: boolean): Params {
  if (!isRecord(values)) return params
  const filled = recordOf(filledTemplate(values, params, isGo))
  return { ...params, ...paramsOf({ values: filled }, isGo) }
}

/** The files whose path is in the parameters of an Application. */
export function fileNamedBy(params: Params, files: readonly SettingsFile[], isGo: boolean): readonly SettingsFile[] {
  const named = new Map<string, string | undefined>()
  return files.filter(({ file, prefix }) => {
    if (!named.has(prefix)) named.set(prefix, pathIn(params, prefix, isGo))
    return named.get(prefix) === file
  })
}

/** The path from which `pathParams` made these parameters. */
function pathIn(params: Params, prefix: string, isGo: boolean): string | undefined {
  const own = prefix === '' ? 'path' : `${prefix}.path`
  const tree = recordOf((prefix === '' ? params : recordOf(params[prefix]))['path'])
  const folder = textOf(isGo ? tree['path'] : params[own])
  const name = textOf(isGo ? tree['filename'] : params[`${own}.filename`])
  // If a part is missing, the path begins or ends with a slash, and no file has such a path.
  return folder === '.' ? name : [folder, name].join('/')
}
