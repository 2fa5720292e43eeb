import { type Manifest, type ManifestObject, parseManifest } from '../manifest/parse.ts'

/** The documents of a file that are read. The index of an object counts only these documents. */
export const DEPLOYERS = /argoproj\.io|fluxcd\.(?:io|controlplane\.io)|argocd-cm/
export const CONFIG_MAPS = /\bConfigMap\b/

export function documentsIn(file: string, text: string, wanted: RegExp): Manifest | undefined {
  if (!wanted.test(text)) return undefined
  const manifest = parseManifest(file, text, wanted)
  return manifest.ok ? manifest.value : undefined
}

export function objectsIn(texts: ReadonlyMap<string, string | undefined>, wanted: RegExp): readonly ManifestObject[] {
  return [...texts].flatMap(([file, text]) => documentsIn(file, text ?? '', wanted)?.objects ?? [])
}
