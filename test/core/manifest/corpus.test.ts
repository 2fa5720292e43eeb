import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Edit, editManifest } from '../../../src/core/manifest/edit/edit.ts'
import { isRecord, type Path } from '../../../src/core/manifest/data.ts'
import { type Manifest, type ManifestObject, parseManifest } from '../../../src/core/manifest/parse.ts'
import { corpus, type Sample } from '../../corpus/read.ts'

const NOTES = ['canary-percentage', 'canary-version', 'pr', 'steps'] as const

interface Split {
  readonly document: number
  /** The paths of the entries that have a weight, or could have one. */
  readonly entries: Path
  readonly weights: readonly unknown[]
}

/** Every list of two or more destinations in an object. */
function splitsOf({ document, at, data: { spec } }: ManifestObject): readonly Split[] {
  if (!isRecord(spec)) return []
  const sections: readonly [string, string][] = [
    ['http', 'route'],
    ['tls', 'route'],
    ['tcp', 'route'],
    ['rules', 'backendRefs'],
  ]
  return sections.flatMap(([section, list]) => {
    const rules: readonly unknown[] = Array.isArray(spec[section]) ? spec[section] : []
    return rules.flatMap((rule, index): Split[] => {
      const items: unknown = isRecord(rule) ? rule[list] : undefined
      if (!Array.isArray(items) || items.length < 2) return []
      const weights = items.map((item: unknown) => (isRecord(item) ? item['weight'] : undefined))
      return [{ document, entries: [...at, 'spec', section, index, list], weights }]
    })
  })
}

function read(text: string): Manifest | string {
  const manifest = parseManifest('route.yaml', text)
  return manifest.ok ? manifest.value : manifest.error.code
}

function routesIn(manifest: Manifest): readonly ManifestObject[] {
  return manifest.objects.filter((object) => splitsOf(object).length > 0)
}

/** Moves every split of a file to a share, with its annotations. Returns the refusal's code if that is not possible. */
function moved(manifest: Manifest, share: number): { readonly text: string } | string {
  const edits = routesIn(manifest).flatMap((object): Edit[] => [
    ...splitsOf(object).flatMap(({ document, entries, weights }) =>
      [100 - share, share].flatMap((value, index): Edit[] =>
        weights[index] === value ? [] : [{ kind: 'set', document, path: [...entries, index, 'weight'], value }],
      ),
    ),
    ...notes(object, share),
  ])
  const edited = editManifest(manifest, edits)
  return edited.ok ? { text: edited.value } : edited.error.code
}

function notes({ document, at }: ManifestObject, share: number | undefined): readonly Edit[] {
  const values = share === undefined ? [] : [String(share), 'v2 #3', '12', '5,25,50,100']
  return NOTES.map((name, index) => ({
    kind: 'set',
    document,
    path: [...at, 'metadata', 'annotations', `perch.dev/${name}`],
    value: values[index],
  }))
}

/** Restores every weight, and removes the annotations. */
function restored(text: string, original: Manifest): string {
  const manifest = read(text)
  assert.ok(typeof manifest !== 'string')
  const weights = routesIn(original).flatMap((object) =>
    splitsOf(object).flatMap(({ document, entries, weights }) =>
      [0, 1].map((index): Edit => {
        const old = weights[index]
        return {
          kind: 'set',
          document,
          path: [...entries, index, 'weight'],
          value: typeof old === 'number' ? old : undefined,
        }
      }),
    ),
  )
  const edited = editManifest(manifest, [
    ...weights,
    ...routesIn(original).flatMap((object) => notes(object, undefined)),
  ])
  assert.ok(edited.ok, `${JSON.stringify(edited)}\n${text}`)
  return edited.value
}

const MAY_CHANGE = /weight|perch\.dev|annotations/

function checkLines(before: string, after: string): void {
  const left = before.split(/\r?\n/)
  for (const line of after.split(/\r?\n/)) {
    const at = left.indexOf(line)
    if (at >= 0) left.splice(at, 1)
    // The last entry of a map in braces gets a comma, and a weight on its own line stays there.
    else
      assert.match(
        line,
        new RegExp(`${MAY_CHANGE.source}|,\\s*(#.*)?$|^\\s*:?\\s*\\d+\\s*(#.*)?$`),
        `${line}\n${after}`,
      )
  }
  for (const comment of before.match(/(?<=\s)#[^\r\n]*/g) ?? [])
    assert.ok(after.includes(comment), `${comment} is lost`)
  assert.equal(after.includes('\r\n'), before.includes('\r\n'))
  assert.equal(/[^\r]\n/.test(after), /[^\r]\n/.test(before))
  assert.equal(after.endsWith('\n'), before.endsWith('\n'))
}

function verdictOf({ text, name }: Sample): string {
  const manifest = read(text)
  if (typeof manifest === 'string') return manifest
  let now: Manifest = manifest
  for (const share of [5, 50, 100, 0]) {
    const there = moved(now, share)
    if (typeof there === 'string') return there
    checkLines(text, there.text)
    const again = read(there.text)
    assert.ok(typeof again !== 'string', there.text)
    for (const object of routesIn(again))
      for (const { weights } of splitsOf(object)) assert.deepEqual(weights.slice(0, 2), [100 - share, share])
    // A weight that was there without a value is removed again, and not just emptied.
    if (!/^weight (?:empty|null)/.test(name)) assert.equal(restored(there.text, manifest), text)
    now = again
  }
  return 'edited'
}

test('every manifest of the corpus is edited to the byte, or refused with the expected code', () => {
  const samples = corpus()
  const counts = new Map<string, number>()
  for (const sample of samples) {
    const verdict = verdictOf(sample)
    assert.equal(verdict, sample.refusal ?? 'edited', `${sample.name}\n${sample.text}`)
    counts.set(verdict, (counts.get(verdict) ?? 0) + 1)
  }
  assert.ok(samples.length >= 200)
  const refused = [...counts].filter(([code]) => code !== 'edited').map(([code, count]) => `${count} ${code}`)
  console.log(`${samples.length} manifests: ${counts.get('edited')} edited, refused ${refused.join(', ')}`)
})
