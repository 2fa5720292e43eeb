/** Parameters that elements of a list generator say, and where: a value there can be changed like one in a values file. */
import { isRecord, listOf, type Path, recordOf, sameData, valueAt } from '../../manifest/data.ts'
import { filledTemplate, type Params, paramsOf } from './params.ts'

type Data = Readonly<Record<string, unknown>>

/** What an ApplicationSet fills into the template of one of its Applications. */
export interface Filling {
  readonly params: Params
  readonly isGo: boolean
  /** Where elements of lists say some of them, from the top of the object, or of its document. */
  readonly elements: readonly Path[]
}

/** The parameters of one Application, and the elements in the `spec` of the set that say nothing else. */
export function fillingOf(spec: Data, params: Params): Filling {
  const isGo = spec['goTemplate'] === true
  const says = (path: Path): boolean => {
    const own = paramsAt({ spec }, path, { params, isGo })
    return Object.entries(own).every(([name, value]) => sameData(params[name], value))
  }
  return { params, isGo, elements: elementsIn(spec['generators'], ['spec', 'generators']).filter(says) }
}

/** The parameters as the elements say them in this text of the object, or of its document. */
export function paramsNow(data: unknown, { params, isGo, elements }: Filling): Params {
  return elements.reduce<Params>((now, path) => ({ ...now, ...paramsAt(data, path, { params, isGo }) }), params)
}

function paramsAt(data: unknown, path: Path, { params, isGo }: Pick<Filling, 'params' | 'isGo'>): Params {
  return paramsOf(recordOf(filledTemplate(valueAt(data, path), params, isGo)), isGo)
}

function elementsIn(generators: unknown, at: Path): readonly Path[] {
  return listOf(generators).flatMap((generator, index): readonly Path[] => {
    const { list, matrix, merge } = recordOf(generator)
    const here = [...at, index]
    const elements = listOf(recordOf(list)['elements']).flatMap((element, place) =>
      isRecord(element) ? [[...here, 'list', 'elements', place]] : [],
    )
    const inner = Object.entries({ matrix, merge }).flatMap(([name, one]) =>
      elementsIn(recordOf(one)['generators'], [...here, name, 'generators']),
    )
    return [...elements, ...inner]
  })
}
