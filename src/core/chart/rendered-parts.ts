/** The output of helm for a chart, split by the template of each part. */
import { inFolder } from '../environment/tree.ts'
import { splitPieces } from '../manifest/pieces.ts'
import type { ChartRelease } from './release.ts'
import type { ChartCopy } from './release-files.ts'

/** The comment that helm writes above each document. The first step is the chart's name, whatever its folder is called. */
const SOURCE = /^# Source: [^/\n]+\/(.+)/m
/** No path of a file contains this character. */
const SEPARATOR = '\0'

export interface RenderedRelease {
  readonly environment: string
  readonly release: Pick<ChartRelease, 'chart' | 'postRenderers'>
  readonly copies: readonly ChartCopy[]
  readonly yaml: string
}

/**
 * The texts of a render by the template that they come from. No file has such a key as its name, and `templateOf` turns a key
 * back into the template's path.
 */
export function renderedParts({ environment, release, copies, yaml }: RenderedRelease): ReadonlyMap<string, string> {
  const { chart, postRenderers } = release
  // The output of a post-renderer names no templates, so it belongs to the file that defines the post-renderer.
  const otherwise = postRenderers?.file ?? inFolder(chart, 'Chart.yaml')
  const parts = new Map<string, string>()
  for (const { text } of splitPieces(yaml)) {
    const source = SOURCE.exec(text)?.[1]
    const path = source === undefined ? otherwise : inFolder(chart, source)
    const copy = copies.find(({ to }) => path.startsWith(`${to}/`))
    const template = copy === undefined ? path : `${copy.from}${path.slice(copy.to.length)}`
    const key = partName(template, environment)
    parts.set(key, `${parts.get(key) ?? ''}${text.startsWith('---') ? '' : '---\n'}${text}`)
  }
  return parts
}

/** The output of charts in another build, as one part at the place that names the charts. */
export function addedParts(
  { environment, file, yaml }: { readonly environment: string; readonly file: string; readonly yaml: string },
  isOfChart: (text: string) => boolean,
): ReadonlyMap<string, string> {
  const texts = splitPieces(yaml)
    .map(({ text }) => text)
    .filter(isOfChart)
  const whole = texts.map((text) => `${text.startsWith('---') ? '' : '---\n'}${text}`).join('')
  return new Map(texts.length === 0 ? [] : [[partName(file, environment), whole]])
}

/** The name of a part: what an environment renders from a file. */
export function partName(file: string, environment: string): string {
  return `${file}${SEPARATOR}${environment}`
}

/** Whether a path stands for the output of a template. */
export function isRenderedPart(path: string): boolean {
  return path.includes(SEPARATOR)
}

/** The environment whose render a part belongs to. Undefined for a file. */
export function buildOf(path: string): string | undefined {
  return path.split(SEPARATOR)[1]
}

/** The file that a person can open: the template, if the path stands for its output. */
export function templateOf(path: string): string {
  const [file = path] = path.split(SEPARATOR)
  return file
}
