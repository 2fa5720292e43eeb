/** The place in a chart where rendering failed, as far as helm's error names it. */
import type { Location } from '../manifest/parse.ts'
import type { ChartRelease } from './release.ts'

/** `web/templates/a.yaml:12:4`, `parse error on web/templates/a.yaml`; the first step is the chart's name. */
const TEMPLATE = /[\w.-]\/((?:charts|templates|crds)\/[\w./-]*\w)(?::(\d+))?/
/** The schema of the values. */
const SCHEMA = /values don't meet the specifications of the schema/

/** The template that helm names; the last values file if the values are wrong; or else the chart. */
export function placeInChart(
  { chart, values }: Pick<ChartRelease, 'chart' | 'values'>,
  said: string,
  texts: ReadonlyMap<string, string>,
): Location {
  const prefix = chart === '' ? '' : `${chart}/`
  const [, template, line] = TEMPLATE.exec(said) ?? []
  if (template !== undefined && texts.has(`${prefix}${template}`))
    return { file: `${prefix}${template}`, line: Number(line ?? 1) }
  const named = values.findLast((source) => source.from === 'file')
  if (SCHEMA.test(said) && named?.from === 'file') return { file: named.path, line: 1 }
  return { file: `${prefix}Chart.yaml`, line: 1 }
}
