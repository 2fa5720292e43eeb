import type { Additions } from './additions.ts'
import { type Delivery, readDeliveries } from './delivery.ts'
import { forPart } from './flux/generated-folders.ts'

/** Identifies a deployer by its object. */
export interface DeployerReference extends Pick<Delivery, 'file' | 'title' | 'path' | 'named' | 'filling' | 'parent'> {
  /** The files that define its additions. */
  readonly files: readonly string[]
  /** The additions that were read, and the texts from which they were read. Undefined texts tell nothing about deployers, so they were not read. */
  readonly read: { readonly additions: Additions; readonly texts: readonly (string | undefined)[] }
}

/** The additions of a deployer in these texts of its files. Undefined if it adds nothing, `unknown` if the texts do not define the deployer. */
export function additionsAt(
  { file, title, path, named, filling, files, read, parent }: DeployerReference,
  texts: ReadonlyMap<string, string | undefined>,
): Additions | 'unknown' | undefined {
  const isAsRead = (one: string, index: number): boolean =>
    read.texts[index] === undefined || texts.get(one) === read.texts[index]
  if (files.every(isAsRead)) return read.additions
  // Only rendering shows the deployer.
  if (parent !== undefined) return 'unknown'
  const { deliveries } = readDeliveries(new Map(files.map((one) => [one, texts.get(one)])), { filling })
  const now = deliveries.find((found) => found.file === file && found.title === title && found.path === (named ?? path))
  if (now === undefined) return 'unknown'
  return named === undefined || now.additions === undefined ? now.additions : forPart(now.additions, { path, named })
}
