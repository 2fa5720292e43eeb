/** Finds objects by name near a file, because a fleet has objects with equal names for each cluster. */
import { grouped } from '../grouped.ts'

export interface FolderIndex<T> {
  /**
   * The objects with a name that share the most parent folders with a file. `depth`: the number of shared folders, or -1 if
   * nothing is found.
   */
  near(
    name: string,
    file: string,
    isMeant?: (object: T) => boolean,
  ): { readonly found: readonly T[]; readonly depth: number }
}

export function folderIndex<T extends { readonly file: string }>(
  objects: readonly T[],
  nameOf: (object: T) => string,
): FolderIndex<T> {
  const known = grouped(
    objects.flatMap((object) =>
      foldersAbove(object.file).map((folder) => [keyOf(nameOf(object), folder), object] as const),
    ),
  )
  return {
    near: (name, file, isMeant = () => true) => {
      const folders = foldersAbove(file)
      for (const [index, folder] of folders.entries()) {
        const found = (known.get(keyOf(name, folder)) ?? []).filter(isMeant)
        if (found.length > 0) return { found, depth: folders.length - 1 - index }
      }
      return { found: [], depth: -1 }
    },
  }
}

/** The folder of a file and all folders above it; '' comes last. */
function foldersAbove(file: string): readonly string[] {
  const steps = file.split('/').slice(0, -1)
  return [...steps, ''].map((_, index) => steps.slice(0, steps.length - index).join('/'))
}

function keyOf(name: string, folder: string): string {
  return `${name}\0${folder}`
}
