/** Texts of routes in the style of people: one rule with two weights, in any layout. */
import * as fc from 'fast-check'

export interface Style {
  readonly eol: '\n' | '\r\n'
  readonly bom: boolean
  readonly finalNewline: boolean
  readonly step: 2 | 3 | 4 | 8
  /** The number of columns from the key to the dash. */
  readonly dash: 0 | 1 | 2 | 4
  readonly comments: boolean
  readonly tabs: boolean
  readonly quotes: '' | '"' | "'"
  readonly entry:
    | 'block'
    | 'weight-first'
    | 'flow-destination'
    | 'flow'
    | 'flow-lines'
    | 'flow-list'
    | 'flow-list-lines'
  readonly annotations: Annotations
  readonly after: boolean
  readonly wrap: 'alone' | 'list' | 'first' | 'last' | 'middle' | 'dots' | 'directive'
  readonly kind: 'VirtualService' | 'HTTPRoute'
  readonly weights: readonly [number, number]
}

type Annotations =
  | 'none'
  | 'braces'
  | 'loose braces'
  | 'empty'
  | 'empty, commented'
  | 'null'
  | '~'
  | 'block'
  | 'block, commented'
  | 'deep'
  | 'flow'
  | 'flow lines'
  | 'flow metadata'
  | 'flow metadata with braces'

export const styles: fc.Arbitrary<Style> = fc.record({
  eol: fc.constantFrom('\n', '\r\n'),
  bom: fc.boolean(),
  finalNewline: fc.boolean(),
  step: fc.constantFrom(2, 3, 4, 8),
  dash: fc.constantFrom(0, 1, 2, 4),
  comments: fc.boolean(),
  tabs: fc.boolean(),
  quotes: fc.constantFrom('', '"', "'"),
  entry: fc.constantFrom(
    'block',
    'weight-first',
    'flow-destination',
    'flow',
    'flow-lines',
    'flow-list',
    'flow-list-lines',
  ),
  annotations: fc.constantFrom(
    'none',
    'braces',
    'loose braces',
    'empty',
    'empty, commented',
    'null',
    '~',
    'block',
    'block, commented',
    'deep',
    'flow',
    'flow lines',
    'flow metadata',
    'flow metadata with braces',
  ),
  after: fc.boolean(),
  wrap: fc.constantFrom('alone', 'list', 'first', 'last', 'middle', 'dots', 'directive'),
  kind: fc.constantFrom('VirtualService', 'HTTPRoute'),
  weights: fc.tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1_000 })),
})

export interface RouteText {
  readonly text: string
  /** The path of the list of weighted entries in its object. */
  readonly entries: readonly (string | number)[]
}

export function routeText(style: Style): RouteText {
  const own = objectLines(style)
  const other = ['# another', 'kind: ConfigMap', 'apiVersion: v1', 'metadata: {name: x}', 'data: {\'a\': "b # c"}']
  const wraps: Record<Style['wrap'], () => readonly string[]> = {
    alone: () => own,
    list: () => ['apiVersion: v1', 'kind: List', 'items: # all', '# one', ...item(own), ...item(other)],
    first: () => [...own, '--- # next', ...other],
    last: () => [...other, '---', ...own],
    middle: () => ['---', ...other, '---\t# mine', ...own, '# end', '---', ...other],
    dots: () => [...other, '...', '# between', '---', ...own, '...'],
    directive: () => ['%YAML 1.2', '---', ...own],
  }
  const text = wraps[style.wrap]().join(style.eol) + (style.finalNewline ? style.eol : '')
  const section = style.kind === 'VirtualService' ? ['spec', 'http', 0, 'route'] : ['spec', 'rules', 0, 'backendRefs']
  return { text: (style.bom ? '\uFEFF' : '') + text, entries: section }
}

