/** One folder that several deployers build with different additions. Each variant is an environment. */
import { type Additions, additionsKey, isNothing } from '../delivery/additions.ts'
import type { DeployerReference } from '../delivery/additions-at.ts'
import type { Delivery } from '../delivery/delivery.ts'
import type { DirectoryOptions } from '../delivery/directory.ts'
import { variablesIn } from '../delivery/substitute.ts'
import { nameInTitle } from '../manifest/identity.ts'
import type { Location } from '../manifest/parse.ts'
import { nameRoots } from './names.ts'
import { inFolder, nameOf, parentOf } from './tree.ts'

/** A deployed folder, and the additions to its build. */
export type DeployedFolder = Pick<
  Delivery,
  'path' | 'named' | 'title' | 'file' | 'additions' | 'sources' | 'directory' | 'filling' | 'patches' | 'parent'
>

/** One of several deployers that form one environment, and the fields that it sets in objects by itself. */
export interface ContestingDeployer extends Pick<Delivery, 'patches'>, Location {
  readonly hasVariables: boolean
}

export interface FolderVariant {
  readonly name: string
  /** Undefined if nothing is added. */
  readonly deployer: DeployerReference | undefined
  readonly additions: Additions | undefined
  readonly directory: DirectoryOptions | undefined
  /** The `deliveryKey`s of its deliveries. */
  readonly deliveries: readonly string[]
}

export function deliveryKey({ file, title, parent }: Pick<DeployedFolder, 'file' | 'title' | 'parent'>): string {
  return JSON.stringify(parent === undefined ? [file, title] : [file, title, parent.name])
}

/** Where the deployers of an environment put its objects. */
export interface AppliedTo {
  /** Equal texts mean the same cluster. Undefined if it is unknown, or if the deployers differ. */
  readonly cluster: string | undefined
  /** The namespaces for objects that name none: one for all deployers that agree. */
  readonly namespaces: readonly (string | undefined)[]
}

type AppliedDelivery = Pick<Delivery, 'path' | 'file' | 'title' | 'parent' | 'cluster' | 'namespace'>

/** Returns where the deployers of an environment put its objects; undefined if it has none. */
export function appliedBy(
  deliveries: readonly AppliedDelivery[],
): (of: { readonly root: string; readonly deliveries?: readonly string[] | undefined }) => AppliedTo | undefined {
  const byPath = Map.groupBy(deliveries, ({ path }) => path)
  return ({ root, deliveries: keys }) => {
    const own = (byPath.get(root) ?? []).filter((one) => keys === undefined || keys.includes(deliveryKey(one)))
    if (own.length === 0) return undefined
    const clusters = new Set(own.map(({ cluster }) => cluster))
    const namespaces = new Set(own.map(({ namespace }) => namespace))
    const [cluster] = clusters
    return { cluster: clusters.size === 1 ? cluster : undefined, namespaces: [...namespaces] }
  }
}

/** The folder of a deployer's file, below it the release that renders the deployer. */
export function deployerFolder({ file, parent }: Pick<DeployedFolder, 'file' | 'parent'>): string {
  return parent === undefined ? parentOf(file) : inFolder(parentOf(file), parent.name)
}

/** The deployers of a folder, the texts of its files, and all texts. */
export interface DeployedTexts {
  readonly deployed: readonly DeployedFolder[]
  readonly texts: readonly string[]
  readonly known: ReadonlyMap<string, string | undefined>
}

/** Whether a config names this deployer: by its name, with or without the namespace, or by its file. */
export function isDeployer({ title, file }: Pick<DeployedFolder, 'title' | 'file'>, named: string): boolean {
  const name = nameInTitle(title)
  return [name, nameOf(name), file].includes(named)
}

