/** Pages of a list. https://docs.github.com/graphql/guides/using-pagination-in-the-graphql-api */
import { FieldFailure, type Args } from './types.ts'

const MAX_SIZE = 100

interface Connection<T> {
  readonly totalCount: number
  readonly nodes: readonly T[]
  readonly edges: readonly { readonly cursor: string; readonly node: T }[]
  readonly pageInfo: {
    readonly hasNextPage: boolean
    readonly hasPreviousPage: boolean
    readonly startCursor: string | null
    readonly endCursor: string | null
  }
}

/** The requested page. A cursor stays valid after its item is gone, as long as items are ordered by id. */
export function connect<T extends { readonly id: number }>(
  name: string,
  items: readonly T[],
  args: Args,
): Connection<T> {
  const size = sizeOf(name, args)
  const after = idIn(args['after'])
  const before = idIn(args['before'])
  const start = after === undefined ? 0 : placeOf(items, after, 1)
  const end = before === undefined ? items.length : placeOf(items, before, 0)
  const range = items.slice(start, end)
  const isFromEnd = args['first'] === undefined || args['first'] === null
  const nodes = isFromEnd ? range.slice(Math.max(0, range.length - size)) : range.slice(0, size)
  const hasMore = nodes.length < range.length
  return {
    totalCount: items.length,
    nodes,
    edges: nodes.map((node) => ({ cursor: cursorOf(node), node })),
    pageInfo: {
      hasNextPage: isFromEnd ? end < items.length : hasMore,
      hasPreviousPage: isFromEnd ? hasMore : start > 0,
      startCursor: nodes[0] === undefined ? null : cursorOf(nodes[0]),
      endCursor: nodes.at(-1) === undefined ? null : cursorOf(nodes.at(-1) ?? { id: 0 }),
    },
  }
}

function sizeOf(name: string, args: Args): number {
  const key = typeof args['first'] === 'number' ? 'first' : 'last'
  const size = args[key]
  if (typeof size !== 'number') {
    const message = `You must provide a \`first\` or \`last\` value to properly paginate the \`${name}\` connection.`
    throw new FieldFailure('MISSING_PAGINATION_BOUNDARIES', message)
  }
  if (size <= MAX_SIZE) return size
  const message =
    `Requesting ${String(size)} records on the \`${name}\` connection exceeds the \`${key}\` limit of ` +
    `${String(MAX_SIZE)} records.`
  throw new FieldFailure('EXCESSIVE_PAGINATION', message)
}

function cursorOf({ id }: { readonly id: number }): string {
  return Buffer.from(`cursor:v2:${String(id)}`).toString('base64')
}

function idIn(cursor: unknown): number | undefined {
  if (typeof cursor !== 'string') return undefined
  const id = /^cursor:v2:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString())?.[1]
  if (id === undefined) throw new FieldFailure('UNPROCESSABLE', `\`${cursor}\` does not appear to be a valid cursor.`)
  return Number(id)
}

/** Where the page begins (`step` 1: after the item with that id) or ends. */
function placeOf(items: readonly { readonly id: number }[], id: number, step: 0 | 1): number {
  const index = items.findIndex((item) => item.id === id)
  if (index !== -1) return index + step
  const next = items.findIndex((item) => item.id > id)
  return next === -1 ? items.length : next
}
