/** Pages of a list. https://docs.github.com/rest/using-the-rest-api/using-pagination-in-the-rest-api */
import { api } from '../payload/links.ts'
import { findRepository } from '../state/world.ts'
import type { Answer, Call } from './route.ts'

const DEFAULT_SIZE = 30
const MAX_SIZE = 100

interface Show<T> {
  readonly render: (item: T) => unknown
  /** For lists that are part of an object with the total. */
  readonly wrap?: (page: unknown[], total: number) => unknown
}

/** The requested page. Only its items are rendered. */
export function page<T>(call: Call, items: readonly T[], show: Show<T>): Answer {
  const size = Math.min(whole(call.query.get('per_page'), DEFAULT_SIZE), MAX_SIZE)
  const number = whole(call.query.get('page'), 1)
  const rendered = items.slice((number - 1) * size, number * size).map(show.render)
  const last = Math.max(1, Math.ceil(items.length / size))
  const link = links(call, number, last)
  return {
    status: 200,
    body: show.wrap === undefined ? rendered : show.wrap(rendered, items.length),
    headers: link === '' ? {} : { link },
  }
}

/** GitHub uses the default for invalid values. */
function whole(value: string | null, fallback: number): number {
  return value !== null && /^[1-9]\d{0,8}$/.test(value) ? Number(value) : fallback
}

function links(call: Call, number: number, last: number): string {
  const to = (page: number, rel: string): string => {
    const query = new URLSearchParams(call.query)
    query.set('page', String(page))
    return `<${api(call.world, stablePath(call))}?${query.toString()}>; rel="${rel}"`
  }
  return [
    ...(number > 1 ? [to(number - 1, 'prev')] : []),
    ...(number < last ? [to(number + 1, 'next'), to(last, 'last')] : []),
    ...(number > 1 ? [to(1, 'first')] : []),
  ].join(', ')
}

/** GitHub identifies repositories by number in these links, so the links survive a rename. Clients must follow them unchanged. */
function stablePath(call: Call): string {
  const repo = findRepository(call.world, `${call.params['owner'] ?? ''}/${call.params['repo'] ?? ''}`)
  return repo === undefined
    ? call.path
    : call.path.replace(/^\/repos\/[^/]+\/[^/]+/, `/repositories/${String(repo.id)}`)
}
