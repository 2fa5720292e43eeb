/**
 * Parameters that elements of a list generator and files of a git generator say, and where: a value there can be changed like one in a
 * values file.
 */
import { isRecord, listOf, type Path, recordOf, sameData, textOf, valueAt } from '../../manifest/data.ts'
import { filledTemplate, filledText, type Params, paramsOf } from './params.ts'
import { fileNamedBy, paramsInFile, type SettingsFile } from './settings-file.ts'

type Data = Readonly<Record<string, unknown>>
type Texts = ReadonlyMap<string, string | undefined>

/** What an ApplicationSet fills into the template of one of its Applications. */
export interface Filling {
  readonly params: Params
  readonly isGo: boolean
  /** Where the set stands, from the top of what it is read from: the object itself, or its document. */
  readonly at: Path
  readonly elements: readonly Element[]
}

/**
 * An element of a list, or an object of a file, that says some of the parameters. Another text may have it in another place, and with
 * other numbers.
 */
interface Element {
  /** Of a list: the way to it, from the set. */
  readonly where: Path | SettingsFile
  readonly params: Params
}

/** The parameters of one Application, and the elements that say nothing else: in the `spec` of the set, and in the files that its generators read. */
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

/** The files that say some of the parameters. */
export function settingsFilesOf(filling: Filling | undefined): readonly string[] {
  return [...new Set(filling?.elements.flatMap(({ where }) => ('file' in where ? [where.file] : [])))]
}

/**
 * The parameters as the elements say them in another text of the set, and of the files that its generators read. Those of an element that
 * is not found there for certain are left out.
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

/** The one that makes the Application of the same name; else the same one, or the only one that differs in nothing but numbers. */
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
