import { inFolder } from '../environment/tree.ts'

/** The folder of the chart whose template a file is; '' for the top of the repository. Undefined if it is no template. */
export function templateChart(file: string, texts: ReadonlyMap<string, string | undefined>): string | undefined {
  const folders = file.split('/').slice(0, -1)
  return folders
    .flatMap((folder, index) => (folder === 'templates' ? [folders.slice(0, index).join('/')] : []))
    .find((chart) => texts.has(inFolder(chart, 'Chart.yaml')))
}
