import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { builtInQuery, requestsQuery } from '../../src/core/analysis/queries.ts'
import { parseTemplate } from '../../src/core/analysis/template.ts'
import { Analysis } from '../../src/core/config/analysis.ts'

const page = readFileSync(new URL('../../docs/analysis.md', import.meta.url), 'utf8')

/** The first two cells of the table's rows under a heading. */
function rowsAfter(head: string): readonly (readonly [string, string])[] {
  const lines = page.slice(page.indexOf(head)).split('\n').slice(2)
  const end = lines.findIndex((line) => !line.startsWith('|'))
  return lines.slice(0, end).map((line) => {
    const [, first = '', second = ''] = line.split(' | ').join('|').split('|')
    return [first.trim(), second.trim()]
  })
}

const words = (text: string): readonly string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word)

test('the queries on the page are those that are asked', () => {
  const shown = [...page.matchAll(/^```promql\n([\s\S]*?)^```$/gm)].map(([, text = '']) =>
    text.trim().replaceAll(/\s+/g, ' '),
  )
  const side = { name: 'canary', version: 'v2', labels: [['a', 'b']] as const }
  const real = [
    builtInQuery('success-rate', side, '1m'),
    builtInQuery('latency-p99', side, '1m'),
    requestsQuery(side, '1m'),
  ]
  assert.deepEqual(
    shown,
    real.map((query) => query.replaceAll('a="b"', 'CANARY')),
  )
})

const WITHOUT_DEFAULT = new Set(['checks', 'template', 'args', 'clusterScope', 'reporter'])

test('the keys on the page are those of the schema, with their defaults', () => {
  const keys = rowsAfter('| Key | Default |')
  assert.deepEqual(keys.flatMap(([key]) => words(key)).sort(), Object.keys(Analysis.shape).sort())
  const check = rowsAfter('| Key of a check |').flatMap(([key]) => words(key))
  assert.deepEqual([...check].sort(), Object.keys(Analysis.shape.checks.unwrap().element.shape).sort())
  const defaults: Record<string, unknown> = Analysis.parse({ checks: [{ metric: 'success-rate', min: 99 }] })
  const read = (text: string): unknown => ({ '30s': 30_000, '1m': 60_000, '0': 0, '100': 100 })[text] ?? text
  for (const [key, value] of keys) {
    for (const name of words(key)) {
      if (!WITHOUT_DEFAULT.has(name)) assert.equal(defaults[name], read(words(value)[0] ?? ''), name)
    }
  }
})

test('the variables on the page are those that are known', () => {
  const shown = rowsAfter('| Variable | Stands for').flatMap(([cell]) => words(cell))
  const [problem = ''] = parseTemplate('{{nothing}}').problems
  const known = (/known are (.*)$/.exec(problem)?.[1] ?? '').split(', ')
  assert.deepEqual([...shown].sort(), known.map((name) => `{{${name}}}`).sort())
})
