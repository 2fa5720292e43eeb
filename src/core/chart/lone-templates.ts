/** Templates of routes that nothing renders. */
import { nameOf, parentOf } from '../environment/tree.ts'
import type { Layout } from '../layer/layout.ts'
import { listOf, recordOf, textOf } from '../manifest/data.ts'
import type { ManifestProblem } from '../manifest/parse.ts'
import { readOneDocument } from '../manifest/yaml/documents.ts'
import { localFolder } from './release-files.ts'

/** Those that belong to no environment. */
export function loneTemplates({ owners, texts }: Pick<Layout, 'owners' | 'texts'>): readonly ManifestProblem[] {
  return [...texts].flatMap(([file, text]): readonly ManifestProblem[] => {
    if (text === undefined || owners.has(file) || !text.includes('{{') || !ROUTE_TEMPLATE.test(text)) return []
    const chart = chartOf(file, texts)
    if (chart === undefined) return [{ code: 'template', file, line: 1, detail: '' }]
    const copiedIn = copiedBy(chart, { owners, texts })
    return [{ code: 'template', file, line: 1, detail: '', chart, ...(copiedIn === undefined ? {} : { copiedIn }) }]
  })
}

/** The rendered chart that names the folder of a chart as a dependency. It would read the folder if it had no copy of it. */
function copiedBy(chart: string, { owners, texts }: Pick<Layout, 'owners' | 'texts'>): string | undefined {
  const file = [...texts.keys()].find((path) => {
    if (nameOf(path) !== 'Chart.yaml' || !owners.has(path)) return false
    const read = readOneDocument(texts.get(path) ?? '')
    const dependencies = listOf(recordOf(read.ok ? read.value?.data : undefined)['dependencies'])
    return dependencies.some((one) => localFolder(parentOf(path), textOf(recordOf(one)['repository']) ?? '') === chart)
  })
  return file === undefined ? undefined : parentOf(file)
}

const ROUTE_TEMPLATE = /^kind: (?:VirtualService|HTTPRoute|GRPCRoute|TLSRoute|TCPRoute)\b/m

/** The folder of the chart that a file is a template of; undefined where it is of none. */
function chartOf(file: string, texts: Layout['texts']): string | undefined {
  const parts = file.split('/').slice(0, -1)
  const folders = parts.flatMap((part, index) => (part === 'templates' ? [parts.slice(0, index)] : []))
  const charts = folders.map((folder) => folder.join('/'))
  return charts.find((chart) => texts.has(chart === '' ? 'Chart.yaml' : `${chart}/Chart.yaml`))
}
