/** Templates of routes that nothing renders. */
import { nameOf, parentOf } from '../environment/tree.ts'
import type { Layout } from '../layer/layout.ts'
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import type { ManifestProblem } from '../manifest/parse.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import { localFolder } from './release-files.ts'
import { templateChart } from './template-chart.ts'

type Files = Pick<Layout, 'owners' | 'texts'>

/** The templates that belong to no environment. */
export function loneTemplates({ owners, texts }: Files): readonly ManifestProblem[] {
  const files = [...texts].flatMap(([file, text]) => {
    const isTemplate = text !== undefined && text.includes('{{') && ROUTE_TEMPLATE.test(text)
    return isTemplate && !owners.has(file) ? [file] : []
  })
  const holders: ReadonlyMap<string, string> = files.length === 0 ? new Map() : holdersOf({ owners, texts })
  return files.map((file) => {
    const chart = templateChart(file, texts)
    const copiedIn = chart === undefined ? undefined : holders.get(chart)
    const where = { ...(chart === undefined ? {} : { chart }), ...(copiedIn === undefined ? {} : { copiedIn }) }
    return { code: 'template', file, line: 1, detail: '', ...where }
  })
}

/**
 * The rendered charts by the folders that they name as dependencies. A chart would render such a folder if it had no copy of it
 * in its `charts/`.
 */
function holdersOf({ owners, texts }: Files): ReadonlyMap<string, string> {
  const charts = [...texts].filter(([file]) => nameOf(file) === 'Chart.yaml' && owners.has(file))
  return new Map(
    charts.flatMap(([file, text]) => {
      const read = readOneDocument(text ?? '')
      const dependencies = listOf(recordOf(read.ok ? read.value?.data : undefined)['dependencies'])
      return dependencies.flatMap((one) => {
        const folder = localFolder(parentOf(file), textOf(recordOf(one)['repository']) ?? '')
        return folder === undefined ? [] : [[folder, parentOf(file)] as const]
      })
    }),
  )
}

const ROUTE_TEMPLATE = /^kind: (?:VirtualService|HTTPRoute|GRPCRoute|TLSRoute|TCPRoute)\b/m