const item = (lines: readonly string[]): string[] =>
  lines.map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`))

function objectLines(style: Style): readonly string[] {
  const [api, section, list] =
    style.kind === 'VirtualService'
      ? ['networking.istio.io/v1', 'http', 'route']
      : ['gateway.networking.k8s.io/v1', 'rules', 'backendRefs']
  const pad = ' '.repeat(style.step)
  const dash = ' '.repeat(style.dash)
  const note = (text: string): string => (style.comments ? `${style.tabs ? '\t' : '  '}# ${text}` : '')
  const rule = `${pad}${dash}- `
  const inner = `${pad}${dash}  `
  return [
    `apiVersion: ${style.quotes}${api}${style.quotes}${note('api')}`,
    `kind: ${style.kind}`,
    ...metadataLines(style, pad, note),
    ...(style.comments ? ['# the rest', ''] : []),
    'spec:',
    `${pad}hosts: [a, b]`,
    `${pad}${section}:${note('rules')}`,
    `${rule}name: main`,
    ...entryLines(style, { inner, list, note }),
    ...(style.after ? [`${inner}timeout: 5s`] : []),
    ...(style.after ? ['status: {}'] : []),
  ]
}

function metadataLines(style: Style, pad: string, note: (text: string) => string): readonly string[] {
  const key = `${pad}annotations:`
  const deep = pad + pad
  const forms: Record<Annotations, readonly string[]> = {
    none: [],
    braces: [`${key} {}${note('none yet')}`],
    'loose braces': [`${key} { }`],
    empty: [key],
    'empty, commented': [`${key} # none yet`],
    null: [`${key} null${note('none')}`],
    '~': [`${key}   ~`],
    block: [key, `${deep}team: shop`],
    'block, commented': [`${key} # who`, `${deep}# why`, `${deep}team: 'shop' # them`, `${deep}# end`, `${pad}# after`],
    deep: [key, `${deep}text: |`, `${deep}  a # b`, `${deep}  c`, ''],
    flow: [`${key} {team: shop}${note('who')}`],
    'flow lines': [`${key} {`, `${deep}team: shop,${note('who')}`, `${deep}"b c": x${note('last')}`, `${pad}}`],
    'flow metadata': [],
    'flow metadata with braces': [],
  }
  if (style.annotations === 'flow metadata') return [`metadata: { name: web }${note('m')}`]
  if (style.annotations === 'flow metadata with braces') return ['metadata: {annotations: {}, name: web}']
  const labels = style.after ? [`${pad}labels: {a: b}`] : []
  return ['metadata:', `${pad}name: web${note('name')}`, ...forms[style.annotations], ...labels]
}

interface Entries {
  readonly inner: string
  readonly list: string
  readonly note: (text: string) => string
}

function entryLines(style: Style, { inner, list, note }: Entries): readonly string[] {
  const names = style.kind === 'VirtualService' ? ['stable', 'canary'] : ['web-stable', 'web-canary']
  const target = (name: string | undefined): readonly string[] =>
    style.kind === 'VirtualService' ? ['host: web', `subset: ${name}`] : [`name: ${name}`, 'port: 80']
  const start = `${inner}${' '.repeat(style.dash)}`
  const lines = names.flatMap((name, index): string[] => {
    const weight = `weight: ${style.weights[index]}`
    const flow = `destination: {${target(name).join(', ')}}, ${weight}`
    switch (style.entry) {
      case 'block':
        return [
          ...(style.comments ? [`${start}# ${name}`] : []),
          `${start}- destination:${note('to')}`,
          ...target(name).map((line) => `${start}${' '.repeat(2 + style.step)}${line}`),
          `${start}  ${weight}${note('keep')}`,
        ]
      case 'weight-first':
        return [`${start}- ${weight}`, `${start}  destination: {${target(name).join(', ')}}`]
      case 'flow-destination':
        return [`${start}-   destination: {${target(name).join(', ')}}`, `${start}    ${weight} `]
      case 'flow':
        return [`${start}- { ${flow} }${note('flow')}`]
      case 'flow-lines':
        return [
          `${start}- {`,
          `${start}    destination: {${target(name).join(', ')}},`,
          `${start}    ${weight}${note('w')}`,
          `${start}  }`,
        ]
      case 'flow-list':
        return [`{${flow}}`]
      case 'flow-list-lines':
        return [`${start}  {${flow}}`]
    }
  })
  if (style.entry === 'flow-list') return [`${inner}${list}: [${lines.join(', ')}]`]
  if (style.entry === 'flow-list-lines') {
    const [first, last] = lines
    return [`${inner}${list}: [`, `${first},${note('a')}`, `${last}${note('b')}`, `${inner}]`]
  }
  return [`${inner}${list}:`, ...lines]
}
