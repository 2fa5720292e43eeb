/** Files of settings, JSON or YAML, that the git generator of an ApplicationSet reads: an Application for each object in them. */
import { isRecord, recordOf, textOf } from '../../manifest/data.ts'
import { readFileDocuments } from '../../manifest/yaml/documents.ts'
import { filledTemplate, type Params, paramsOf, pathParams } from './params.ts'

/** A file, and what its generator adds to what the file says. */
export interface SettingsFile {
  readonly file: string
  /** `pathParamPrefix` */
  readonly prefix: string
  /** Named `values`, which may use the parameters. */
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

/** With the `values` of a generator, filled in by what it gives. */
export function withValues(params: Params, values: unknown, isGo: boolean): Params {
  if (!isRecord(values)) return params
  const filled = recordOf(filledTemplate(values, params, isGo))
  return { ...params, ...paramsOf({ values: filled }, isGo) }
}

/** Those of some files whose path the parameters of an Application say. */
export function fileNamedBy(params: Params, files: readonly SettingsFile[], isGo: boolean): readonly SettingsFile[] {
  const named = new Map<string, string | undefined>()
  return files.filter(({ file, prefix }) => {
    if (!named.has(prefix)) named.set(prefix, pathIn(params, prefix, isGo))
    return named.get(prefix) === file
  })
}

/** The file that `pathParams` made these parameters of. */
function pathIn(params: Params, prefix: string, isGo: boolean): string | undefined {
  const own = prefix === '' ? 'path' : `${prefix}.path`
  const tree = recordOf((prefix === '' ? params : recordOf(params[prefix]))['path'])
  const folder = textOf(isGo ? tree['path'] : params[own])
  const name = textOf(isGo ? tree['filename'] : params[`${own}.filename`])
  // A path that lacks a part begins or ends with a slash, and no file has such a path.
  return folder === '.' ? name : [folder, name].join('/')
}
