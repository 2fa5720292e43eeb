import { LRUCache } from 'lru-cache'
import type { Known, ReadTexts } from '../../core/environment/file-cache.ts'
import type { KnownTexts } from '../../core/config/known-texts.ts'

/**
 * In characters of text, for all repositories together. Parsed manifests contain the positions of their values, and take forty
 * times the size of the text.
 */
const MAX_MANIFESTS = 1_000_000
const MAX_DOCUMENTS = 4_000_000
const MAX_OTHERS = 500_000

/** Caches what was parsed from repositories' texts, and keeps the most recently used. */
export function keepKnown(): (repository: number) => KnownTexts {
  const kept: { readonly [Name in keyof KnownTexts]: (repository: number) => KnownTexts[Name] } = {
    kustomizations: byText(MAX_OTHERS),
    plugins: filesOf(MAX_OTHERS),
    patches: filesOf(MAX_OTHERS),
    manifests: filesOf(MAX_MANIFESTS),
    configs: filesOf(MAX_OTHERS),
    documents: byText(MAX_DOCUMENTS),
  }
  return (repository) => ({
    kustomizations: kept.kustomizations(repository),
    plugins: kept.plugins(repository),
    patches: kept.patches(repository),
    manifests: kept.manifests(repository),
    configs: kept.configs(repository),
    documents: kept.documents(repository),
  })
}

type Kept<T> = (repository: number) => ReadTexts<T>

function filesOf<T>(maxSize: number): Kept<T> {
  const texts = new LRUCache<string, { readonly text: string; readonly read: T }>({
    maxSize,
    sizeCalculation: ({ text }, path) => text.length + path.length + 1,
  })
  return (repository) => ({
    get: (path) => texts.get(`${repository} ${path}`),
    set: (path, read) => texts.set(`${repository} ${path}`, read),
  })
}

/** The same text has the same meaning in every repository. */
function byText<T extends object>(maxSize: number): (repository: number) => Known<T> {
  const known = new LRUCache<string, T>({ maxSize, sizeCalculation: (_, text) => text.length + 1 })
  return () => known
}
