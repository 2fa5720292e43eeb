/** The metrics as other people's dashboards use them: by name, label and bound of a bucket. */
import { test } from 'node:test'
import { FAMILIES, type Family } from '../../../src/core/watch/families.ts'
import { assertPage } from './page.ts'

test('the page holds every metric with its type, its labels and the bounds of its buckets', () => {
  const families = Object.entries<Family>(FAMILIES)
  const line = ([name, { type, labels, buckets = [], isShared }]: (typeof families)[number]): string =>
    [
      `\`${name}\` ${type}`,
      ...(labels.length === 0 ? [] : [`by ${labels.join(', ')}`]),
      ...(buckets.length === 0 ? [] : [`up to ${buckets.join(', ')}`]),
      ...(isShared === true ? ['the same in all replicas'] : []),
    ].join('; ')
  assertPage('metrics.md', { Metrics: families.map(line) })
})
