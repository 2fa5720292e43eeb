/** Field names in objects, in the format of API servers: `spec.http[0].route`, `metadata.labels[example.com/team]`. */
import type { Path } from '../manifest/data.ts'

/** A message about a field, with the name of the field. */
export function atField(field: string, text: string): string {
  return isField(field) ? `at ${field}: ${text}` : text
}

/**
 * The keys of a field name. Empty without a field. Stops before a list item that is identified by its keys (`ports[port=80]`).
 */
export function fieldPath(field: string): Path {
  if (!isField(field)) return []
  const [certain = ''] = field.replace(/^\./, '').split(/\[[^\]]*=/, 1)
  return [...certain.matchAll(/\[([^\]]*)\]|[^.[\]]+/g)].map(([whole, inner]) => {
    const step = inner ?? whole
    return /^\d+$/.test(step) ? Number(step) : step
  })
}

/** Go prints `<nil>` for a missing field. */
function isField(field: string): boolean {
  return field !== '' && !field.startsWith('<')
}
