import type { LeftOut, LeftReason } from '../../promotion/promotion.ts'
import { clip, fitLines } from '../../text/limits.ts'
import { firstOf, moreLine } from '../markdown/lists.ts'
import { code } from '../markdown/markdown.ts'

const ORDER: readonly LeftReason[] = [
  'not-exact',
  'occupied',
  'deployer',
  'order',
  'pod-labels',
  'excluded',
  'other-service',
  'environment',
  'placement',
  'secret',
  'weights',
  'version',
  'rollout-notes',
  'target-only',
]

/** What Perch does not promote, with one line for each reason. */
export function leftOutWords(left: readonly LeftOut[], room: number): string {
  const groups = Map.groupBy(left, ({ why }) => why)
  const lines = ORDER.flatMap((why) => {
    const some = groups.get(why)
    return some === undefined ? [] : [`- ${reasonOf(why)} ${placesOf(some)}`]
  })
  return fitLines(lines, room, moreLine).join('\n')
}

const MAX_PLACES = 10

function placesOf(left: readonly LeftOut[]): string {
  const places = [
    ...new Set(left.map(({ file, what }) => `${code(file)}${what === '' ? '' : ` ${code(clip(what, 120))}`}`)),
  ]
  return `${firstOf(places, MAX_PLACES)}.`
}

function reasonOf(why: LeftReason): string {
  switch (why) {
    case 'weights':
      return 'Only a rollout changes weights:'
    case 'version':
      return 'Only `/switch` changes which version of a blue/green service gets the traffic:'
    case 'rollout-notes':
      return 'Annotations of a rollout belong to its environment:'
    case 'secret':
      return 'Perch never copies Secrets:'
    case 'environment':
      return 'These values name an environment, so each environment keeps its own:'
    case 'placement':
      return 'Each kustomization keeps its namespace, prefix, suffix, labels and replicas:'
    case 'pod-labels':
      return 'These labels of pods differ. Check that the promoted subsets and selectors find the pods of the target:'
    case 'excluded':
      return '`promote` in `.github/canary.yml` excludes these:'
    case 'other-service':
      return 'These do not belong to this service alone:'
    case 'target-only':
      return 'Only the target has these, so they stay:'
    case 'order':
      return 'Perch cannot match the entries of these lists, so copy what you need by hand:'
    case 'not-exact':
      return 'Perch cannot edit these exactly, so copy them by hand:'
    case 'deployer':
      return 'Argo CD or Flux adds these to the build of the source, so copy them by hand if the target needs them:'
    case 'occupied':
      return 'The target has a different file with the same name, which its kustomization does not list:'
  }
}
