/** What istiod's webhook refuses (IST0106): the cluster would keep the old object, and Git would say something else. */
import type { RenderedObject } from '../diff/objects.ts'
import type { Path } from '../manifest/data.ts'
import { listOf, recordOf, textOf } from '../traffic/kinds/kind.ts'
import type { Detail, Finding } from './finding.ts'
import { type Hop, hopsOf, SECTIONS } from './hops.ts'
import { type FindingCheck, specOf } from './scene.ts'

type Data = Readonly<Record<string, unknown>>
type RefusedDetail = Extract<Detail, { code: 'IST0106' }>['what']

export const refusedByIstio: FindingCheck = ({ virtualServices }) =>
  virtualServices.flatMap((object) => [
    ...badHead(object),
    ...badRules(object),
    ...badMatches(object),
    ...badWeights(object),
  ])

function refusal(
  object: RenderedObject,
  what: RefusedDetail,
  { path, said = '' }: { readonly path: Path; readonly said?: string },
) {
  return { object, path, detail: { code: 'IST0106', what, said } } as const
}

function badHead(object: RenderedObject): Finding[] {
  const spec = specOf(object)
  const isEmpty = SECTIONS.every((section) => listOf(spec[section]).length === 0)
  const hosts = listOf(spec['hosts'])
  const gateways = listOf(spec['gateways'])
  const isOnMesh = gateways.length === 0 || gateways.includes('mesh')
  const twice = hosts.findIndex((host, index) => hosts.indexOf(host) < index)
  // `~`, nobody, is for Services only.
  const nobody = listOf(spec['exportTo']).indexOf('~')
  const star = hosts.indexOf('*')
  return [
    ...(isEmpty ? [refusal(object, 'no-routes', { path: ['spec'] })] : []),
    ...(nobody < 0 ? [] : [refusal(object, 'export', { path: ['spec', 'exportTo', nobody] })]),
    ...(star < 0 || !isOnMesh ? [] : [refusal(object, 'star-host', { path: ['spec', 'hosts', star] })]),
    ...(twice < 0
      ? []
      : [refusal(object, 'host-twice', { path: ['spec', 'hosts', twice], said: textOf(hosts[twice]) ?? '' })]),
    ...(hosts.length > 0 ? [] : badDelegate(object)),
  ]
}

/** Without hosts it is a delegate, and may hold HTTP rules only. */
function badDelegate(object: RenderedObject): Finding[] {
  const spec = specOf(object)
  const field = ['gateways', 'tls', 'tcp'].find((name) => listOf(spec[name]).length > 0)
  return field === undefined ? [] : [refusal(object, 'delegate-with', { path: ['spec', field], said: field })]
}

const OTHERS = ['redirect', 'directResponse', 'delegate']

function badRules(object: RenderedObject): Finding[] {
  return listOf(specOf(object)['http']).flatMap((item, index): Finding[] => {
    const rule = recordOf(item)
    const path = ['spec', 'http', index]
    const said = textOf(rule['name']) ?? `http[${index}]`
    const { value } = recordOf(rule['mirrorPercentage'])
    const isTwice = rule['mirror'] !== undefined && listOf(rule['mirrors']).length > 0
    const actions = ['route', ...OTHERS].filter((name) => isThere(rule, name))
    const short = badDuration(rule)
    return [
      ...(isTwice ? [refusal(object, 'mirror-twice', { path, said })] : []),
      ...(actions.length === 0 ? [refusal(object, 'no-action', { path, said })] : []),
      ...(actions.length > 1 ? [refusal(object, 'two-actions', { path, said })] : []),
      ...(typeof value === 'number' && (value > 100 || value < 0)
        ? [refusal(object, 'mirror-percentage', { path: [...path, 'mirrorPercentage', 'value'], said: String(value) })]
        : []),
      ...(short === undefined
        ? []
        : [refusal(object, 'duration', { path: [...path, ...short], said: short.join('.') })]),
    ]
  })
}

function isThere(rule: Data, name: string): boolean {
  return name === 'route' ? listOf(rule[name]).length > 0 : rule[name] !== undefined && rule[name] !== null
}

const DURATIONS: readonly Path[] = [['timeout'], ['retries', 'perTryTimeout'], ['fault', 'delay', 'fixedDelay']]
/** In milliseconds, as Go's `time.ParseDuration` reads them. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1e3,
  m: 6e4,
  h: 36e5,
}

/** A duration of a rule that is none, or shorter than a millisecond. */
function badDuration(rule: Data): Path | undefined {
  return DURATIONS.find((path) => {
    const text = textOf(path.reduce<unknown>((inner, key) => recordOf(inner)[String(key)], rule))
    return text !== undefined && (millisecondsIn(text) ?? 0) < 1
  })
}

function millisecondsIn(text: string): number | undefined {
  if (!/^\+?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+$/.test(text)) return undefined
  const parts = text.matchAll(/([\d.]+)([a-zµμ]+)/g)
  return [...parts].reduce((sum, [, number = '', unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0), 0)
}

function badMatches(object: RenderedObject): Finding[] {
  return listOf(specOf(object)['tls']).flatMap((item, index) =>
    listOf(recordOf(item)['match']).flatMap((match, at): Finding[] => {
      // Without the field it does not fit the schema.
      const { sniHosts } = recordOf(match)
      if (!Array.isArray(sniHosts) || sniHosts.length > 0) return []
      return [refusal(object, 'no-sni', { path: ['spec', 'tls', index, 'match', at], said: `tls[${index}]` })]
    }),
  )
}

function badWeights(object: RenderedObject): Finding[] {
  const hops = hopsOf(object).filter(({ isMirror }) => !isMirror)
  const negative = hops.filter(({ weight }) => weight !== undefined && weight < 0)
  const rules = Map.groupBy(
    hops.filter(({ siblings }) => siblings > 1),
    ({ path }) => JSON.stringify(path.slice(0, 3)),
  )
  // Weights that are no numbers are for the schema to tell.
  const isEmpty = ({ weight = 0, isUnread }: Hop): boolean => weight === 0 && !isUnread
  const empty = [...rules.values()].filter((rule) => rule.every(isEmpty))
  return [
    ...negative.map((hop) => refusal(object, 'negative', { path: [...hop.path, 'weight'], said: String(hop.weight) })),
    ...empty.flatMap((rule): Finding[] => {
      const [first] = rule
      return first === undefined ? [] : [refusal(object, 'all-zero', { path: first.path.slice(0, 3) })]
    }),
  ]
}
