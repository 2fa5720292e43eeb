/**
 * Parameters in elements of list generators and in files of git generators, with their places. A value there can be changed like
 * one in a values file.
 */
import { isRecord, listOf, type Path, recordOf, sameData, textOf, valueAt } from '../../manifest/data.ts'
import { filledTemplate, filledText, type Params, paramsOf } from './params.ts'
import { fileNamedBy, paramsInFile, type SettingsFile } from './settings-file.ts'

type Data = Readonly<Record<string, unknown>>
type Texts = ReadonlyMap<string, string | undefined>

/** The parameters that an ApplicationSet fills into its template for one Application. */
export interface Filling {
  readonly params: Params
  readonly isGo: boolean
  /** The path of the set in what it is read from: the object itself, or its document. */
  readonly at: Path
  readonly elements: readonly Element[]
}

/**
 * An element of a list, or an object in a file, with some of the parameters. Another text may have it at another place, with
 * other numbers.
 */
interface Element {
  /** The path of the list in the set, or the file. */
  readonly where: Path | SettingsFile
  readonly params: Params
}

/**
 * The parameters of one Application, and the elements that agree with them, in the `spec` of the set and in the files that its
 * generators read.
 */
export function fillingOf(
  spec: Data,
  params: Params,
  { files, texts }: { readonly files: readonly SettingsFile[]; readonly texts: Texts },
): Filling {
  const isGo = spec['goTemplate'] === true
  const places: readonly Element['where'][] = [
    ...listsIn(spec['generators'], ['spec', 'generators']),
    ...fileNamedBy(params, files, isGo),
  ]
  const elements = places.flatMap((where) =>
    elementsAt(where, { set: { spec }, texts, params, isGo }).map((own) => ({ where, params: own })),
  )
  const says = ({ params: own }: Element): boolean =>
    Object.entries(own).every(([name, value]) => sameData(params[name], value))
  return { params, isGo, at: [], elements: elements.filter(says) }
}

/** The files that contain some of the parameters. */
export function settingsFilesOf(filling: Filling | undefined): readonly string[] {
  return [...new Set(filling?.elements.flatMap(({ where }) => ('file' in where ? [where.file] : [])))]
}

/**
 * The parameters from the elements in another text of the set and of the files that its generators read. If an element cannot be
 * identified there, its parameters are left out.
 */
export function paramsNow(data: unknown, filling: Filling, texts: Texts): Params {
  const { params, isGo, at, elements } = filling
  const set = valueAt(data, at)
  const name = textOf(valueAt(set, ['spec', 'template', 'metadata', 'name'])) ?? ''
  return elements.reduce<Params>((now, { where, params: known }) => {
    const others = Object.fromEntries(Object.entries(now).filter(([key]) => !Object.hasOwn(known, key)))
    const nameBy = (own: Params): string => filledText(name, { ...others, ...own }, isGo)
    const all = elementsAt(where, { set, texts, params, isGo })
    return { ...others, ...elementLike(known, all, nameBy) }
  }, params)
}

/**
 * The element that makes the Application of the same name, or else the equal element, or else the only one that differs just in
 * numbers.
 */
function elementLike(known: Params, all: readonly Params[], nameBy: (own: Params) => string): Params | undefined {
  return (
    onlyOne(all.filter((own) => nameBy(own) === nameBy(known))) ??
    all.find((own) => sameData(own, known)) ??
    onlyOne(all.filter((own) => sameData(withoutNumbers(own), withoutNumbers(known))))
  )
}

function onlyOne<T>(found: readonly T[]): T | undefined {
  return found.length === 1 ? found[0] : undefined
}

function withoutNumbers(data: unknown): unknown {
  if (Array.isArray(data)) return data.map(withoutNumbers)
  if (isRecord(data))
    return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, withoutNumbers(value)]))
  return /^-?\d+(?:\.\d+)?$/.test(String(data)) ? 0 : data
}

interface ElementSource extends Pick<Filling, 'params' | 'isGo'> {
  readonly set: unknown
  readonly texts: Texts
}

function elementsAt(where: Element['where'], { set, texts, params, isGo }: ElementSource): readonly Params[] {
  if ('file' in where) return paramsInFile(where, texts.get(where.file), isGo)
  return listOf(valueAt(set, where))
    .filter(isRecord)
    .map((element) => paramsOf(recordOf(filledTemplate(element, params, isGo)), isGo))
}

function listsIn(generators: unknown, at: Path): readonly Path[] {
  return listOf(generators).flatMap((generator, index): readonly Path[] => {
    const { list, matrix, merge } = recordOf(generator)
    const here = [...at, index]
    const inner = Object.entries({ matrix, merge }).flatMap(([name, one]) =>
      listsIn(recordOf(one)['generators'], [...here, name, 'generators']),
    )
    return isRecord(list) ? [[...here, 'list', 'elements'], ...inner] : inner
  })
}
