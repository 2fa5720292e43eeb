/** The fields of objects as API servers write them: `spec.http[0].route`, `metadata.labels[example.com/team]`. */
import type { Path } from '../manifest/data.ts'

/** What is said of a field, with the field. */
export function atField(field: string, text: string): string {
  return isField(field) ? `at ${field}: ${text}` : text
}

/** Its steps; none where no field is named, and those before an item of a list that is told by its keys (`ports[port=80]`). */
export function fieldPath(field: string): Path {
  if (!isField(field)) return []
  const [certain = ''] = field.replace(/^\./, '').split(/\[[^\]]*=/, 1)
  return [...certain.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([whole, inner]) => {
    const step = inner ?? whole
    return /^\d+$/.test(step) ? Number(step) : step
  })
}

/** Go prints `<nil>` where there is no field. */
function isField(field: string): boolean {
  return field !== '' && !field.startsWith('<')
}
