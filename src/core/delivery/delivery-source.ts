/** Whether an object of Argo CD or Flux refers to this repository, and to a deployed branch of it. */
import { branchIn } from '../branch-ref.ts'
import { isNamed } from '../config/deployed.ts'
import type { Filling } from './generators/elements.ts'

/** Facts about the repository that its files do not contain. */
export interface DeliverySource {
  /** Its name, which tells whether an Application refers to it. Without a name, every source counts as this repository. */
  readonly repository?: string | undefined
  /** The deployed branches, as names or patterns. Without them, any branch counts. */
  readonly branches?: readonly string[] | undefined
  /** All of its files, for ApplicationSets whose generators search for files. */
  readonly paths?: readonly string[] | undefined
  /** The clusters in the config. */
  readonly clusters?: Readonly<Record<string, ClusterLabels>> | undefined
  /** The parameters of one Application of an ApplicationSet, if only that one is meant. */
  readonly filling?: Filling | undefined
}

/** The facts about a cluster in a config. */
interface ClusterLabels {
  readonly server?: string | undefined
  readonly labels: Readonly<Record<string, string>>
}

/** Whether an address is this repository's. */
export function isHere(url: string, { repository }: DeliverySource): boolean {
  if (repository === undefined || url === '' || isTemplate(url)) return true
  const name = url
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .at(-1)
  return name?.toLowerCase() === repository.toLowerCase()
}

/** A commit, a version tag, or a range of versions. Merges to a branch do not change what it refers to. */
const FIXED = /^(?:[0-9a-f]{40}|refs\/tags\/.+|[~^<>=]{0,2} ?v?\d+(?:\.(?:\d+|[x*])){1,2}(?:[-+].*)?)$/

/** Whether a revision follows merges to the deployed branches. */
export function isDeployed(revision: string, { branches }: DeliverySource): boolean {
  const branch = branchIn(revision) ?? revision
  if (branch === '' || branch === 'HEAD' || isTemplate(branch)) return true
  return branches === undefined ? !FIXED.test(branch) : isNamed(branches, branch)
}

/** Whether a generator fills in a part of a text, or Flux does after the build. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('${')
}

/** A folder as a path from the top of the repository. Undefined if it contains a template, or leads out of the repository. */
export function folderOf(written: string): string | undefined {
  if (isTemplate(written)) return undefined
  const steps = written.split('/').filter((step) => step !== '' && step !== '.')
  return steps.includes('..') ? undefined : steps.join('/')
}
