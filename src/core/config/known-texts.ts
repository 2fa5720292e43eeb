import { CONFIG_FILE, type ConfigResult, readConfig } from './read.ts'
import type { KnownDocuments } from '../diff/reading/piece.ts'
import { emptyFileCache, type FileCache, type Known, readOnce, type ReadTexts } from '../environment/file-cache.ts'

/** Results that depend only on the texts of a repository. Most texts stay the same from one look to the next. */
export interface KnownTexts extends FileCache {
  readonly configs: ReadTexts<ConfigResult>
  /** Documents of what environments render to. */
  readonly documents: KnownDocuments
}

/** Everything known so far and everything read from now on. A look reads nothing twice, even if little is kept between looks. */
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

/** Reads the config's text, unless that was done before. */
export function readConfigOnce(known: KnownTexts | undefined, text: string | undefined): ConfigResult {
  if (text === undefined || known === undefined) return readConfig(text)
  return readOnce(known.configs, { file: CONFIG_FILE, text }, readConfig)
}
