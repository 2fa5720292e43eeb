import { inFolder } from '../environment/tree.ts'

/** The folder of the chart that a file is a template of, '' for the top; undefined if it is a template of none. */
export function templateChart(file: string, texts: ReadonlyMap<string, string | undefined>): string | undefined {
  const folders = file.split('/').slice(0, -1)
  return folders
    .flatMap((folder, index) => (folder === 'templates' ? [folders.slice(0, index).join('/')] : []))
    .find((chart) => texts.has(inFolder(chart, 'Chart.yaml')))
}
