/** Where the values of an object were set last: in its file, or in a patch. */
import { templateOf } from '../../chart/rendered-parts.ts'
import type { Path } from '../../manifest/data.ts'
import type { Manifest, ManifestObject, Location } from '../../manifest/parse.ts'
import type { Patch } from '../kustomization.ts'
import { sourceOf, type PatchStep } from '../step.ts'

/** An object of a file, and the patches that it passes through. */
export interface PatchedObject {
  /** The object at its place in the file, with its effective data. */
  readonly object: ManifestObject
  /** Its file. Lines are those of the last layer that set a value. */
  readonly manifest: Manifest
  /** The steps of the patches, in order. */
  readonly steps: readonly PatchStep[]
}

/** The text that a value comes from. The path is relative to a document of the object's file, or of the patch. */
export interface Origin {
  readonly patch: Patch | undefined
  readonly document: number
  readonly path: Path
}

/** The text that last set the value at a path of an object. If the value is missing, the text that set its nearest parent. */
export function originOf({ object, steps }: Pick<PatchedObject, 'object' | 'steps'>, path: Path): Origin {
  let now = path
  for (const step of steps.toReversed()) {
    const source = sourceOf(step, now)
    if (source.from === 'patch') return { patch: step.patch, document: step.patch.document, path: source.path }
    now = source.path
  }
  return { patch: undefined, document: object.document, path: [...object.at, ...now] }
}

/** The file that contains the text of an origin. */
export function fileOf({ object }: Pick<PatchedObject, 'object'>, { patch }: Pick<Origin, 'patch'>): string {
  return patch?.holder.file ?? object.file
}

/** A location that a person can open. */
export function placeOf(layered: PatchedObject, path: Path): Location {
  const origin = originOf(layered, path)
  return {
    file: templateOf(fileOf(layered, origin)),
    line: layered.manifest.line(layered.object.document, [...layered.object.at, ...path]),
  }
}

/** The lines of an object's values: where a patch sets a value, the line in the patch. */
export function lineOfLayered(layered: PatchedObject): Manifest['line'] {
  const { manifest, object, steps } = layered
  return (document, path) => {
    const isOwn = document === object.document && object.at.every((key, index) => path[index] === key)
    if (!isOwn || steps.length === 0) return manifest.line(document, path)
    const { patch, ...origin } = originOf(layered, path.slice(object.at.length))
    return patch === undefined ? manifest.line(origin.document, origin.path) : lineOfPatch(patch, origin.path)
  }
}

/** The line of a value of a patch, in the file that holds the patch. */
export function lineOfPatch({ holder, inline, inlineDocument, inner, document }: Patch, path: Path): number {
  if (inline === undefined) return inner.line(document, path)
  const start = holder.line(inlineDocument, inline)
  // The lines of a block scalar begin below its indicator.
  const first = holder.text.split('\n', start)[start - 1] ?? ''
  return /[|>][-+\d]*[ \t]*(?:#.*)?\r?$/.test(first) ? start + inner.line(document, path) : start
}
