import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withPlaces } from '../../../src/core/gate/weight-places.ts'

/** A map that counts how often its texts are read. */
class CountedTexts extends Map<string, string> {
  reads = 0

  override get(key: string): string | undefined {
    this.reads += 1
    return super.get(key)
  }
}

test('large values are searched once, however many rules a pull request moves', () => {
  const files = (weight: number): CountedTexts =>
    new CountedTexts([['values.yaml', `replicas: 2\nweight: ${weight}\n`]])
  const [before, after] = [files(5), files(25)]
  const rows = Array.from({ length: 50 }, (_, index) => ({
    environment: 'production',
    route: `VirtualService default/web-${index}`,
    rule: 'main',
    before: [{ name: 'canary', share: 5 }],
    after: [{ name: 'canary', share: 25 }],
  }))
  const placed = withPlaces(rows, { environment: 'production', objects: [], targets: [], texts: { before, after } })
  const places = placed.flatMap((row) => row.after ?? []).map(({ place }) => place)
  assert.deepEqual(
    places,
    rows.map(() => ({ file: 'values.yaml', line: 2 })),
  )
  assert.equal(before.reads, 1)
})
