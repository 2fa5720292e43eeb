/** Whether an object of Argo CD or Flux refers to this repository, and to a deployed branch of it. */
import { isNamed } from '../config/deployed.ts'
import type { Filling } from './generators/elements.ts'

/** What is known of the repository besides its files. */
export interface DeliverySource {
  /** Its name, to tell whose folders an Application speaks of; without it every source counts as this repository's. */
  readonly repository?: string | undefined
  /** The branches that are deployed, names or patterns; without them any branch counts. */
  readonly branches?: readonly string[] | undefined
  /** All its files, for ApplicationSets that look for some. */
  readonly paths?: readonly string[] | undefined
  /** The clusters that the config names. */
  readonly clusters?: Readonly<Record<string, ClusterLabels>> | undefined
  /** What an ApplicationSet fills in, where only one of its Applications is meant. */
  readonly filling?: Filling | undefined
}

/** What a config says of a cluster. */
interface ClusterLabels {
  readonly server?: string | undefined
  readonly labels: Readonly<Record<string, string>>
}

/** Whether an address is that of this repository. */
export function isHere(url: string, { repository }: DeliverySource): boolean {
  if (repository === undefined || url === '' || isTemplate(url)) return true
  const name = url
    .replace(/\/+$/, '')
    .replace(/\.git$/, '')
    .split(/[/:]/)
    .at(-1)
  return name?.toLowerCase() === repository.toLowerCase()
}

/** A commit, a tag of a version, or a range of versions: merges to a branch do not change what it stands for. */
const FIXED = /^(?:[0-9a-f]{40}|refs\/tags\/.+|[~^<>=]{0,2} ?v?\d+(?:\.(?:\d+|[x*])){1,2}(?:[-+].*)?)$/

/** Whether a revision follows merges to the deployed branches. */
export function isDeployed(revision: string, { branches }: DeliverySource): boolean {
  const branch = revision.replace(/^refs\/heads\//, '')
  if (branch === '' || branch === 'HEAD' || isTemplate(branch)) return true
  return branches === undefined ? !FIXED.test(branch) : isNamed(branches, branch)
}

/** Filled in by a generator, or by Flux after the build. */
export function isTemplate(text: string): boolean {
  return text.includes('{{') || text.includes('${')
}

/** A folder as written from the top; undefined where a template fills it in, or it leads out of the repository. */
export function folderOf(written: string): string | undefined {
  if (isTemplate(written)) return undefined
  const steps = written.split('/').filter((step) => step !== '' && step !== '.')
  return steps.includes('..') ? undefined : steps.join('/')
}
