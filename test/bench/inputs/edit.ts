/** An edit by Perch, compared with `yaml` parse, set and stringify of the same text in the same run. */
import { isSeq, parseAllDocuments } from 'yaml'
import { type Edit, editManifest } from '../../../src/core/manifest/edit/edit.ts'
import { isRecord } from '../../../src/core/manifest/data.ts'
import { type ManifestObject, parseManifest } from '../../../src/core/manifest/parse.ts'
import { median } from '../measure.ts'
import type { BenchResult, BenchRow } from '../report.ts'

interface Sample {
  readonly name: string
  readonly text: string
  readonly runs: number
}

export async function benchEdit(): Promise<BenchResult> {
  const rows = samples().flatMap((sample): readonly BenchRow[] => {
    const perch: number[] = []
    const alone: number[] = []
    const library: number[] = []
    // In turns, so that other load on the machine affects both.
    for (let run = 0; run < sample.runs * 1.5; run += 1) {
      const [whole, only] = timePerch(sample.text)
      perch.push(whole)
      alone.push(only)
      library.push(took(() => void throughLibrary(sample.text)))
    }
    const [ours = Number.NaN, edit = Number.NaN, theirs = Number.NaN] = [perch, alone, library].map((times) =>
      median(times.slice(sample.runs / 2)),
    )
    const lines = sample.text.split('\n').length - 1
    return [
      { what: `${sample.name} (${lines} lines): Perch, text to text`, value: ours, unit: 'ms' },
      { what: `${sample.name}: of which the edit, its check included`, value: edit, unit: 'ms' },
      { what: `${sample.name}: yaml parse, set, stringify`, value: theirs, unit: 'ms' },
      { what: `${sample.name}: ratio`, value: ours / theirs, unit: '×', budget: { atMost: 1 } },
    ]
  })
  return { name: 'byte-preserving edit', rows }
}

/** The two weights and one annotation of the last VirtualService of a file. */
function editsFor(object: ManifestObject): readonly Edit[] {
  const { document, at } = object
  const route = [...at, 'spec', 'http', rulesOf(object) - 1, 'route']
  return [
    { kind: 'set', document, path: [...route, 0, 'weight'], value: 75 },
    { kind: 'set', document, path: [...route, 1, 'weight'], value: 25 },
    { kind: 'set', document, path: [...at, 'metadata', 'annotations', 'perch.dev/canary-percentage'], value: '25' },
  ]
}

function rulesOf({ data: { spec } }: ManifestObject): number {
  return isRecord(spec) && Array.isArray(spec['http']) ? spec['http'].length : 0
}

function timePerch(text: string): readonly [whole: number, only: number] {
  const start = performance.now()
  const manifest = parseManifest('bench.yaml', text)
  if (!manifest.ok) throw new Error(`The sample cannot be read: ${manifest.error.code}`)
  const object = manifest.value.objects.findLast(({ kind }) => kind === 'VirtualService')
  if (object === undefined) throw new Error('The sample has no VirtualService')
  const between = performance.now()
  const edited = editManifest(manifest.value, editsFor(object))
  const end = performance.now()
  if (!edited.ok) throw new Error(`The sample cannot be edited: ${edited.error.code}`)
  return [end - start, end - between]
}

function throughLibrary(text: string): string {
  const documents = parseAllDocuments(text)
  const document = documents.findLast((each) => each.get('kind') !== 'ConfigMap')
  const object = document?.get('kind') === 'List' ? ['items', lengthOf(document.get('items')) - 1] : []
  const rules = lengthOf(document?.getIn([...object, 'spec', 'http']))
  const route = [...object, 'spec', 'http', rules - 1, 'route']
  document?.setIn([...route, 0, 'weight'], 75)
  document?.setIn([...route, 1, 'weight'], 25)
  document?.setIn([...object, 'metadata', 'annotations', 'perch.dev/canary-percentage'], '25')
  return documents.join('')
}

function lengthOf(list: unknown): number {
  return isSeq(list) ? list.items.length : 0
}

function samples(): readonly Sample[] {
  const small = virtualService('web', 2)
  const rules = virtualService('web', 770)
  const list = `apiVersion: v1\nkind: List\nitems:\n${Array.from({ length: 264 }, (_, n) => `- ${virtualService(`web-${n}`, 2).trimEnd().replaceAll('\n', '\n  ')}\n`).join('')}`
  const documents = Array.from({ length: 5_000 }, (_, n) =>
    n % 10 === 9 ? virtualService(`web-${n}`, 1) : configMap(n),
  )
  return [
    { name: 'one small VirtualService', text: small, runs: 2_000 },
    { name: '10,000 lines, one VirtualService', text: rules, runs: 9 },
    { name: '10,000 lines, a List', text: list, runs: 9 },
    { name: '5,000 documents', text: documents.join('---\n'), runs: 9 },
  ]
}

function virtualService(name: string, rules: number): string {
  const rule = (index: number): string => `    - name: rule-${index}   # by path
      match:
        - uri: {prefix: "/v${index}"}
      route:
        - destination:
            host: ${name}
            subset: stable
          weight: 90   # keep this comment
        - destination:
            host: ${name}
            subset: canary
          weight: 10
      timeout: 3s
`
  return `# Routes of ${name}
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: ${name}
  labels:
    app: ${name}
  annotations:
    team: shop # who to ask
spec:
  hosts: [${name}, ${name}.example.com]
  http:
${Array.from({ length: rules }, (_, index) => rule(index)).join('')}`
}

function configMap(index: number): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings-${index}\ndata:\n  level: info\n`
}

function took(work: () => void): number {
  const start = performance.now()
  work()
  return performance.now() - start
}