/** The fields that the deployers of one folder set by themselves. */
export function contesting(deployed: readonly DeployedFolder[]): readonly ContestingDeployer[] {
  return deployed.flatMap(({ additions, patches }) => {
    if (additions === undefined) return []
    const { file, line } = additions.source
    return [{ file, line, patches, hasVariables: additions.variables !== undefined }]
  })
}

/** The different ways in which a folder is deployed, with names. Empty if there is no known deployer. */
export function variantsOf(name: string, { deployed, texts, known: all }: DeployedTexts): readonly FolderVariant[] {
  const known = deployed.map((delivery) => ({ delivery, additions: whatCounts(delivery.additions, texts) }))
  const groups = [...Map.groupBy(known, ({ delivery, additions }) => groupKey(delivery, additions, texts)).values()]
  const labels = groups.length > 1 ? labelsFor(groups.map(([first]) => first?.delivery)) : []
  return groups.flatMap((group, index): readonly FolderVariant[] => {
    const [first] = group
    if (first === undefined) return []
    const { path, named, title, file, filling, sources, parent } = first.delivery
    return [
      {
        name: labels[index] === undefined ? name : joined(name, labels[index]),
        deployer: first.additions && {
          path,
          named,
          title,
          file,
          filling,
          parent,
          files: sources,
          read: { additions: first.delivery.additions ?? first.additions, texts: sources.map((one) => all.get(one)) },
        },
        additions: first.additions,
        directory: first.delivery.directory,
        deliveries: group.map(({ delivery }) => deliveryKey(delivery)),
      },
    ]
  })
}

/** The additions without variables that no file of the folder uses. */
function whatCounts(additions: Additions | undefined, texts: readonly string[]): Additions | undefined {
  if (additions?.variables === undefined) return additions
  const { variables, fields } = additions
  const named = new Set([...texts, JSON.stringify(fields)].flatMap(variablesIn))
  const known = new Map([...variables.known].filter(([name]) => named.has(name)))
  const isUsed = known.size > 0 || (variables.isWhole && named.size > 0)
  const left = { ...additions, variables: isUsed ? { ...variables, known } : undefined }
  return isNothing(left) ? undefined : left
}

/**
 * A weight that a deployer sets belongs to that deployer, even if another one sets the same weight, because an edit changes only
 * one of them.
 */
function groupKey(delivery: DeployedFolder, additions: Additions | undefined, texts: readonly string[]): string {
  const files = JSON.stringify(delivery.directory ?? null)
  if (additions === undefined) return files
  const { fields, variables } = additions
  const isWeight = /weight/.test(JSON.stringify(fields)) || (variables !== undefined && texts.some(hasVariableWeight))
  return JSON.stringify([files, additionsKey(additions), isWeight ? deliveryKey(delivery) : ''])
}

function hasVariableWeight(text: string): boolean {
  return /\bweight["']?\s*:\s*["']?\$\{/.test(text)
}

/**
 * What distinguishes deployers: their names, or else the folders of their files (in a fleet, the names are equal for all
 * clusters).
 */
function labelsFor(deployers: readonly (DeployedFolder | undefined)[]): readonly string[] {
  const names = deployers.map((one) => nameOf(nameInTitle(one?.title ?? '')))
  if (isUnique(names)) return names
  const folders = deployers.map((one) => (one === undefined ? '' : deployerFolder(one)))
  const short = nameRoots([...new Set(folders)])
  if (isUnique(folders)) return folders.map((folder) => short.get(folder) ?? folder)
  return names.map((name, index) => `${short.get(folders[index] ?? '') ?? ''}-${name}-${index + 1}`)
}

function isUnique(texts: readonly string[]): boolean {
  return new Set(texts).size === texts.length
}

/** `web` deployed by `web-eu` is `web-eu`; `apps` of the cluster `staging` is `apps-staging`. */
function joined(name: string, label: string): string {
  const isTold = label === name || label.startsWith(`${name}-`) || label.endsWith(`-${name}`)
  return isTold ? label : `${name}-${label}`
}
