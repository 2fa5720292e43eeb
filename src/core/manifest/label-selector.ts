import { listOf, recordOf, textOf } from './data.ts'

/** Whether a label selector of Kubernetes (`matchLabels`, `matchExpressions`) matches labels. An empty one matches everything. */
export function selectsLabels(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  const { matchLabels, matchExpressions } = recordOf(selector)
  return (
    Object.entries(recordOf(matchLabels)).every(([key, value]) => labels[key] === value) &&
    listOf(matchExpressions)
      .map(recordOf)
      .every(({ key, operator, values }) => {
        const value = labels[textOf(key) ?? '']
        const isIn = listOf(values).includes(value)
        if (operator === 'In') return isIn
        if (operator === 'NotIn') return !isIn
        return (operator === 'Exists') === (value !== undefined)
      })
  )
}
