/** The place in the user's files where a build failed, from the tool's message and the files. */
import { placeInChart } from '../chart/place-in-chart.ts'
import { type Location, parseManifest } from '../manifest/parse.ts'
import type { Environment } from './environment.ts'
import { isKustomization, isYaml, join, nameOf } from './tree.ts'

type Texts = ReadonlyMap<string, string>

interface Failure {
  /** kustomize's message, with paths from the top of the repository. */
  readonly said: string
  readonly environment: Pick<Environment, 'root' | 'files'>
  readonly texts: Texts
}

/** Where a build failed, according to the message. If the message does not say, where a reader should begin. */
export function failurePlace(
  environment: Pick<Environment, 'root' | 'files' | 'release'>,
  texts: Texts,
  said = '',
): Location | undefined {
  const { release } = environment
  return release === undefined ? placeInRoot({ said, environment, texts }) : placeInChart(release.release, said, texts)
}

/** The first place that a clue leads to, or else the environment's kustomization. */
function placeInRoot(failure: Failure): Location | undefined {
  const clues = [brokenFile, patchOperation, namedObject, quotedWords, namedFile, kustomizationOf]
  for (const clue of clues) {
    const place = clue(failure)
    if (place !== undefined) return place
  }
  return undefined
}

/** `… recursed accumulation of path 'base': … accumulating resources from 'd.yaml': … in File: d.yaml`: the last of each. */
function fileInMessage({ said, environment }: Failure): string | undefined {
  const folder = [...said.matchAll(/recursed accumulation of path '([^']+)'/g)].at(-1)?.[1] ?? environment.root
  const entries = said.matchAll(/(?:(?:accumulating|merging) resources from\s'|in File:\s+)([^'\s]+)/g)
  const files = [...entries].flatMap(([, entry = '']) => join(folder, entry) ?? [])
  return files.findLast((file) => environment.files.includes(file))
}

/** A file that is not YAML: the one that kustomize named, else the first broken one. kustomize counts lines from the start of the document. */
function brokenFile(failure: Failure): Location | undefined {
  // kustomize reads neither templates of charts nor data of ConfigMaps as YAML.
  if (!/yaml|unmarshal|parse/i.test(failure.said)) return undefined
  const named = fileInMessage(failure)
  for (const file of named === undefined ? failure.environment.files : [named, ...failure.environment.files]) {
    const manifest = isYaml(file) ? parseManifest(file, failure.texts.get(file) ?? '') : undefined
    if (manifest?.ok === false) return { file, line: manifest.error.line }
  }
  const line = /yaml: line (\d+)/.exec(failure.said)?.[1]
  return named === undefined || line === undefined ? undefined : { file: named, line: Number(line) }
}

/** `missing path: /spec/x/y`, `error in remove for path: '/spec/gone'`: the JSON patch that contains that path. */
function patchOperation(failure: Failure): Location | undefined {
  const path = /path: ["']?(\/[^\s"':]+)/.exec(failure.said)?.[1]
  return path === undefined ? undefined : lineWith(failure, new RegExp(`path["']?:\\s*["']?${RegExp.escape(path)}\\b`))
}

/** `Deployment.v1.apps/web.[noNs]`: where a patch, a second object or a replacement names the object. */
function namedObject(failure: Failure): Location | undefined {
  const id = /\b([A-Z]\w*)\.[^/\s"']*\/([^\s"'[\]:;]+?)\.(?:\[noNs\]|[a-z0-9-]+)(?=["'\s:;,]|$)/.exec(failure.said)
  const [, kind = '', name = ''] = id ?? []
  if (name === '') return undefined
  const objects = manifestsOf(failure).flatMap(({ objects }) => objects)
  const found = objects.filter((object) => object.kind === kind && object.name === name)
  const named = fileInMessage(failure)
  const object = found.find(({ file }) => file === named) ?? found.at(-1)
  const entry = lineWith(failure, new RegExp(`\\bname["']?:\\s*["']?${RegExp.escape(name)}["']?\\s*(?:[,}#]|$)`))
  // The object to patch is missing: a file that has it is the patch. Otherwise the kustomization has the patch.
  return object === undefined ? entry : { file: object.file, line: object.line }
}

/** `unable to find field "spec.foo" in replacement target`: the kustomization that contains those words. */
function quotedWords(failure: Failure): Location | undefined {
  for (const [, words = ''] of failure.said.matchAll(/["']([^"'\n]{3,200})["']/g)) {
    const place = lineWith(failure, new RegExp(RegExp.escape(words)))
    if (place !== undefined) return place
  }
  return undefined
}

function namedFile(failure: Failure): Location | undefined {
  const file = fileInMessage(failure)
  return file === undefined ? undefined : { file, line: 1 }
}

/** The file that a reviewer opens if there is no better clue. */
function kustomizationOf({ environment }: Failure): Location | undefined {
  const file = environment.files.find((path) => isKustomization(path) && join(environment.root, nameOf(path)) === path)
  return file === undefined ? undefined : { file, line: 1 }
}

/** Searches the kustomizations first, the environment's own before others, and then the other files. */
function lineWith({ environment, texts }: Failure, pattern: RegExp): Location | undefined {
  const { files, root } = environment
  const rank = (file: string): number => (isKustomization(file) ? (join(root, nameOf(file)) === file ? 0 : 1) : 2)
  for (const file of files.toSorted((a, b) => rank(a) - rank(b))) {
    const line = (texts.get(file) ?? '').split('\n').findIndex((text) => pattern.test(text))
    if (line >= 0) return { file, line: line + 1 }
  }
  return undefined
}

function manifestsOf({ environment, texts }: Failure): readonly { readonly objects: readonly ObjectLocation[] }[] {
  return environment.files.flatMap((file) => {
    const manifest = isYaml(file) ? parseManifest(file, texts.get(file) ?? '') : undefined
    return manifest?.ok === true ? [manifest.value] : []
  })
}

type ObjectLocation = Location & { readonly kind: string; readonly name: string }
