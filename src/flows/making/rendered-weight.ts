/** Finds out whether weights come from values of an Application or HelmRelease that a chart renders or a kustomization changes. */
import type { ChartRelease, ObjectValue } from '../../core/chart/release.ts'
import { decimalPlaces, numberPlaces, withReplaced } from '../../core/layer/feed.ts'
import type { Refusal } from '../../core/refusal/refusal.ts'
import { type NamedSearch, neighbourOf } from './computed-weight.ts'
import { lineAt, valuesWith } from './places-shown.ts'

/** The refusal that names the template. Undefined if other numbers in those values change no weight. */
export async function renderedWeight({ search, name }: NamedSearch): Promise<Refusal | undefined> {
  const own = search.environment.release
  if (own === undefined) return undefined
  const by = own.parent?.charts.length === 0 ? 'kustomization' : 'chart'
  const texts = renderedTexts(own.release)
  const [file] = texts.keys()
  const now = file === undefined ? undefined : await valuesWith(search, new Map())
  if (file === undefined || now === undefined) return undefined
  for (const places of [numberPlaces(texts, search.values), decimalPlaces(texts)]) {
    const changed = withReplaced(
      texts,
      places.map((place) => [place, neighbourOf(place.text)] as const),
    )
    const release = { ...own, release: withRenderedTexts(own.release, changed) }
    const then = await valuesWith({ ...search, environment: { ...search.environment, release } }, new Map())
    if (then === undefined || JSON.stringify([...then]) === JSON.stringify([...now])) continue
    const template = search.texts.get(file) ?? ''
    const line = lineAt(template, { at: Math.max(0, template.search(VALUES)) })
    return { code: 'cannot-edit', refusal: { code: 'rendered-weight', file, line, name, by } }
  }
  return undefined
}

/** The fields of Applications and HelmReleases with values. */
const VALUES = /(?<=^[ \t-]*)(?:values|valuesObject|parameters):/m

/** The rendered texts with values, by their templates. */
function renderedTexts({ values, settings }: ChartRelease): ReadonlyMap<string, string> {
  const own = [...values, ...settings].flatMap((one) => ('value' in one ? [one.value] : []))
  return new Map(own.flatMap(({ file, rendered }) => (rendered === undefined ? [] : [[file, rendered] as const])))
}

function withRenderedTexts(release: ChartRelease, changed: ReadonlyMap<string, string>): ChartRelease {
  const valueIn = (value: ObjectValue): ObjectValue => {
    const rendered = value.rendered === undefined ? undefined : changed.get(value.file)
    return rendered === undefined ? value : { ...value, rendered }
  }
  return {
    ...release,
    values: release.values.map((one) => (one.from === 'object' ? { ...one, value: valueIn(one.value) } : one)),
    settings: release.settings.map((one) => ({ ...one, value: valueIn(one.value) })),
  }
}
