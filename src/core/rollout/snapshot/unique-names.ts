/** Names for the rollouts of a snapshot, so that no two of an environment share one. */
import { nameOf } from '../../environment/tree.ts'
import { nameInTitle } from '../../manifest/identity.ts'
import { renderedTitle, type Target } from '../target.ts'

/** The names of a target, from short to unambiguous. */
const CALLS: readonly ((target: Target) => string)[] = [
  ({ service }) => service,
  ({ route }) => route.name,
  // For one of several services of a root, in one of its delegates.
  ({ service, route }) => `${service}/${route.name}`,
  ({ route }) => `${route.namespace}/${route.name}`,
  (target) => renderedCall(target) ?? target.service,
  ({ route }) => `${route.kind.toLowerCase()}/${route.namespace}/${route.name}`,
]

function renderedCall(target: Target): string | undefined {
  const title = renderedTitle(target)
  return title && nameInTitle(title)
}

/** Branches are named after environment and service, so no two rollouts of an environment may share the name. */
export function withUniqueNames(targets: readonly Target[]): readonly Target[] {
  const groups = Map.groupBy(targets, (target) => nameKey(target, target.service))
  const named = new Map(
    [...groups].map(([own, group]) => [own, callIn(group, (key) => key === own || !groups.has(key))]),
  )
  const all = targets.map((target) => {
    const key = nameKey(target, target.service)
    return groups.get(key)?.length === 1 ? target : { ...target, ...named.get(key)?.(target) }
  })
  // If several routes share each of their files, each was named after its file. Then the names still collide.
  const taken = Map.groupBy(all, (target) => nameKey(target, target.service))
  return all.map((target) => {
    const isShared = target.choice !== undefined && taken.get(nameKey(target, target.service))?.length !== 1
    return isShared ? { ...target, service: `${target.service}/${target.route.name}` } : target
  })
}

function nameKey({ environment }: Target, service: string): string {
  return JSON.stringify([environment, service])
}

type Call = (target: Target) => Partial<Pick<Target, 'service' | 'choice'>>

/** A name for each of several targets with a common name. Empty if no name distinguishes them from each other and from the others. */
function callIn(group: readonly Target[], isFree: (key: string) => boolean): Call {
  const isCall = (name: (one: Target) => string): boolean =>
    new Set(group.map(name)).size === group.length && group.every((target) => isFree(nameKey(target, name(target))))
  const call = CALLS.find(isCall)
  if (call !== undefined) return (target) => ({ service: call(target) })
  const isChoice = group.every(isLooseTarget) && isCall(fileCall)
  return (target) => (isChoice ? { service: fileCall(target), choice: target.object.file } : {})
}

function isLooseTarget({ layout, environments }: Target): boolean {
  return layout.environments.some(({ name, isLoose }) => isLoose && environments.includes(name))
}

/**
 * Guides have several variants of a route in one folder, and people apply one of them. So each file is a rollout, named after the
 * file.
 */
function fileCall({ object: { file } }: Target): string {
  return nameOf(file).replace(/\.[^.]*$/, '')
}
