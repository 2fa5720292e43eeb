import type { ConfigProblem } from './read.ts'
import type { Config } from './schema.ts'
import type { KnownDocuments } from '../diff/objects.ts'
import { emptyFileCache, type FileCache, type Known, type ReadTexts } from '../environment/file-cache.ts'
import type { Result } from '../result.ts'

/** What was read of a repository's texts, by which alone it is decided: from one look to the next most of them are the same. */
export interface KnownTexts extends FileCache {
  readonly configs: ReadTexts<Result<Config, readonly ConfigProblem[]>>
  /** Documents of what environments render to. */
  readonly documents: KnownDocuments
}

/** What is known, and all that is read from now on: a look reads nothing twice, however little is kept between looks. */
export function knownBefore(before?: KnownTexts): KnownTexts {
  const own = { ...emptyFileCache(), configs: new Map(), documents: new Map() } satisfies KnownTexts
  if (before === undefined) return own
  return {
    kustomizations: onTopOf(before.kustomizations, own.kustomizations),
    plugins: onTopOf(before.plugins, own.plugins),
    patches: onTopOf(before.patches, own.patches),
    manifests: onTopOf(before.manifests, own.manifests),
    configs: onTopOf(before.configs, own.configs),
    documents: onTopOf(before.documents, own.documents),
  }
}

function onTopOf<T>(before: Known<T>, own: Known<T>): Known<T> {
  return {
    get: (key) => own.get(key) ?? before.get(key),
    set(key, value) {
      own.set(key, value)
      before.set(key, value)
    },
  }
}
