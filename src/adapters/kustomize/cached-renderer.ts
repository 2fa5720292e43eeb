import { createHash } from 'node:crypto'
import type { Rendered, Renderer } from '../../ports/renderer.ts'

/** A step renders what the step before it has rendered; a few hundred environments cover the work in flight. */
const MAX_ENTRIES = 200
const MAX_CHARACTERS = 64 * 1024 * 1024

/** Rendering is a function of the files: the same files are not rendered twice. Only what came out well is kept. */
export function cachedRenderer(renderer: Renderer): Renderer {
  const kept = new Map<string, Promise<Rendered>>()
  const sizes = new Map<string, number>()
  let total = 0

  function forget(key: string): void {
    kept.delete(key)
    total -= sizes.get(key) ?? 0
    sizes.delete(key)
  }

  function shrink(): void {
    for (const key of kept.keys()) {
      if (kept.size <= MAX_ENTRIES && total <= MAX_CHARACTERS) return
      forget(key)
    }
  }

  return {
    tool: () => renderer.tool(),
    async render(files, root) {
      const key = digestOf(files, root)
      const known = kept.get(key)
      if (known !== undefined) {
        kept.delete(key)
        kept.set(key, known)
        return known
      }
      const work = renderer.render(files, root)
      kept.set(key, work)
      try {
        const rendered = await work
        if (!rendered.ok) forget(key)
        else if (kept.has(key)) {
          sizes.set(key, rendered.yaml.length)
          total += rendered.yaml.length
          shrink()
        }
        return rendered
      } catch (error) {
        forget(key)
        throw error
      }
    },
  }
}

function digestOf(files: ReadonlyMap<string, string>, root: string): string {
  const hash = createHash('sha256').update(JSON.stringify([root, files.size]))
  for (const path of [...files.keys()].sort()) hash.update(JSON.stringify([path, files.get(path)]))
  return hash.digest('hex')
}
