/** Templates of routes that nothing renders. */
import type { Layout } from '../layer/layout.ts'
import type { ManifestProblem } from '../manifest/parse.ts'

/** Those that belong to no environment. */
export function loneTemplates({ owners, texts }: Pick<Layout, 'owners' | 'texts'>): readonly ManifestProblem[] {
  return [...texts].flatMap(([file, text]): readonly ManifestProblem[] => {
    if (text === undefined || owners.has(file) || !text.includes('{{') || !ROUTE_TEMPLATE.test(text)) return []
    const chart = chartOf(file, texts)
    return [{ code: 'template', file, line: 1, detail: '', ...(chart === undefined ? {} : { chart }) }]
  })
}

const ROUTE_TEMPLATE = /^kind: (?:VirtualService|HTTPRoute|GRPCRoute|TLSRoute|TCPRoute)\b/m

/** The folder of the chart that a file is a template of; undefined where it is of none. */
function chartOf(file: string, texts: Layout['texts']): string | undefined {
  const parts = file.split('/').slice(0, -1)
  const folders = parts.flatMap((part, index) => (part === 'templates' ? [parts.slice(0, index)] : []))
  const charts = folders.map((folder) => folder.join('/'))
  return charts.find((chart) => texts.has(chart === '' ? 'Chart.yaml' : `${chart}/Chart.yaml`))
}
