import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A file such as `src/core/a.ts`, and all files that import it directly or indirectly. Type imports do not count. */
export function importersOf(file: string): ReadonlySet<string> {
  const found = new Set([file])
  // The loop also visits files that are added while it runs.
  for (const one of found) for (const other of directImportersOf(one)) found.add(other)
  return found
}

/** The files that import a file themselves. */
export function directImportersOf(file: string): readonly string[] {
  importers ??= direct()
  return importers.get(file) ?? []
}

let importers: ReadonlyMap<string, readonly string[]> | undefined

const IMPORT = /^(?:import|export)(?! type\b)[^'\n]*(?:\n[^'\n]+)*?'(\.[^']+)'|import\('(\.[^']+)'\)/gm

function direct(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>()
  for (const file of globSync(['src/**/*.ts', 'test/**/*.ts']))
    for (const [, named, asked] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
      const imported = join(file, '..', named ?? asked ?? '')
      found.set(imported, [...(found.get(imported) ?? []), file])
    }
  return found
}
