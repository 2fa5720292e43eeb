import type { LeftOut, LeftReason } from '../../promotion/promotion.ts'
import { clip, fitLines } from '../../text/limits.ts'
import { code } from '../markdown/markdown.ts'

const ORDER: readonly LeftReason[] = [
  'not-exact',
  'occupied',
  'order',
  'excluded',
  'other-service',
  'environment',
  'placement',
  'secret',
  'weights',
  'rollout-notes',
  'target-only',
]

/** What is not promoted, one line for each reason. */
export function leftOutWords(left: readonly LeftOut[], room: number): string {
  const groups = Map.groupBy(left, ({ why }) => why)
  const lines = ORDER.flatMap((why) => {
    const some = groups.get(why)
    return some === undefined ? [] : [`- ${reasonOf(why)} ${placesOf(some)}`]
  })
  return fitLines(lines, room, (more) => `- … and ${more} more.`).join('\n')
}

const MAX_PLACES = 10

function placesOf(left: readonly LeftOut[]): string {
  const places = [
    ...new Set(left.map(({ file, what }) => `${code(file)}${what === '' ? '' : ` ${code(clip(what, 120))}`}`)),
  ]
  const shown = places.slice(0, MAX_PLACES).join(', ')
  return places.length > MAX_PLACES ? `${shown} and ${places.length - MAX_PLACES} more.` : `${shown}.`
}

function reasonOf(why: LeftReason): string {
  switch (why) {
    case 'weights':
      return 'Weights move by a rollout only:'
    case 'rollout-notes':
      return 'Annotations of a rollout belong to its environment:'
    case 'secret':
      return 'Secrets are never copied:'
    case 'environment':
      return 'This names an environment, so each keeps its own:'
    case 'placement':
      return "The kustomization's namespace, prefix, suffix, labels and replicas stay:"
    case 'excluded':
      return '`promote` in `.github/canary.yml` leaves this out:'
    case 'other-service':
      return 'This belongs to another service:'
    case 'target-only':
      return 'Only the target has this, and it stays:'
    case 'order':
      return 'These lists cannot be matched entry by entry, so copy what you need by hand:'
    case 'not-exact':
      return 'Perch cannot edit this exactly, so copy it by hand:'
    case 'occupied':
      return 'The target has another file of this name that it does not list:'
  }
}
